/**
 * Derives a Service's EndpointSlices from Pods.
 *
 * In: a Service with a selector, and the Pods and Nodes of its cluster. Out: the slices that the EndpointSlice controller
 * of kube-controller-manager 1.37 writes for a new Service. Two things that are random there are settled here: names are
 * `<service>-<family>-<number>`, and where one slice does not hold all endpoints, they are split in the order of their
 * addresses.
 */
import { HEADLESS_LABEL, SERVICE_NAME_LABEL, SLICE_MANAGED_BY_LABEL } from '../apiserver/labels.ts';
import type { Endpoint, EndpointSlice, IPFamily, Pod, Service } from '../apiserver/objects.ts';
import { checkEndpointIP } from '../apiserver/validation/addresses.ts';
import { compareStrings } from '../shared/ordering.ts';
import { portSetOrder } from './endpoint-port-order.ts';
import { endpointHints } from './endpoint-slice-hints.ts';
import { type Judgement, judge } from './endpoint-slice-judgement.ts';
import { portNumbers, slicePorts } from './endpoint-slice-ports.ts';
import { nodeZone } from './node-status.ts';
import type { PodCluster } from './pod-cluster.ts';
import { isReady, isTerminating } from './pod-status.ts';
import { isHeadless, serviceFamilies } from './service-families.ts';

/** `--max-endpoints-per-slice` */
export const MAX_ENDPOINTS_PER_SLICE = 100;

/** The endpoints that have the same ports. */
interface PortGroup {
  readonly ports: EndpointSlice['ports'];
  /** Orders groups, and thereby the numbers in the slices' names. */
  readonly order: string;
  readonly endpoints: Endpoint[];
}

/** An address that the API server does not accept in a slice. */
export interface Refusal {
  readonly pod: string;
  readonly address: string;
  /** `must not be …` */
  readonly fault: string;
}

export interface PlannedSlice {
  readonly slice: EndpointSlice;
  /** Where it is set, the API server refuses the slice, again and again. */
  readonly refusal: Refusal | undefined;
}

/** The slices that the controller tries to write: at least one a family, which is empty where no Pod is an endpoint. */
export function planEndpointSlices(service: Service, cluster: PodCluster): readonly PlannedSlice[] {
  const pods = cluster.selectPods(service).map((pod) => ({ pod, numbers: portNumbers(service, pod) }));
  const labels = sliceLabels(service);
  return serviceFamilies(service).flatMap((family) => {
    const groups = new Map<string, PortGroup>();
    for (const { pod, numbers } of pods) {
      const judgement = judge(service, pod, family, cluster);
      if (judgement.standing === 'absent') continue;
      const key = numbers.join();
      let group = groups.get(key);
      if (group === undefined) {
        group = portGroup(service, numbers);
        groups.set(key, group);
      }
      group.endpoints.push(endpoint(service, pod, judgement, cluster));
    }
    if (groups.size === 0) groups.set('', { ports: null, order: '', endpoints: [] });
    const slices = familySlices(service, family, [...groups.values()], labels, cluster);
    return slices.map((slice) => ({ slice, refusal: refusalOf(slice) }));
  });
}

function portGroup(service: Service, numbers: readonly (number | undefined)[]): PortGroup {
  const ports = slicePorts(service, numbers);
  // The API server stores an empty list as null.
  return { ports: ports.length === 0 ? null : ports, order: portSetOrder(ports), endpoints: [] };
}

function endpoint(service: Service, pod: Pod, { addresses }: Judgement, { nodes }: PodCluster): Endpoint {
  const { metadata, spec } = pod;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const node = nodes.get(spec?.nodeName ?? '');
  const zone = node === undefined ? undefined : nodeZone(node);
  return {
    addresses,
    conditions: { ready, serving, terminating },
    ...(spec?.hostname && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {}),
    ...(spec?.nodeName ? { nodeName: spec.nodeName } : {}),
    ...(zone === undefined ? {} : { zone }),
    targetRef: {
      kind: 'Pod',
      namespace: metadata.namespace,
      name: metadata.name,
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    },
  };
}

/** Hints are given over all slices of a family at once. */
function familySlices(
  service: Service,
  family: IPFamily,
  groups: PortGroup[],
  labels: Readonly<Record<string, string>>,
  { cpuShares }: PodCluster,
): EndpointSlice[] {
  groups.sort((a, b) => compareStrings(a.order, b.order));
  for (const { endpoints } of groups) endpoints.sort(compareEndpoints);
  const all = groups.flatMap(({ endpoints }) => endpoints);
  const hints = endpointHints(service, all, cpuShares);
  const slices: EndpointSlice[] = [];
  let placed = 0;
  for (const { ports, endpoints } of groups) {
    const hinted = endpoints.map((endpoint, i): Endpoint => {
      const hint = hints[placed + i];
      return hint === undefined ? endpoint : { ...endpoint, hints: hint };
    });
    placed += endpoints.length;
    for (let start = 0; start === 0 || start < hinted.length; start += MAX_ENDPOINTS_PER_SLICE) {
      slices.push({
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: `${service.metadata.name}-${family.toLowerCase()}-${slices.length}`,
          namespace: service.metadata.namespace,
          labels,
        },
        addressType: family,
        ports: ports ?? null,
        endpoints: hinted.slice(start, start + MAX_ENDPOINTS_PER_SLICE),
      });
    }
  }
  return slices;
}

function refusalOf({ endpoints }: EndpointSlice): Refusal | undefined {
  for (const { addresses, targetRef } of endpoints) {
    for (const address of addresses) {
      const fault = checkEndpointIP(address);
      if (fault !== undefined) return { pod: targetRef?.name ?? '', address, fault };
    }
  }
  return undefined;
}

function compareEndpoints(a: Endpoint, b: Endpoint): number {
  return (
    compareStrings(a.addresses.join(), b.addresses.join()) ||
    compareStrings(a.targetRef?.name ?? '', b.targetRef?.name ?? '')
  );
}

function sliceLabels(service: Service): Readonly<Record<string, string>> {
  const { [HEADLESS_LABEL]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
    [SERVICE_NAME_LABEL]: service.metadata.name,
    [SLICE_MANAGED_BY_LABEL]: 'endpointslice-controller.k8s.io',
  };
}
