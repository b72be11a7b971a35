/**
 * On which of the node's addresses node ports are open (`nodePortAddresses`).
 * Mirrors kube-proxy 1.37's NodePortAddresses and its keywords.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { CIDR } from '../shared/ip.ts';
import { containsIP, formatIP, isIPv6, isLoopback, parseCIDR, parseIP } from '../shared/ip.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { NodeIdentity } from './node-identity.ts';

export type NodePortAddresses =
  /** Every address of the node. */
  | { readonly kind: 'all' }
  /** These addresses, sorted as text; loopback addresses may be among them. */
  | { readonly kind: 'some'; readonly addresses: readonly string[] };

export interface NodePortSelection {
  readonly addresses: NodePortAddresses;
  /** The selection reaches into 127.0.0.0/8 (false for IPv6). */
  readonly containsIPv4Loopback: boolean;
  /** A CIDR of loopback addresses is asked for, not only one of all addresses. */
  readonly namesLoopback: boolean;
}

const ALL: Readonly<Record<IPFamily, string>> = { IPv4: '0.0.0.0/0', IPv6: '::/0' };
const LOOPBACK_START = new Uint8Array([127, 0, 0, 0]);

/** A family without any CIDR of its own means all addresses of that family. */
export function selectNodePortAddresses(
  nodePortAddresses: readonly string[],
  node: NodeIdentity,
  family: IPFamily,
): NodePortSelection {
  const cidrs = expandKeywords(nodePortAddresses, node)
    .map(parseCIDR)
    .filter((cidr) => cidr !== undefined)
    .filter((cidr) => isIPv6(cidr.network) === (family === 'IPv6'));
  if (cidrs.length === 0) cidrs.push(parseCIDR(ALL[family]) as CIDR);

  // A CIDR of length 0 ends the list: what stands behind it is not looked at.
  const zero = cidrs.findIndex((cidr) => cidr.prefixLength === 0);
  const considered = zero < 0 ? cidrs : cidrs.slice(0, zero + 1);
  const containsIPv4Loopback =
    family === 'IPv4' &&
    considered.some((cidr) => isLoopback(cidr.network) || containsIP(cidr, LOOPBACK_START));
  const namesLoopback = cidrs.some((cidr) => isLoopback(cidr.network));
  if (zero >= 0) return { addresses: { kind: 'all' }, containsIPv4Loopback, namesLoopback };

  const matching = ['127.0.0.1', '::1', ...node.interfaceAddresses]
    .map(parseIP)
    .filter((ip) => ip !== undefined)
    .filter((ip) => considered.some((cidr) => containsIP(cidr, ip)))
    .map(formatIP);
  return {
    addresses: { kind: 'some', addresses: [...new Set(matching)].sort(compareStrings) },
    containsIPv4Loopback,
    namesLoopback,
  };
}

function expandKeywords(nodePortAddresses: readonly string[], { nodeIPs }: NodeIdentity): string[] {
  return nodePortAddresses.flatMap((address) => {
    switch (address) {
      case 'primary':
        // A family whose node IP is a loopback address has no address to pin node ports to.
        return [`${nodeIPs.IPv4}/32`, `${nodeIPs.IPv6}/128`].filter(
          (cidr) => !cidr.startsWith('127.') && cidr !== '::1/128',
        );
      case 'localhost':
        return ['127.0.0.0/8', '::1/128'];
      case 'all':
        return [ALL.IPv4, ALL.IPv6];
      default:
        return [address];
    }
  });
}
