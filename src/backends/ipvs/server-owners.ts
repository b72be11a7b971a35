/**
 * Whose the virtual servers are. In: a node's view. Out: for each that kube-proxy may make for it, the service port. A server
 * that is not among them belongs to something the view does not have.
 */
import type { FamilyView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import type { ListedService } from './listed.ts';
import { serviceKey } from './service-key.ts';

export interface ServerOwner {
  readonly servicePort: ServicePortView;
}

/** By `serviceKey`; a node port has a server at each address of the node, and is found by `nodePortKey`. */
export function serverOwners({ servicePorts }: FamilyView): ReadonlyMap<string, ServerOwner> {
  const owners = new Map<string, ServerOwner>();
  for (const view of servicePorts) {
    const { clusterIP, port, externalIPs, loadBalancerVIPs, nodePort, ...info } = view.servicePort;
    const protocol = info.protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp';
    for (const address of [clusterIP, ...externalIPs, ...loadBalancerVIPs]) {
      owners.set(serviceKey({ kind: 'socket', protocol, socket: { address, port } }), { servicePort: view });
    }
    if (nodePort !== 0) owners.set(nodePortKey(protocol, nodePort), { servicePort: view });
  }
  return owners;
}

export function serverOwner(
  service: ListedService,
  owners: ReadonlyMap<string, ServerOwner>,
): ServerOwner | undefined {
  const owner = owners.get(serviceKey(service));
  if (owner !== undefined || service.kind === 'mark') return owner;
  return owners.get(nodePortKey(service.protocol, service.socket.port));
}

function nodePortKey(protocol: string, port: number): string {
  return `${protocol} node port ${port}`;
}
