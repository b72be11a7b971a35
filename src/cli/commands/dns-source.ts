/** What `dns` and `dns query` share. In: flags and a cluster. Out: what all answers follow from. */
import { DEFAULT_ADMISSION_OPTIONS } from '../../apiserver/admit.ts';
import type { ClusterState } from '../../apiserver/cluster-state.ts';
import { DEFAULT_DNS_CONFIGURATION, type PodMode } from '../../discovery/dns/dns-configuration.ts';
import type { DnsSource } from '../../discovery/dns/lookup.ts';
import { type ServedCluster, serveCluster } from '../../discovery/dns/served-cluster.ts';
import { formatIP, parseCIDR } from '../../shared/ip.ts';
import { isLive } from '../load-input.ts';
import type { ClusterOptions, CommonOptions, InputOptions } from '../options.ts';

export interface DnsOptions extends InputOptions, ClusterOptions, CommonOptions {
  readonly clusterDomain: string;
  readonly ttl: number;
  readonly pods?: PodMode;
  readonly serial?: number;
}

/** What Services have no endpoints is of no concern here. */
export const UNSAID = ['NoEndpointsInInput'];

export function dnsSource(state: ClusterState, options: DnsOptions): DnsSource {
  const { pods, serial } = DEFAULT_DNS_CONFIGURATION;
  const { clusterDomain, ttl } = options;
  const cluster = serveCluster(state, apiServerIP(state, options));
  const serverAddresses = addressesOfDns(cluster);
  const configuration = {
    clusterDomain,
    ttl,
    pods: options.pods ?? pods,
    serial: options.serial ?? serial,
    serverAddresses,
  };
  return { cluster, configuration };
}

/** The API server takes the first address of the cluster IPs. A live cluster tells it by its Services. */
function apiServerIP(state: ClusterState, options: DnsOptions): string | undefined {
  return isLive(options) ? undefined : addressOfServices(state, options, 1);
}

/** What kubeadm gives CoreDNS's Service where the cluster lacks it. */
export function clusterDnsIP(cluster: ServedCluster, state: ClusterState, options: DnsOptions): string {
  const [address] = cluster.byName.get(DNS_SERVICE)?.clusterIPs ?? [];
  return address?.text ?? addressOfServices(state, options, 10) ?? '10.96.0.10';
}

const DNS_SERVICE = 'kube-dns.kube-system';

/** The address with this number among the cluster IPs. */
function addressOfServices(state: ClusterState, options: DnsOptions, number: number): string | undefined {
  const initial = state.serviceCIDRs.find(({ metadata }) => metadata.name === 'kubernetes');
  const [text = ''] =
    options.serviceCidr?.split(',') ?? initial?.spec?.cidrs ?? DEFAULT_ADMISSION_OPTIONS.serviceCIDRs;
  const cidr = parseCIDR(text);
  if (cidr === undefined) return undefined;
  return formatIP(
    cidr.network.map((byte, i) => (i === cidr.network.length - 1 ? (byte + number) & 255 : byte)),
  );
}

/** Where CoreDNS runs: its Service is what NS records name. */
function addressesOfDns(cluster: ServedCluster): string[] {
  const slices = cluster.byName.get(DNS_SERVICE)?.slices ?? [];
  return slices.flatMap(({ endpoints }) => endpoints.map(({ host }) => host.text));
}
