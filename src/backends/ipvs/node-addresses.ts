/**
 * The node's addresses as mode ipvs sees them. In: a node's view and the family. Out: those that are not bound to the dummy
 * device, and those on which node ports are open. Mirrors kube-proxy 1.28 to 1.37.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { selectNodePortAddresses } from '../../proxy/node-port-addresses.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { type IPBytes, isIPv6, isLoopback, parseIP } from '../../shared/ip.ts';

/** Addresses of the host's own interfaces: no loopback, and of IPv6 no link-local ones. */
export function hostAddresses({ node }: NodeView, family: IPFamily): readonly string[] {
  return [...new Set(node.interfaceAddresses)].filter((address) => {
    const ip = parseIP(address);
    return ip !== undefined && isIPv6(ip) === (family === 'IPv6') && !isLoopback(ip) && !isLinkLocal(ip);
  });
}

/** fe80::/10. */
function isLinkLocal(ip: IPBytes): boolean {
  return isIPv6(ip) && ip[0] === 0xfe && ((ip[1] as number) & 0xc0) === 0x80;
}

/**
 * @param bound what this kube-proxy has bound to the dummy device in an earlier sync: where `nodePortAddresses` names
 * networks, all interfaces are looked through, that device included
 */
export function nodePortAddresses(
  view: NodeView,
  family: IPFamily,
  bound: readonly string[],
): readonly string[] {
  const { node, configuration } = view;
  const seen = { ...node, interfaceAddresses: [...node.interfaceAddresses, ...bound] };
  const { addresses } = selectNodePortAddresses(configuration.nodePortAddresses, seen, family);
  if (addresses.kind === 'all') return hostAddresses(view, family);
  return addresses.addresses.filter((address) => {
    const ip = parseIP(address);
    return ip !== undefined && !isLoopback(ip);
  });
}
