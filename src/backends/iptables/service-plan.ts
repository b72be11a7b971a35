/** A service port with the names of its chains, worked out once and used for all its rules. */
import type { Protocol } from '../../apiserver/objects.ts';
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { ServicePortView } from '../../proxy/node-view.ts';
import { endpointChain, type ServicePortChains, servicePortChains } from './chain-names.ts';
import type { TransportProtocol } from './rule.ts';

export interface PlannedServicePort extends ServicePortView {
  readonly chains: ServicePortChains;
  readonly transport: TransportProtocol;
  /** KUBE-SEP chains of the endpoints that can be reached, by endpoint. */
  readonly endpointChains: ReadonlyMap<EndpointInfo, string>;
}

const TRANSPORT: Readonly<Record<Protocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

export function planServicePort({ servicePort, traffic }: ServicePortView): PlannedServicePort {
  const { name, protocol } = servicePort;
  const endpointChains = new Map<EndpointInfo, string>();
  for (const endpoint of traffic.reachableEndpoints) {
    endpointChains.set(endpoint, endpointChain(name, protocol, endpoint.address));
  }
  return {
    servicePort,
    traffic,
    chains: servicePortChains(name, protocol),
    transport: TRANSPORT[protocol],
    endpointChains,
  };
}
