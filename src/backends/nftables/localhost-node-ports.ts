/** Names of what rejects and counts packets to node ports on loopback addresses. Mirrors kube-proxy 1.37. */
import type { TransportProtocol } from './rule.ts';

export function localhostRejectChain(protocol: TransportProtocol): string {
  return `localhost-nodeport-reject-${protocol}`;
}

export function localhostRejectCounter(protocol: TransportProtocol): string {
  return `localhost-nodeport-rejected-${protocol}`;
}
