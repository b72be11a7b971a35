/**
 * Hints: for which zones or nodes an endpoint is meant.
 *
 * In: a Service and the endpoints of one family, without hints. Out: each endpoint's hints. Mirrors `trafficdist` and
 * `topologycache` of k8s.io/endpointslice 0.37. Which endpoint of a zone serves another zone in topology mode is random
 * there, the first ones here.
 */
import type { Endpoint, Service } from '../apiserver/objects.ts';
import { desiredByZone, handover } from './topology-zones.ts';

export type EndpointHints = NonNullable<Endpoint['hints']>;

/** The second one is deprecated, and goes before the first. */
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_AWARE_HINTS = 'service.kubernetes.io/topology-aware-hints';

/**
 * @param cpuShares each zone's share of the CPUs, undefined where topology mode cannot work
 * @returns a list as long as `endpoints`; undefined stands for no hints
 */
export function endpointHints(
  service: Service,
  endpoints: readonly Endpoint[],
  cpuShares: ReadonlyMap<string, number> | undefined,
): readonly (EndpointHints | undefined)[] {
  if (wantsTopology(service)) return topologyHints(endpoints, cpuShares) ?? endpoints.map(() => undefined);
  const { trafficDistribution } = service.spec;
  switch (trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
    case 'PreferSameNode':
      return endpoints.map((endpoint) => closeHints(endpoint, trafficDistribution === 'PreferSameNode'));
    default:
      return endpoints.map(() => undefined);
  }
}

function wantsTopology({ metadata: { annotations } }: Service): boolean {
  const mode = annotations?.[TOPOLOGY_AWARE_HINTS] ?? annotations?.[TOPOLOGY_MODE];
  return mode === 'Auto' || mode === 'auto';
}

/** A ready endpoint is meant for its own zone and, on demand, its own node. */
function closeHints({ conditions, zone, nodeName }: Endpoint, withNode: boolean): EndpointHints | undefined {
  if (conditions?.ready !== true) return undefined;
  const forZones = zone ? { forZones: [{ name: zone }] } : {};
  const forNodes = withNode && nodeName ? { forNodes: [{ name: nodeName }] } : {};
  const hints = { ...forZones, ...forNodes };
  return Object.keys(hints).length === 0 ? undefined : hints;
}

/** Undefined where no endpoint gets hints, as kube-proxy then spreads connections over all of them. */
function topologyHints(
  endpoints: readonly Endpoint[],
  cpuShares: ReadonlyMap<string, number> | undefined,
): readonly (EndpointHints | undefined)[] | undefined {
  if (cpuShares === undefined) return undefined;
  const present = new Map<string, number>();
  let ready = 0;
  for (const { conditions, zone } of endpoints) {
    if (conditions?.ready !== true) continue;
    if (!zone) return undefined;
    ready++;
    present.set(zone, (present.get(zone) ?? 0) + 1);
  }
  const desired = desiredByZone(cpuShares, ready);
  if (desired === undefined) return undefined;
  const { giving, receiving } = handover(desired, present);
  const toGive = new Map(giving);
  const receivers = [...receiving].flatMap(([zone, count]) => new Array<string>(count).fill(zone));
  let handed = 0;
  return endpoints.map(({ conditions, zone }) => {
    if (conditions?.ready !== true || !zone) return undefined;
    const left = toGive.get(zone) ?? 0;
    const receiver = left > 0 ? receivers[handed] : undefined;
    if (receiver === undefined) return { forZones: [{ name: zone }] };
    toGive.set(zone, left - 1);
    handed++;
    return { forZones: [{ name: receiver }] };
  });
}
