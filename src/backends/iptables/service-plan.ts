/** A service port with the names of its chains, worked out once and used for all its rules. */
import type { Protocol } from '../../apiserver/objects.ts';
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { endpointChain, type ServicePortChains, servicePortChains } from './chain-names.ts';
import type { TransportProtocol } from './rule.ts';

export interface PlannedServicePort extends ServicePortView {
  readonly chains: ServicePortChains;
  readonly transport: TransportProtocol;
  /** KUBE-SEP chains of the endpoints that can be reached, in their order. */
  readonly endpointChains: readonly string[];
}

const TRANSPORT: Readonly<Record<Protocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

export function planServicePort(view: ServicePortView): PlannedServicePort {
  const { servicePort, traffic } = view;
  const { name, protocol } = servicePort;
  return {
    ...view,
    chains: servicePortChains(name, protocol),
    transport: TRANSPORT[protocol],
    endpointChains: traffic.reachableEndpoints.map(({ address }) => endpointChain(name, protocol, address)),
  };
}

/** The KUBE-SEP chains of some of the endpoints that can be reached. */
export function chainsOf(planned: PlannedServicePort, endpoints: readonly EndpointInfo[]): readonly string[] {
  const { reachableEndpoints } = planned.traffic;
  if (endpoints === reachableEndpoints) return planned.endpointChains;
  const index = new Map(reachableEndpoints.map((endpoint, i) => [endpoint, i]));
  return endpoints.map((endpoint) => planned.endpointChains[index.get(endpoint) as number] as string);
}
