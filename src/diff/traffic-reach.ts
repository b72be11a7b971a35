/**
 * Which addresses and ports Service traffic can have on its way through a node. In: a family's views. Out: whether any
 * of them lies in a network or a range, to tell rules that can never meet such traffic.
 */

import type { PortRange } from '../backends/iptables/saved.ts';
import type { FamilyView } from '../proxy/node-view.ts';
import { containsIP, type IPBytes, parseCIDR, parseIP } from '../shared/ip.ts';

export interface TrafficReach {
  /** @param network an address or a CIDR; true for text that is neither */
  readonly hasAddressIn: (network: string) => boolean;
  readonly hasPortIn: (range: PortRange) => boolean;
}

/** Of destinations, before and behind the translation. */
export function trafficReach(views: readonly FamilyView[], nodeAddresses: readonly string[]): TrafficReach {
  let known:
    | { texts: ReadonlySet<string>; addresses: readonly IPBytes[]; ports: readonly number[] }
    | undefined;
  const collect = () => {
    const texts = new Set<string>([...nodeAddresses, '127.0.0.1', '::1']);
    const ports = new Set<number>();
    for (const { servicePorts } of views) {
      for (const { servicePort, traffic } of servicePorts) {
        for (const ip of [
          servicePort.clusterIP,
          ...servicePort.externalIPs,
          ...servicePort.loadBalancerVIPs,
        ]) {
          texts.add(ip);
        }
        for (const port of [servicePort.port, servicePort.nodePort, servicePort.healthCheckNodePort])
          ports.add(port);
        for (const { ip, port } of traffic.reachableEndpoints) {
          texts.add(ip);
          ports.add(port);
        }
      }
    }
    const addresses = [...texts].map(parseIP).filter((ip) => ip !== undefined);
    return { texts, addresses, ports: [...ports] };
  };
  const all = () => {
    known ??= collect();
    return known;
  };
  return {
    hasAddressIn: (network) => {
      if (!network.includes('/') && all().texts.has(network)) return true;
      const ip = parseIP(network);
      if (ip !== undefined) return false;
      const cidr = parseCIDR(network);
      return cidr === undefined || all().addresses.some((address) => containsIP(cidr, address));
    },
    hasPortIn: ({ first, last }) => all().ports.some((port) => first <= port && port <= last),
  };
}
