/**
 * Whose the chains and sets with hashed names are. In: a node's view. Out: for each of them that kube-proxy may make for it,
 * the service port, and of `endpoint-` and `affinity-` the endpoint. Whatever is not among them belongs to something that the
 * view does not have.
 */
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { FamilyView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { planEndpoints, planServicePort } from './service-plan.ts';

export interface ChainOwner {
  /** What it is for: its name up to the hash. */
  readonly kind: 'service' | 'local' | 'external' | 'firewall' | 'endpoint' | 'affinity';
  readonly servicePort: ServicePortView;
  readonly endpoint?: EndpointInfo;
}

export function chainOwners({ servicePorts }: FamilyView): ReadonlyMap<string, ChainOwner> {
  const owners = new Map<string, ChainOwner>();
  for (const servicePort of servicePorts) {
    const planned = planServicePort(servicePort);
    const { chains } = planned;
    owners.set(chains.clusterPolicy, { kind: 'service', servicePort });
    owners.set(chains.localPolicy, { kind: 'local', servicePort });
    owners.set(chains.external, { kind: 'external', servicePort });
    owners.set(chains.firewall, { kind: 'firewall', servicePort });
    for (const { endpoint, chain, affinitySet } of planEndpoints(planned)) {
      owners.set(chain, { kind: 'endpoint', servicePort, endpoint });
      owners.set(affinitySet, { kind: 'affinity', servicePort, endpoint });
    }
  }
  return owners;
}
