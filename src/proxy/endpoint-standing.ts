/**
 * Why each endpoint of a service port is used on a node, or not. In: the service port as the node sees it, and what its slices
 * hold. Out: for each address its standing, for traffic inside the cluster and from outside. Explains what
 * `service-traffic.ts` decides, and contradicts it nowhere: what it uses is used here.
 */
import type { EndpointInfo } from './endpoint.ts';
import type { EndpointSource } from './manifest-places.ts';
import type { NodeIdentity } from './node-identity.ts';
import type { Release } from './release.ts';
import type { ServicePortView } from './service-traffic.ts';

export type EndpointStanding =
  | { readonly kind: 'used' }
  /** It terminates, and serves because no endpoint is ready. */
  | { readonly kind: 'last-resort' }
  | { readonly kind: 'not-ready' }
  | {
      readonly kind: 'terminating';
      readonly serving: boolean;
      readonly why: 'others-ready' | 'release' | 'stopped';
    }
  /** Policy Local: only endpoints on the node count. */
  | { readonly kind: 'elsewhere'; readonly nodeName: string }
  /** Topology hints keep it for others. */
  | { readonly kind: 'other-zones'; readonly zones: readonly string[]; readonly own: string }
  | { readonly kind: 'other-nodes'; readonly nodes: readonly string[] };

export interface StandingEndpoint {
  readonly source: EndpointSource;
  /** For the cluster IP. */
  readonly internal: EndpointStanding;
  /** For node ports, external IPs and load balancers; undefined where the service port has none. */
  readonly external: EndpointStanding | undefined;
  /** The same, for what the node and its Pods send there: policy Local is for the outside. Undefined where it does not differ. */
  readonly shortCut: EndpointStanding | undefined;
}

/** Each address once, in the order of addresses. */
export function standingEndpoints(
  view: ServicePortView,
  sources: readonly EndpointSource[],
  node: NodeIdentity,
  release: Release,
): readonly StandingEndpoint[] {
  const byAddress = new Map<string, EndpointSource>();
  for (const source of sources) {
    const known = byAddress.get(source.address);
    // Of those that are held twice, the one that can be used tells more.
    if (known === undefined || !isReady(known)) byAddress.set(source.address, source);
  }
  const { traffic, servicePort } = view;
  const standing = (source: EndpointSource, policy: 'Cluster' | 'Local') =>
    standingOf(source, policy, view, node, release);
  return [...byAddress.values()]
    .sort((a, b) => (a.address < b.address ? -1 : 1))
    .map((source) => ({
      source,
      internal: standing(source, traffic.internal.policy),
      external: servicePort.externallyAccessible ? standing(source, traffic.external.policy) : undefined,
      shortCut:
        servicePort.externallyAccessible && traffic.external.policy === 'Local'
          ? standing(source, 'Cluster')
          : undefined,
    }));
}

function standingOf(
  source: EndpointSource,
  policy: 'Cluster' | 'Local',
  { traffic }: ServicePortView,
  node: NodeIdentity,
  release: Release,
): EndpointStanding {
  const used = policy === 'Local' ? traffic.localEndpoints : traffic.clusterEndpoints;
  const found = used.find(({ address }) => address === source.address);
  if (found !== undefined) return found.ready ? { kind: 'used' } : { kind: 'last-resort' };
  if (!isReady(source)) return notReady(source, used, release);
  if (policy === 'Local' && (node.name === '' || source.nodeName !== node.name)) {
    return { kind: 'elsewhere', nodeName: source.nodeName };
  }
  const { hints } = source.endpoint;
  const nodes = (hints?.forNodes ?? []).map(({ name }) => name);
  const byNode = nodes.length > 0 && used.every(({ nodeHints }) => nodeHints.includes(node.name));
  if (byNode && !nodes.includes(node.name)) return { kind: 'other-nodes', nodes };
  return { kind: 'other-zones', zones: (hints?.forZones ?? []).map(({ name }) => name), own: node.zone };
}

function notReady(
  { endpoint }: EndpointSource,
  used: readonly EndpointInfo[],
  release: Release,
): EndpointStanding {
  const { serving, terminating } = endpoint.conditions ?? {};
  if (terminating !== true) return { kind: 'not-ready' };
  if (serving === false) return { kind: 'terminating', serving: false, why: 'stopped' };
  const why = used.length > 0 ? 'others-ready' : release.terminatingEndpoints ? 'stopped' : 'release';
  return { kind: 'terminating', serving: true, why };
}

function isReady({ endpoint }: EndpointSource): boolean {
  return endpoint.conditions?.ready ?? true;
}

export function isUsed(standing: EndpointStanding | undefined): boolean {
  return standing?.kind === 'used' || standing?.kind === 'last-resort';
}

/** One clause. It quotes the input, so it must be cleaned before a terminal gets it. */
export function formatStanding(standing: EndpointStanding): string {
  switch (standing.kind) {
    case 'used':
      return 'ready';
    case 'last-resort':
      return 'terminating, but serving, and no endpoint is ready';
    case 'not-ready':
      return 'not ready';
    case 'terminating':
      return `terminating${TERMINATING[standing.why]}`;
    case 'elsewhere':
      return standing.nodeName === ''
        ? 'on no known node: policy Local takes only those on this one'
        : `on ${standing.nodeName}: policy Local takes only those on this node`;
    case 'other-zones': {
      const own = standing.own === '' ? 'this node is in none' : `this node is in ${standing.own}`;
      return `kept by hints for zone ${standing.zones.join(', ')}: ${own}`;
    }
    case 'other-nodes':
      return `kept by hints for node ${standing.nodes.join(', ')}`;
    default:
      return standing satisfies never;
  }
}

const TERMINATING = {
  'others-ready': ', and others are ready',
  release: ', and this release of kube-proxy uses no such endpoint',
  stopped: ', and not serving any more',
} as const;
