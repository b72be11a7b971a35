/**
 * Which endpoints a service port uses on one node, and for which traffic.
 * Mirrors kube-proxy 1.37's CategorizeEndpoints and the decisions that all its modes share.
 */
import type { EndpointInfo } from './endpoint.ts';
import type { NodeIdentity } from './node-identity.ts';
import type { Release } from './release.ts';
import type { ServicePortInfo } from './service-port.ts';
import { type Topology, topologyFromHints } from './topology-hints.ts';

export interface ServicePortView {
  readonly servicePort: ServicePortInfo;
  readonly traffic: ServiceTraffic;
  /** All of them, sorted by address as text. */
  readonly endpoints: readonly EndpointInfo[];
  /** Endpoints out of use included. */
  readonly endpointCount: number;
  /** Those on this node, endpoints out of use included. */
  readonly endpointsOnNode: readonly EndpointInfo[];
}

export interface ServiceTraffic {
  /** Endpoints for traffic policy Cluster, topology considered; empty where that policy never applies. */
  readonly clusterEndpoints: readonly EndpointInfo[];
  /** Endpoints for traffic policy Local; empty where that policy never applies. */
  readonly localEndpoints: readonly EndpointInfo[];
  /** All of both. */
  readonly reachableEndpoints: readonly EndpointInfo[];
  /** Some node has an endpoint that can be used. */
  readonly hasEndpoints: boolean;
  /** Traffic to the cluster IP. */
  readonly internal: TrafficDirection;
  /** Traffic to node ports, external IPs and load balancer addresses. */
  readonly external: TrafficDirection;
}

export interface TrafficDirection {
  readonly policy: 'Cluster' | 'Local';
  /** There are endpoints that such traffic can reach from here. */
  readonly available: boolean;
}

export function serviceTraffic(
  servicePort: ServicePortInfo,
  endpoints: readonly EndpointInfo[],
  node: NodeIdentity,
  release: Release,
): ServiceTraffic {
  const { internalPolicyLocal, externalPolicyLocal, externallyAccessible } = servicePort;
  // Policy Local for external traffic still needs the Cluster endpoints: the node's own traffic is short-circuited.
  const usesCluster = !internalPolicyLocal || externallyAccessible;
  const usesLocal = internalPolicyLocal || (externalPolicyLocal && externallyAccessible);
  const topology = usesCluster ? topologyFromHints(servicePort, endpoints, node, release) : undefined;
  const fallback = (endpoint: EndpointInfo) =>
    release.terminatingEndpoints && endpoint.serving && endpoint.terminating;

  let clusterEndpoints: readonly EndpointInfo[] = [];
  if (usesCluster) {
    clusterEndpoints = endpoints.filter((ep) => ep.ready && matchesTopology(ep, topology, node));
    if (clusterEndpoints.length === 0) clusterEndpoints = endpoints.filter(fallback);
  }
  let localEndpoints: readonly EndpointInfo[] = [];
  if (usesLocal) {
    localEndpoints = endpoints.filter((ep) => ep.local && ep.ready);
    if (localEndpoints.length === 0) {
      localEndpoints = endpoints.filter((ep) => ep.local && !ep.ready && fallback(ep));
    }
  }
  const hasEndpoints =
    clusterEndpoints.length > 0 || (usesLocal && endpoints.some((ep) => ep.ready || fallback(ep)));
  const direction = (local: boolean): TrafficDirection => ({
    policy: local ? 'Local' : 'Cluster',
    available: hasEndpoints && (!local || localEndpoints.length > 0),
  });
  return {
    clusterEndpoints,
    localEndpoints,
    reachableEndpoints: union(clusterEndpoints, localEndpoints),
    hasEndpoints,
    internal: direction(internalPolicyLocal),
    external: direction(externalPolicyLocal),
  };
}

function matchesTopology(
  endpoint: EndpointInfo,
  topology: Topology | undefined,
  { name, zone }: NodeIdentity,
): boolean {
  switch (topology?.kind) {
    case undefined:
    case 'none':
      return true;
    case 'same-node':
      return endpoint.nodeHints.includes(name);
    case 'same-zone':
      return endpoint.zoneHints.includes(zone);
  }
}

function union(a: readonly EndpointInfo[], b: readonly EndpointInfo[]): readonly EndpointInfo[] {
  if (b.length === 0) return a;
  if (a.length === 0) return b;
  return [...new Set([...a, ...b])];
}
