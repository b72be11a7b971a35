/**
 * Whose the chains with hashed names are. In: a node's view. Out: for each such chain that kube-proxy may make for it, the
 * service port, and of KUBE-SEP the endpoint. A chain that is not among them belongs to something the view does not have.
 */
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { FamilyView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { endpointChain } from './chain-names.ts';
import { planServicePort } from './service-plan.ts';

export interface ChainOwner {
  /** What the chain is for: its name up to the hash. */
  readonly kind: 'KUBE-SVC' | 'KUBE-SVL' | 'KUBE-EXT' | 'KUBE-FW' | 'KUBE-XLB' | 'KUBE-SEP';
  readonly servicePort: ServicePortView;
  /** Of KUBE-SEP. */
  readonly endpoint?: EndpointInfo;
}

/** Endpoints out of use have no chain. KUBE-XLB is a chain of kube-proxy up to 1.23. */
export function chainOwners({ servicePorts }: FamilyView): ReadonlyMap<string, ChainOwner> {
  const owners = new Map<string, ChainOwner>();
  for (const servicePort of servicePorts) {
    const { chains, transport } = planServicePort(servicePort);
    owners.set(chains.clusterPolicy, { kind: 'KUBE-SVC', servicePort });
    owners.set(chains.localPolicy, { kind: 'KUBE-SVL', servicePort });
    owners.set(chains.external, { kind: 'KUBE-EXT', servicePort });
    owners.set(chains.firewall, { kind: 'KUBE-FW', servicePort });
    owners.set(chains.clusterPolicy.replace('KUBE-SVC-', 'KUBE-XLB-'), { kind: 'KUBE-XLB', servicePort });
    for (const endpoint of servicePort.traffic.reachableEndpoints) {
      const name = endpointChain(servicePort.servicePort.name, transport, endpoint.address);
      owners.set(name, { kind: 'KUBE-SEP', servicePort, endpoint });
    }
  }
  return owners;
}
