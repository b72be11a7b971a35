/**
 * Derives a Service's v1 Endpoints from Pods.
 *
 * In: a Service with a selector, and the Pods of its cluster. Out: the Endpoints object that the Endpoints controller of
 * kube-controller-manager 1.37 writes. Its subsets stand in the order of their ports and addresses; there they stand in
 * the order of a hash over the Pods' UIDs.
 *
 * It differs from the slices: only the Service's first family counts, terminating Pods are left out unless not-ready
 * addresses are published, and nobody asks whether a Pod's Node exists.
 */
import { ENDPOINTS_MANAGED_BY_LABEL, HEADLESS_LABEL } from '../apiserver/labels.ts';
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '../apiserver/objects.ts';
import { checkEndpointIP } from '../apiserver/validation/addresses.ts';
import { compareStrings } from '../shared/ordering.ts';
import { type SubsetPort, sortSubsetPorts } from './endpoint-port-order.ts';
import { portNumbers } from './endpoint-slice-ports.ts';
import type { PodCluster } from './pod-cluster.ts';
import { familyOfAddress, isFinished, isReady, isTerminating, podAddresses } from './pod-status.ts';
import { isHeadless } from './service-families.ts';

/** Addresses beyond this many are left out. */
export const MAX_ENDPOINTS = 1000;

const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';

/** A Pod with the ports it offers. */
interface Candidate {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly numbers: readonly (number | undefined)[];
}

/**
 * @param current the object that is overwritten, if there is one: its annotations stay
 * @returns undefined if the API server refuses the object, which it does when a Pod has an address but no node, or an
 * address that no endpoint may have
 */
export function deriveEndpoints(
  service: Service,
  cluster: PodCluster,
  current?: Endpoints,
): Endpoints | undefined {
  const candidates = cluster
    .selectPods(service)
    .flatMap((pod) => candidate(service, pod) ?? [])
    .filter(({ numbers }) => numbers.length === 0 || numbers.some((number) => number !== undefined));
  const isRefused = ({ ip, nodeName }: EndpointAddress) =>
    nodeName === undefined || checkEndpointIP(ip) !== undefined;
  if (candidates.some(({ address }) => isRefused(address))) return undefined;
  candidates.sort(
    (a, b) =>
      compareStrings(a.address.ip, b.address.ip) ||
      compareStrings(a.address.targetRef?.uid ?? '', b.address.targetRef?.uid ?? ''),
  );
  const all = subsets(service, candidates);
  const total = all.reduce(
    (sum, subset) => sum + count(subset.addresses) + count(subset.notReadyAddresses),
    0,
  );
  const { [OVER_CAPACITY_ANNOTATION]: _, ...kept } = current?.metadata.annotations ?? {};
  const annotations = total > MAX_ENDPOINTS ? { ...kept, [OVER_CAPACITY_ANNOTATION]: 'truncated' } : kept;
  const { [HEADLESS_LABEL]: __, ...labels } = service.metadata.labels ?? {};
  const { annotations: ___, ...metadata } = current?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...metadata,
      name: service.metadata.name,
      namespace: service.metadata.namespace,
      labels: {
        ...labels,
        ...(isHeadless(service) ? { [HEADLESS_LABEL]: '' } : {}),
        [ENDPOINTS_MANAGED_BY_LABEL]: 'endpoint-controller',
      },
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    subsets: total > MAX_ENDPOINTS ? truncate(all) : all,
  };
}

function candidate(service: Service, pod: Pod): Candidate | undefined {
  const { metadata, spec } = pod;
  const publish = service.spec.publishNotReadyAddresses === true;
  if (isFinished(pod) || (isTerminating(pod) && !publish)) return undefined;
  const addresses = podAddresses(pod);
  const family = service.spec.ipFamilies?.[0] ?? familyOfAddress(impliedAddress(service, addresses));
  const ip = addresses.find((address) => familyOfAddress(address) === family);
  if (ip === undefined) return undefined;
  return {
    address: {
      ip,
      ...(spec?.hostname && spec.subdomain === service.metadata.name ? { hostname: spec.hostname } : {}),
      ...(spec?.nodeName ? { nodeName: spec.nodeName } : {}),
      targetRef: {
        kind: 'Pod',
        namespace: metadata.namespace,
        name: metadata.name,
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      },
    },
    ready: publish || isReady(pod),
    numbers: portNumbers(service, pod),
  };
}

/** Where the Service does not say its families, its cluster IP tells, else the Pod's first address. */
function impliedAddress(service: Service, addresses: readonly string[]): string {
  return isHeadless(service) ? (addresses[0] ?? '') : (service.spec.clusterIP ?? '');
}

/** Ports that the same Pods offer share a subset. */
function subsets({ spec }: Service, candidates: readonly Candidate[]): EndpointSubset[] {
  const ports = spec.ports ?? [];
  if (ports.length === 0) return candidates.length === 0 ? [] : [subset(candidates, [])];
  const byPort = new Map<string, { port: SubsetPort; members: number[] }>();
  for (const [member, { numbers }] of candidates.entries()) {
    for (const [i, { name, protocol, appProtocol }] of ports.entries()) {
      const port = numbers[i];
      if (port === undefined) continue;
      const key = `${i}:${port}`;
      let entry = byPort.get(key);
      if (entry === undefined) {
        entry = {
          port: {
            ...(name ? { name } : {}),
            port,
            protocol,
            ...(appProtocol === undefined ? {} : { appProtocol }),
          },
          members: [],
        };
        byPort.set(key, entry);
      }
      entry.members.push(member);
    }
  }
  const byMembers = new Map<string, { ports: SubsetPort[]; members: readonly number[] }>();
  for (const { port, members } of byPort.values()) {
    const key = members.join();
    const group = byMembers.get(key);
    if (group === undefined) byMembers.set(key, { ports: [port], members });
    else group.ports.push(port);
  }
  return [...byMembers.values()]
    .map((group) => ({ ...group, ports: sortSubsetPorts(group.ports) }))
    .sort((a, b) => compareStrings(JSON.stringify(a.ports), JSON.stringify(b.ports)))
    .map((group) =>
      subset(
        group.members.map((member) => candidates[member] as Candidate),
        group.ports,
      ),
    );
}

function subset(members: readonly Candidate[], ports: readonly SubsetPort[]): EndpointSubset {
  const addresses = members.filter(({ ready }) => ready).map(({ address }) => address);
  const notReadyAddresses = members.filter(({ ready }) => !ready).map(({ address }) => address);
  return {
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(notReadyAddresses.length > 0 ? { notReadyAddresses } : {}),
    ...(ports.length > 0 ? { ports } : {}),
  };
}

function count(addresses: readonly EndpointAddress[] | undefined): number {
  return addresses?.length ?? 0;
}

/**
 * Keeps `MAX_ENDPOINTS` addresses, ready ones first, each subset in proportion. Not-ready addresses fill the room that
 * the ready ones leave.
 */
function truncate(all: readonly EndpointSubset[]): EndpointSubset[] {
  const readyTotal = all.reduce((sum, { addresses }) => sum + count(addresses), 0);
  const notReadyTotal = all.reduce((sum, { notReadyAddresses }) => sum + count(notReadyAddresses), 0);
  const cutsReady = readyTotal > MAX_ENDPOINTS;
  const room = cutsReady ? MAX_ENDPOINTS : MAX_ENDPOINTS - readyTotal;
  const total = cutsReady ? readyTotal : notReadyTotal;
  let left = room;
  return all.map(({ addresses, notReadyAddresses, ...rest }) => {
    const list = (cutsReady ? addresses : notReadyAddresses) ?? [];
    const kept = list.slice(0, Math.min(left, Math.ceil((list.length / total) * room)));
    left -= kept.length;
    const ready = cutsReady ? kept : (addresses ?? []);
    const notReady = cutsReady ? [] : kept;
    return {
      ...(ready.length > 0 ? { addresses: ready } : {}),
      ...(notReady.length > 0 ? { notReadyAddresses: notReady } : {}),
      ...rest,
    };
  });
}
