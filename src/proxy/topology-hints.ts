/**
 * Whether a node heeds the hints of endpoints, and if not, why not. In: the endpoints of a service port, and the node. Out: the
 * topology by which endpoints are chosen. Mirrors kube-proxy 1.37's half of topology-aware routing, down to the reasons that it logs.
 */
import type { EndpointInfo } from './endpoint.ts';
import type { NodeIdentity } from './node-identity.ts';
import type { Release } from './release.ts';
import type { ServicePortInfo } from './service-port.ts';

export type Topology =
  | { readonly kind: 'same-node' }
  | { readonly kind: 'same-zone' }
  /** All endpoints are used. */
  | { readonly kind: 'none'; readonly why: NoTopology };

export type NoTopology =
  /** Nobody asks for anything else. */
  | 'no-hints'
  /** One ready endpoint without a hint is enough. */
  | 'endpoint-without-hint'
  | 'node-without-zone'
  /** The zone has no endpoints, or they are meant for others. */
  | 'none-for-zone'
  /** All hints are for other nodes, and none is for a zone. */
  | 'none-for-node'
  /** The release, or the Service, does not want zone hints. */
  | 'not-enabled';

const SAME_NODE: Topology = { kind: 'same-node' };
const SAME_ZONE: Topology = { kind: 'same-zone' };
const NO_TOPOLOGY: Readonly<Record<NoTopology, Topology>> = {
  'no-hints': { kind: 'none', why: 'no-hints' },
  'endpoint-without-hint': { kind: 'none', why: 'endpoint-without-hint' },
  'node-without-zone': { kind: 'none', why: 'node-without-zone' },
  'none-for-zone': { kind: 'none', why: 'none-for-zone' },
  'none-for-node': { kind: 'none', why: 'none-for-node' },
  'not-enabled': { kind: 'none', why: 'not-enabled' },
};

/** Only ready endpoints have a say; hints of one kind count if each of them has one and one names this place. */
export function topologyFromHints(
  { zoneHintsEnabled }: Pick<ServicePortInfo, 'zoneHintsEnabled'>,
  endpoints: readonly EndpointInfo[],
  { name, zone }: Pick<NodeIdentity, 'name' | 'zone'>,
  release: Release,
): Topology {
  const ready = endpoints.filter((ep) => ep.ready);
  const [first] = ready;
  if (first === undefined || (first.zoneHints.length === 0 && first.nodeHints.length === 0)) {
    const isSome = ready.some(({ zoneHints, nodeHints }) => zoneHints.length > 0 || nodeHints.length > 0);
    return NO_TOPOLOGY[isSome ? 'endpoint-without-hint' : 'no-hints'];
  }
  if (
    release.nodeHints &&
    ready.every((ep) => ep.nodeHints.length > 0) &&
    ready.some((ep) => ep.nodeHints.includes(name))
  ) {
    return SAME_NODE;
  }
  if (
    ready.every(({ zoneHints }) => zoneHints.length === 0) &&
    ready.every(({ nodeHints }) => nodeHints.length > 0)
  ) {
    return NO_TOPOLOGY['none-for-node'];
  }
  if (!zoneHintsEnabled) return NO_TOPOLOGY['not-enabled'];
  if (!ready.every((ep) => ep.zoneHints.length > 0)) return NO_TOPOLOGY['endpoint-without-hint'];
  if (zone === '') return NO_TOPOLOGY['node-without-zone'];
  return ready.some((ep) => ep.zoneHints.includes(zone)) ? SAME_ZONE : NO_TOPOLOGY['none-for-zone'];
}
