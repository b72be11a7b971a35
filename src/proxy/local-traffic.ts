/**
 * How kube-proxy tells traffic of the node's own Pods from other traffic (`detectLocalMode`).
 * Mirrors kube-proxy 1.37's local traffic detectors.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { formatCIDR, isIPv6, parseCIDR } from '../shared/ip.ts';
import type { ProxyConfiguration } from './configuration.ts';
import type { NodeIdentity } from './node-identity.ts';

export type LocalTrafficDetector =
  /** Pods have addresses in this CIDR. */
  | { readonly kind: 'cidr'; readonly cidr: string }
  /** Pods send through this interface. */
  | { readonly kind: 'interface'; readonly name: string }
  /** Pods send through interfaces whose names start so. */
  | { readonly kind: 'interface-prefix'; readonly prefix: string };

/** Undefined where the node cannot tell: then no rule depends on it. */
export function localTrafficDetector(
  configuration: ProxyConfiguration,
  { node }: NodeIdentity,
  family: IPFamily,
): LocalTrafficDetector | undefined {
  switch (configuration.detectLocalMode) {
    case 'ClusterCIDR':
      return byCIDR(configuration.clusterCIDRs, family);
    case 'NodeCIDR':
      return byCIDR(node?.spec?.podCIDRs ?? [], family);
    case 'BridgeInterface':
      return { kind: 'interface', name: configuration.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { kind: 'interface-prefix', prefix: configuration.interfaceNamePrefix };
  }
}

function byCIDR(cidrs: readonly string[], family: IPFamily): LocalTrafficDetector | undefined {
  for (const text of cidrs) {
    const cidr = parseCIDR(text);
    if (cidr !== undefined && isIPv6(cidr.network) === (family === 'IPv6')) {
      return { kind: 'cidr', cidr: formatCIDR(cidr) };
    }
  }
  return undefined;
}
