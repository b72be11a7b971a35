/**
 * Releases of kube-proxy and what differs between them.
 *
 * A release is a row of features that the later stages ask for; nothing else in the program knows release numbers.
 * Each boundary was seen in the releases' own output: 1.25.16, 1.26.15, 1.27.16, 1.28.15, 1.29.6, 1.30.14, 1.31.14,
 * 1.32.13, 1.33.13, 1.34.4, 1.35.4, 1.36.3, 1.37.2, each with its default feature gates.
 */
import { OperationalError } from '../shared/operational-error.ts';
import type { ProxyMode } from './configuration.ts';

/** How zone hints on endpoints become effective. */
export type ZoneHints =
  | 'never'
  /** Annotation `service.kubernetes.io/topology-aware-hints` is `Auto` or `auto`. */
  | 'annotation-auto'
  /** That annotation, or else `service.kubernetes.io/topology-mode`, is set and not `Disabled` or `disabled`. */
  | 'annotation-enabled'
  /** Hints count by themselves. */
  | 'always';

export interface Release {
  /** `1.37`. */
  readonly name: string;
  /** 37 for 1.37. */
  readonly minor: number;
  /** The spelling and layout of the rules of releases 1.2 to 1.8. */
  readonly classic: boolean;
  /** Serving endpoints that terminate are used where no endpoint is ready (gate ProxyTerminatingEndpoints). */
  readonly terminatingEndpoints: boolean;
  /** Node ports leave out loopback addresses that cannot work: `::1`, and 127.0.0.0/8 when `iptables.localhostNodePorts` is false. */
  readonly localhostNodePortsOption: boolean;
  /** A ClusterIP Service with external IPs is subject to `externalTrafficPolicy`. */
  readonly externalPolicyOnClusterIP: boolean;
  /** An address filter that matches no address of the node leaves node ports without any rule. */
  readonly nodePortsNeedNodeAddress: boolean;
  /** kube-proxy owns KUBE-FIREWALL (gate IPTablesOwnershipCleanup). */
  readonly kubeFirewall: boolean;
  /** A KUBE-FW chain ends in a rule that only carries a comment. */
  readonly firewallChainComment: boolean;
  /** The jumps to KUBE-FIREWALL are made after, not before, the one to KUBE-POSTROUTING. */
  readonly firewallJumpsLast: boolean;
  /** With nf_conntrack_tcp_be_liberal set, packets in state INVALID are not dropped. */
  readonly conntrackTCPLiberal: boolean;
  /** `ipMode: Proxy` keeps a load balancer's address out of the rules (gate LoadBalancerIPMode). */
  readonly loadBalancerIPMode: boolean;
  readonly zoneHints: ZoneHints;
  /** Counters of the kernel's nfacct are used where they exist. */
  readonly nfacct: boolean;
  /** `hints.forNodes` counts (gate PreferSameTrafficDistribution). */
  readonly nodeHints: boolean;
  /** A source range of length 0 voids `loadBalancerSourceRanges`. */
  readonly zeroSourceRangeAllowsAll: boolean;
  /** Of endpoints with the same address and port the one that does not terminate wins; before, a local one. */
  readonly duplicatesPreferNonTerminating: boolean;
  /** Gate AllowServiceExternalIPs is known. */
  readonly externalIPsGate: boolean;
  /** Mode userspace exists. */
  readonly userspace: boolean;
  /** Undefined where mode ipvs of the release is not compiled. */
  readonly ipvs: IpvsFeatures | undefined;
  /** Undefined where the release lacks mode nftables. */
  readonly nftables: NftablesFeatures | undefined;
}

/** What differs between releases in mode ipvs only. */
export interface IpvsFeatures {
  /** Source ranges of a load balancer hold for the node itself, too (chain KUBE-IPVS-OUT-FILTER). */
  readonly outFilter: boolean;
}

/** What differs between releases in mode nftables only. */
export interface NftablesFeatures {
  /**
   * Where its chains hook in: all filters just before destinations are translated, without or with those behind it, or
   * only the ones that need the original destination before.
   */
  readonly filterHooks: 'before-dnat' | 'around-dnat' | 'split';
  /** Packets in state INVALID are dropped, unless nf_conntrack_tcp_be_liberal is set. */
  readonly dropsInvalid: boolean;
  /** Node ports without endpoints are looked for in a chain of their own, for packets to this host only. */
  readonly nodePortEndpointsCheck: boolean;
  /** Ports of cluster IPs that no Service has are rejected, cluster IPs that no Service has dropped. */
  readonly clusterIPsCheck: boolean;
  /** Source ranges are a chain for each service port instead of sets for all. */
  readonly firewallChains: boolean;
  /** Elements of the map of those chains carry the ServicePortName. */
  readonly firewallComments: boolean;
  /** What an empty `nodePortAddresses` means: all addresses, the node IP (even for one empty family), or `primary`. */
  readonly defaultNodePortAddresses: 'all' | 'node-ip' | 'primary';
  /** An interface is matched by its index, which must exist, instead of its name. */
  readonly interfaceByIndex: boolean;
  /** ServiceCIDR objects are read (gate MultiCIDRServiceAllocator). */
  readonly serviceCIDRs: boolean;
  /** What marks cluster IP traffic for masquerading names the port, too. */
  readonly masqueradeNamesPort: boolean;
  /** Chains of service ports translate destinations themselves; before, each endpoint had a chain. */
  readonly inlineEndpoints: boolean;
  /** A single endpoint needs no random number. */
  readonly plainSingleEndpoint: boolean;
  /** Gate KubeProxyNFTablesLocalhostNodePorts is known. */
  readonly localhostNodePortsGate: boolean;
}

export const NEWEST_MINOR = 37;
export const OLDEST_MINOR = 25;
const CLASSIC_MINOR = 8;

/** `['1.8', '1.25', …, '1.37']`. */
export const SUPPORTED_RELEASES: readonly string[] = [
  `1.${CLASSIC_MINOR}`,
  ...Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, i) => `1.${OLDEST_MINOR + i}`),
];

/**
 * Reads `1.37`, `v1.37` or a full version such as `v1.37.2+k3s1`.
 * @throws OperationalError for a release that is not supported, naming those that are.
 */
export function parseRelease(text: string): Release {
  const match = /^v?1\.([0-9]{1,3})(?:[.+-].*)?$/.exec(text.trim());
  const name = match === null ? undefined : `1.${Number(match[1])}`;
  if (name === undefined || !SUPPORTED_RELEASES.includes(name)) {
    throw new OperationalError(
      `kube-proxy release ${JSON.stringify(text)} is not supported; supported are ${SUPPORTED_RELEASES.join(', ')}`,
    );
  }
  return releaseOfMinor(Number(match?.[1]));
}

export function newestRelease(): Release {
  return releaseOfMinor(NEWEST_MINOR);
}

/** Whether the mode of a release can be compiled. */
export function hasMode(release: Release, mode: ProxyMode): boolean {
  switch (mode) {
    case 'iptables':
      return true;
    case 'ipvs':
      return release.ipvs !== undefined;
    case 'nftables':
      return release.nftables !== undefined;
    case 'userspace':
      return release.userspace || release.classic;
    default:
      return mode satisfies never;
  }
}

/** The names of the releases that have something, oldest first. */
export function releasesWith(has: (release: Release) => boolean): readonly string[] {
  return SUPPORTED_RELEASES.filter((name) => has(parseRelease(name)));
}

/** Each release is one object, so that it is known again. */
const releases = new Map<number, Release>();

function releaseOfMinor(minor: number): Release {
  const known = releases.get(minor) ?? featuresOf(minor);
  releases.set(minor, known);
  return known;
}

function featuresOf(minor: number): Release {
  return {
    name: `1.${minor}`,
    minor,
    classic: minor <= CLASSIC_MINOR,
    terminatingEndpoints: minor >= 26,
    localhostNodePortsOption: minor >= 26,
    externalPolicyOnClusterIP: minor >= 29,
    nodePortsNeedNodeAddress: minor <= 26,
    kubeFirewall: minor >= 27,
    firewallChainComment: minor >= 27,
    firewallJumpsLast: minor >= 28,
    conntrackTCPLiberal: minor >= 29,
    loadBalancerIPMode: minor >= 30,
    zoneHints: zoneHints(minor),
    nfacct: minor >= 31,
    nodeHints: minor >= 34,
    zeroSourceRangeAllowsAll: minor >= 34,
    duplicatesPreferNonTerminating: minor >= 36,
    externalIPsGate: minor >= 36,
    userspace: minor <= 25,
    ipvs: minor >= 28 ? { outFilter: minor >= 29 } : undefined,
    nftables: minor >= 29 ? nftablesFeatures(minor) : undefined,
  };
}

function nftablesFeatures(minor: number): NftablesFeatures {
  return {
    filterHooks: minor >= 33 ? 'split' : minor >= 30 ? 'around-dnat' : 'before-dnat',
    dropsInvalid: minor <= 29,
    nodePortEndpointsCheck: minor >= 30,
    clusterIPsCheck: minor >= 30,
    firewallChains: minor >= 30,
    firewallComments: minor <= 30,
    defaultNodePortAddresses: minor >= 31 ? 'primary' : minor >= 30 ? 'node-ip' : 'all',
    interfaceByIndex: minor <= 32,
    serviceCIDRs: minor >= 33,
    masqueradeNamesPort: minor <= 33,
    inlineEndpoints: minor >= 36,
    plainSingleEndpoint: minor >= 37,
    localhostNodePortsGate: minor >= 37,
  };
}

function zoneHints(minor: number): ZoneHints {
  if (minor >= 31) return 'always';
  if (minor >= 27) return 'annotation-enabled';
  return minor >= OLDEST_MINOR ? 'annotation-auto' : 'never';
}
