/** The cluster DNS as functions. In: a cluster and how its DNS is set up. Out: what its answers follow from, and how a Pod looks a name up. */
import { DEFAULT_ADMISSION_OPTIONS } from '../apiserver/admit.ts';
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Pod } from '../apiserver/objects.ts';
import { DEFAULT_DNS_CONFIGURATION, type DnsConfiguration } from '../discovery/dns/dns-configuration.ts';
import type { DnsSource } from '../discovery/dns/lookup.ts';
import type { QueryType } from '../discovery/dns/record.ts';
import { podResolvConf, type ResolvConf } from '../discovery/dns/resolv-conf.ts';
import { type Attempt, resolve } from '../discovery/dns/resolve.ts';
import { type ServedCluster, serveCluster } from '../discovery/dns/served-cluster.ts';
import { formatIP, parseCIDR } from '../shared/ip.ts';

export interface DnsRequest {
  /** What differs from `DEFAULT_DNS_CONFIGURATION`. */
  readonly configuration?: Partial<Omit<DnsConfiguration, 'serverAddresses'>>;
  /** Where cluster IPs are taken from; default: the cluster's own ServiceCIDR, else Kubernetes' default. */
  readonly serviceCIDRs?: readonly string[] | undefined;
  /** The cluster is a live one: its Services tell the API server's address. */
  readonly live?: boolean;
}

export function dnsSource(state: ClusterState, request: DnsRequest = {}): DnsSource {
  // The API server takes the first address of the cluster IPs.
  const cluster = serveCluster(state, request.live ? undefined : addressOfServices(state, request, 1));
  const serverAddresses = addressesOfDns(cluster);
  return {
    cluster,
    configuration: { ...DEFAULT_DNS_CONFIGURATION, ...request.configuration, serverAddresses },
  };
}

export interface LookUp {
  /** Of the Pod; undefined where CoreDNS itself is asked. */
  readonly resolvConf: ResolvConf | undefined;
  /** Each name that is tried, and its answer. */
  readonly attempts: readonly Attempt[];
}

/** Looks a name up as a program in a Pod does, or without a Pod asks CoreDNS itself. */
export function lookUp(
  state: ClusterState,
  name: string,
  { type = 'A', pod, ...request }: DnsRequest & { readonly type?: QueryType; readonly pod?: Pod | undefined },
): LookUp {
  const source = dnsSource(state, request);
  const clusterDns = clusterDnsIP(source.cluster, state, request);
  const conf = pod && podResolvConf(pod, source.configuration.clusterDomain, clusterDns);
  const isCluster = conf === undefined || conf.nameServers[0] === clusterDns;
  return { resolvConf: conf, attempts: resolve(source, name, type, conf, isCluster) };
}

const DNS_SERVICE = 'kube-dns.kube-system';

/** What kubeadm gives CoreDNS's Service where the cluster lacks it. */
function clusterDnsIP(cluster: ServedCluster, state: ClusterState, request: DnsRequest): string {
  const [address] = cluster.byName.get(DNS_SERVICE)?.clusterIPs ?? [];
  return address?.text ?? addressOfServices(state, request, 10) ?? '10.96.0.10';
}

/** The address with this number among the cluster IPs. */
function addressOfServices(
  state: ClusterState,
  { serviceCIDRs }: DnsRequest,
  number: number,
): string | undefined {
  const initial = state.serviceCIDRs.find(({ metadata }) => metadata.name === 'kubernetes');
  const [text = ''] = serviceCIDRs ?? initial?.spec?.cidrs ?? DEFAULT_ADMISSION_OPTIONS.serviceCIDRs;
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
