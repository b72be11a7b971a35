/** A service port with the names of its chains, worked out once and used for all its rules. */
import type { Protocol } from '../../apiserver/objects.ts';
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { endpointBase, servicePortBase } from './names.ts';
import type { TransportProtocol } from './rule.ts';

export interface PlannedServicePort extends ServicePortView {
  readonly transport: TransportProtocol;
  readonly chains: ServicePortChains;
}

export interface ServicePortChains {
  /** Endpoints under traffic policy Cluster. */
  readonly clusterPolicy: string;
  /** Endpoints under traffic policy Local. */
  readonly localPolicy: string;
  /** Traffic from outside, by whichever policy. */
  readonly external: string;
  /** Source ranges of a load balancer. */
  readonly firewall: string;
}

const TRANSPORT: Readonly<Record<Protocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

export function planServicePort(view: ServicePortView): PlannedServicePort {
  const { servicePort } = view;
  const transport = TRANSPORT[servicePort.protocol];
  const base = servicePortBase(servicePort, transport);
  const chains = {
    clusterPolicy: `service-${base}`,
    localPolicy: `local-${base}`,
    external: `external-${base}`,
    firewall: `firewall-${base}`,
  };
  return { ...view, transport, chains };
}

/** What belongs to one endpoint of a service port. */
export interface PlannedEndpoint {
  readonly endpoint: EndpointInfo;
  readonly chain: string;
  /** The set of the clients that stay with it. */
  readonly affinitySet: string;
}

/** The endpoints that can be reached, in their order. */
export function planEndpoints({
  servicePort,
  traffic,
  transport,
}: PlannedServicePort): readonly PlannedEndpoint[] {
  return traffic.reachableEndpoints.map((endpoint) => {
    const base = endpointBase(servicePort, transport, endpoint);
    return { endpoint, chain: `endpoint-${base}`, affinitySet: `affinity-${base}` };
  });
}

/** The chain to which traffic to the cluster IP goes. */
export function internalChain({ traffic, chains }: PlannedServicePort): string {
  return traffic.internal.policy === 'Local' ? chains.localPolicy : chains.clusterPolicy;
}

/** A load balancer's source ranges need rules whether or not there are endpoints. */
export function hasFirewall({ servicePort }: ServicePortView): boolean {
  return servicePort.loadBalancerVIPs.length > 0 && servicePort.loadBalancerSourceRanges.length > 0;
}
