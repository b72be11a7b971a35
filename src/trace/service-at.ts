/**
 * Which Service an address and a port belong to on a node. In: a node's view and a socket. Out: the service port, and by
 * which of its addresses it is reached. Mirrors what kube-proxy's rules catch, whether they are there or not.
 */
import type { IPFamily, Protocol } from '../apiserver/objects.ts';
import type { NodeView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { isLoopback, parseIP } from '../shared/ip.ts';

/** The ways to a service port. */
export type ServiceWay =
  | 'cluster IP'
  | 'external IP'
  | 'load balancer IP'
  | 'node port'
  | 'health check node port';

export interface ServiceAt {
  readonly view: ServicePortView;
  readonly way: ServiceWay;
}

export function serviceAt(
  { families, node }: NodeView,
  family: IPFamily,
  {
    address,
    port,
    protocol,
  }: { readonly address: string; readonly port: number; readonly protocol: Protocol },
): ServiceAt | undefined {
  const ip = parseIP(address);
  const isLocal = node.interfaceAddresses.includes(address) || (ip !== undefined && isLoopback(ip));
  let found: ServiceAt | undefined;
  for (const view of families[family].servicePorts) {
    const { servicePort } = view;
    const way = servicePort.protocol === protocol ? wayTo(view, address, port, isLocal) : undefined;
    if (way !== undefined && way !== 'node port') return { view, way };
    if (way !== undefined) found ??= { view, way };
    if (isLocal && protocol === 'TCP' && port === servicePort.healthCheckNodePort) {
      found ??= { view, way: 'health check node port' };
    }
  }
  return found;
}

function wayTo(
  { servicePort }: ServicePortView,
  address: string,
  port: number,
  isLocal: boolean,
): ServiceWay | undefined {
  const { clusterIP, externalIPs, loadBalancerVIPs, nodePort } = servicePort;
  if (port === servicePort.port) {
    if (address === clusterIP) return 'cluster IP';
    if (externalIPs.includes(address)) return 'external IP';
    if (loadBalancerVIPs.includes(address)) return 'load balancer IP';
  }
  return isLocal && port === nodePort ? 'node port' : undefined;
}
