/** A service port with the names of its chains, worked out once and used for all its rules. */
import type { Protocol } from '../../apiserver/objects.ts';
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import type { TransportProtocol } from '../iptables-rule.ts';
import { endpointChain, type ServicePortChains, servicePortChains } from './chain-names.ts';

export interface PlannedServicePort extends ServicePortView {
  readonly chains: ServicePortChains;
  readonly transport: TransportProtocol;
}

const TRANSPORT: Readonly<Record<Protocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

export function planServicePort(view: ServicePortView): PlannedServicePort {
  const { servicePort, traffic, endpoints, endpointCount, endpointsOnNode } = view;
  const transport = TRANSPORT[servicePort.protocol];
  const chains = servicePortChains(servicePort.name, transport);
  return { servicePort, traffic, endpoints, endpointCount, endpointsOnNode, chains, transport };
}

/** The KUBE-SEP chains of the endpoints that can be reached, in their order. */
export function endpointChains({ servicePort, traffic, transport }: PlannedServicePort): readonly string[] {
  return traffic.reachableEndpoints.map(({ address }) => endpointChain(servicePort.name, transport, address));
}

/** The chains of some of the endpoints, out of those of all. */
export function chainsOf(
  { traffic: { reachableEndpoints } }: PlannedServicePort,
  endpoints: readonly EndpointInfo[],
  chains: readonly string[],
): readonly string[] {
  if (endpoints === reachableEndpoints) return chains;
  const byEndpoint = new Map(reachableEndpoints.map((endpoint, i) => [endpoint, chains[i] as string]));
  return endpoints.map((endpoint) => byEndpoint.get(endpoint) as string);
}
