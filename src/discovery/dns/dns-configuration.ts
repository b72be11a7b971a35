/**
 * How a cluster's DNS is set up. In: nothing; this file has shapes and defaults. Mirrors the options of the plugin
 * `kubernetes` in a Corefile of CoreDNS 1.15.
 */

/**
 * Whether `10-244-1-8.NAMESPACE.pod` is answered: for every address, for those of Pods of the namespace, or never.
 */
export const POD_MODES = ['disabled', 'insecure', 'verified'] as const;

export type PodMode = (typeof POD_MODES)[number];

export interface DnsConfiguration {
  /** Without a dot at its end: `cluster.local`. */
  readonly clusterDomain: string;
  /** Seconds, 0 to 3600. */
  readonly ttl: number;
  readonly pods: PodMode;
  /** The addresses of the CoreDNS that answers. Its Service, if it has one, is what NS records name. */
  readonly serverAddresses: readonly string[];
  /** Of the SOA; CoreDNS takes the time of the last change. */
  readonly serial: number;
}

/** As kubeadm's Corefile has it. Where a Corefile says nothing, CoreDNS takes `pods disabled` and `ttl 5`. */
export const DEFAULT_DNS_CONFIGURATION: DnsConfiguration = {
  clusterDomain: 'cluster.local',
  ttl: 30,
  pods: 'insecure',
  serverAddresses: [],
  serial: 1,
};

/** The version of the specification that the records follow. */
export const DNS_SCHEMA_VERSION = '1.1.0';

/** Seconds for which `dns-version` may be remembered, whatever the configuration says. */
export const DNS_VERSION_TTL = 28_800;

export const REVERSE_ZONES: readonly string[] = ['in-addr.arpa.', 'ip6.arpa.'];

/** The cluster domain as an absolute name. */
export function forwardZone({ clusterDomain }: DnsConfiguration): string {
  return `${clusterDomain}.`;
}

/** All zones that CoreDNS serves for a cluster, with kubeadm's Corefile. */
export function servedZones(configuration: DnsConfiguration): readonly string[] {
  return [forwardZone(configuration), ...REVERSE_ZONES];
}
