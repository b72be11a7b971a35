/** What `dns` and `dns query` share. In: their flags. Out: how the cluster's DNS is set up. */
import { DEFAULT_DNS_CONFIGURATION, type PodMode } from '../../discovery/dns/dns-configuration.ts';
import type { DnsRequest } from '../../library/dns.ts';
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

export function dnsRequest(options: DnsOptions): DnsRequest {
  const { clusterDomain, ttl, serviceCidr } = options;
  const { pods, serial } = { ...DEFAULT_DNS_CONFIGURATION, ...options };
  return {
    configuration: { clusterDomain, ttl, pods, serial },
    serviceCIDRs: serviceCidr?.split(','),
    live: isLive(options),
  };
}
