/**
 * One Service, explained for one node. In: the cluster, the node's view and its compiled rules. Out: its ports with their
 * endpoints, who gets what, the chains that carry them, and what is wrong.
 */
import { HEADLESS_LABEL, SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { IPFamily, Service } from '../apiserver/objects.ts';
import { formatMembershipReason, formatMissingPort } from '../controllers/endpoint-slice-judgement.ts';
import { type Membership, memberships } from '../controllers/endpoint-slice-membership.ts';
import { podCluster } from '../controllers/pod-cluster.ts';
import {
  formatStanding,
  isUsed,
  type StandingEndpoint,
  standingEndpoints,
} from '../proxy/endpoint-standing.ts';
import { type ManifestPlace, type ManifestPlaces, manifestPlaces } from '../proxy/manifest-places.ts';
import { whyNoEndpoints } from '../proxy/no-endpoints.ts';
import type { NodeView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { canonicalIP } from '../shared/ip.ts';
import { chainOwners, hopReader } from './hops.ts';
import { chainNames, followRules, type NodeRules } from './node-rules.ts';
import { formatSocket } from './packet-ends.ts';
import type { TracedCluster } from './resolve-destination.ts';
import { type ClientOutcomes, clientOutcomes } from './service-clients.ts';

export interface ExplainedService {
  readonly service: Service;
  readonly place: ManifestPlace | undefined;
  /** Why kube-proxy leaves it alone; undefined where it does not. */
  readonly unproxied: 'headless' | 'external-name' | 'other-proxy' | undefined;
  /** Why it has no endpoints; undefined where it has some. */
  readonly noEndpoints: string | undefined;
  /** What is wrong, a sentence each without a full stop. They quote the input. */
  readonly problems: readonly string[];
  /** Empty where kube-proxy leaves it alone. */
  readonly ports: readonly ExplainedPort[];
  /** Of a Service that kube-proxy leaves alone. */
  readonly addresses: readonly ExplainedEndpoint[];
  /** Selected Pods that are in no slice, or in one without ports. */
  readonly absentPods: readonly ExplainedPod[];
}

export interface ExplainedPort {
  readonly family: IPFamily;
  readonly view: ServicePortView;
  readonly place: ManifestPlace | undefined;
  /** As the Service names it, or a number. */
  readonly targetPort: number | string;
  readonly endpoints: readonly ExplainedEndpoint[];
  /** Undefined where packets cannot be followed. */
  readonly clients: readonly ClientOutcomes[] | undefined;
  /** Those that the compiled rules have, those of endpoints left aside. */
  readonly chains: readonly string[];
}

export interface ExplainedEndpoint {
  readonly address: string;
  /** `namespace/name` */
  readonly pod: string | undefined;
  readonly nodeName: string;
  readonly place: ManifestPlace | undefined;
  /** It gets some connections on this node. */
  readonly isUsed: boolean;
  /** Why, or why not. It quotes the input. */
  readonly why: string;
}

export interface ExplainedPod {
  readonly pod: string;
  readonly family: IPFamily;
  readonly place: ManifestPlace | undefined;
  readonly why: string;
}

/** @param rulesOf the compiled rules; undefined in a mode through which packets cannot be followed */
export function explainService(
  service: Service,
  cluster: TracedCluster,
  rulesOf: (family: IPFamily) => NodeRules | undefined,
): ExplainedService {
  const { state, view } = cluster;
  const places = manifestPlaces(state);
  const pods = podCluster(state);
  const members = memberships(service, pods);
  const unproxied = whyUnproxied(service);
  const ports: ExplainedPort[] = [];
  for (const family of unproxied === undefined ? (['IPv4', 'IPv6'] as const) : []) {
    const views = view.families[family].servicePorts.filter(
      ({ servicePort: { namespace, serviceName } }) =>
        namespace === service.metadata.namespace && serviceName === service.metadata.name,
    );
    if (views.length === 0) continue;
    ports.push(...explainPorts(service, views, family, { cluster, places, members }, rulesOf(family)));
  }
  const addresses = unproxied === undefined ? [] : heldAddresses(service, cluster, places);
  const { namespace } = service.metadata;
  const arePodsKnown =
    state.pods.some(({ metadata }) => metadata.namespace === namespace) || state.pods.length > 0;
  const hasAny = ports.some(({ endpoints }) => endpoints.length > 0) || addresses.length > 0;
  const isExternalName = unproxied === 'external-name';
  return {
    service,
    place: places.of(service),
    unproxied,
    noEndpoints:
      hasAny || isExternalName ? undefined : whyNoEndpoints(service, { state, cluster: pods, arePodsKnown }),
    problems: ports.flatMap((port) => problemsOf(port, cluster)),
    ports,
    addresses,
    absentPods: members.flatMap((member) => absentPod(member, places)),
  };
}

/** Mirrors `isNotProxied` of `service-port.ts`. */
function whyUnproxied({ metadata, spec }: Service): ExplainedService['unproxied'] {
  if (spec.type === 'ExternalName') return 'external-name';
  if (!spec.clusterIP || spec.clusterIP === 'None') return 'headless';
  return metadata.labels?.['service.kubernetes.io/service-proxy-name'] === undefined
    ? undefined
    : 'other-proxy';
}

interface Context {
  readonly cluster: TracedCluster;
  readonly places: ManifestPlaces;
  readonly members: readonly Membership[];
}

function explainPorts(
  service: Service,
  views: readonly ServicePortView[],
  family: IPFamily,
  { cluster, places, members }: Context,
  rules: NodeRules | undefined,
): readonly ExplainedPort[] {
  const { view } = cluster;
  const follow = rules && followRules(rules, { addresses: view.node.interfaceAddresses });
  const owned = rules && chainOwners(rules, { ...view.families[family], servicePorts: views });
  const chains = rules === undefined ? [] : chainNames(rules).filter((name) => owned?.has(name));
  return views.map((port): ExplainedPort => {
    const { servicePort } = port;
    const standing = standingEndpoints(port, places.endpoints(servicePort, family), view.node, view.release);
    const spec = service.spec.ports?.find(
      (each) => (each.name ?? '') === servicePort.portName && each.protocol === servicePort.protocol,
    );
    return {
      family,
      view: port,
      place: places.servicePort(servicePort),
      targetPort: spec?.targetPort ?? servicePort.port,
      endpoints: standing.map((each) => explainEndpoint(each, family, members)),
      clients: follow && clientOutcomes(port, family, cluster, follow),
      chains: chains.filter((name) => {
        const owner = owned?.get(name);
        return owner?.servicePort === port && owner.endpoint === undefined;
      }),
    };
  });
}

function explainEndpoint(
  { source, internal, external, shortCut }: StandingEndpoint,
  family: IPFamily,
  members: readonly Membership[],
): ExplainedEndpoint {
  const { address, pod, nodeName, place } = source;
  const member = members.find((each) => each.family === family && each.pod.metadata.name === pod?.name);
  const say = (standing: StandingEndpoint['internal']) =>
    standing.kind === 'not-ready' && member?.reason.kind === 'NotReady'
      ? formatMembershipReason(member.reason)
      : formatStanding(standing);
  const [inside, outside] = [isUsed(internal), isUsed(external)];
  const isShortCut = !inside && !outside && isUsed(shortCut);
  const why = isShortCut
    ? `only for what this node and its Pods send to the addresses for outside (else: ${say(internal)})`
    : external === undefined || inside === outside
      ? say(internal)
      : inside
        ? `only inside the cluster (for outside: ${say(external)})`
        : `only from outside (inside the cluster: ${say(internal)})`;
  return {
    address,
    pod: pod && `${pod.namespace}/${pod.name}`,
    nodeName,
    place,
    isUsed: inside || outside || isShortCut,
    why,
  };
}

/** The addresses of a Service that kube-proxy leaves alone, as DNS or another proxy has them. */
function heldAddresses(
  { metadata, spec }: Service,
  { state }: TracedCluster,
  places: ManifestPlaces,
): readonly ExplainedEndpoint[] {
  const slices = state.endpointSlices.filter(
    (slice) =>
      slice.metadata.namespace === metadata.namespace &&
      slice.metadata.labels?.[SERVICE_NAME_LABEL] === metadata.name &&
      slice.addressType !== 'FQDN',
  );
  return slices.flatMap((slice) =>
    slice.endpoints.flatMap((endpoint): ExplainedEndpoint[] => {
      const address = canonicalIP(endpoint.addresses[0] ?? '');
      if (address === undefined) return [];
      const { name, namespace = metadata.namespace } = endpoint.targetRef ?? {};
      const pod = name ? places.pod(namespace, name) : undefined;
      const ready = endpoint.conditions?.ready ?? true;
      const isUsedByName = ready || spec.publishNotReadyAddresses === true;
      return [
        {
          address,
          pod: name ? `${namespace}/${name}` : undefined,
          nodeName: endpoint.nodeName ?? '',
          place: places.of(pod ?? slice),
          isUsed: isUsedByName,
          why: ready ? 'ready' : isUsedByName ? 'not ready, but published' : 'not ready',
        },
      ];
    }),
  );
}

function absentPod(member: Membership, places: ManifestPlaces): ExplainedPod[] {
  const { pod, family, standing, reason, missingPorts } = member;
  const { namespace, name } = pod.metadata;
  const lacksSome = missingPorts.length > 0 && standing !== 'absent';
  if (standing !== 'absent' && standing !== 'portless' && !lacksSome) return [];
  const why = lacksSome ? missingPorts.map(formatMissingPort).join('; ') : formatMembershipReason(reason);
  return [{ pod: `${namespace}/${name}`, family, place: places.of(pod), why }];
}

/** Addresses at which another Service answers, because its rule stands in front. */
function takenDoors({ clients, view, family }: ExplainedPort, node: NodeView): string[] {
  const { name } = view.servicePort;
  const hop = hopReader(node.families[family]);
  const taken = (clients ?? []).flatMap(({ door, outcomes }) => {
    const owners = outcomes.flatMap(({ path }) =>
      path.map((step) => hop(step).servicePort?.servicePort.name),
    );
    const other = owners.find((owner) => owner !== undefined && owner !== name);
    const socket = formatSocket(door);
    return other === undefined || owners.includes(name)
      ? []
      : [`${name}: ${door.way} ${socket} leads to ${other}`];
  });
  return [...new Set(taken)];
}

/** What somebody would want to mend. */
function problemsOf(port: ExplainedPort, { state, view }: TracedCluster): string[] {
  const { servicePort, traffic } = port.view;
  const name = `${servicePort.name}${port.family === 'IPv6' ? ' (IPv6)' : ''}`;
  const problems: string[] = [];
  const here = view.node.name === '' ? 'this node' : view.node.name;
  if (port.endpoints.length > 0 && !traffic.hasEndpoints) {
    problems.push(
      `${name}: none of its ${port.endpoints.length} endpoints is ready, so connections are rejected`,
    );
  } else if (traffic.hasEndpoints && !traffic.internal.available) {
    problems.push(
      `${name}: no endpoint on ${here}, so policy Local drops what is sent there to the cluster IP`,
    );
  }
  if (traffic.hasEndpoints && servicePort.externallyAccessible && !traffic.external.available) {
    problems.push(`${name}: no endpoint on ${here}, so policy Local drops what comes there from outside`);
  }
  const held = state.endpointSlices.some(
    ({ metadata, addressType }) =>
      addressType === port.family &&
      metadata.namespace === servicePort.namespace &&
      metadata.labels?.[SERVICE_NAME_LABEL] === servicePort.serviceName &&
      Object.hasOwn(metadata.labels, HEADLESS_LABEL),
  );
  problems.push(...takenDoors(port, view));
  if (held) problems.push(`${name}: kube-proxy passes over its slices with the label ${HEADLESS_LABEL}`);
  return problems;
}
