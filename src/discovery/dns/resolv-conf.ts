/**
 * The `/etc/resolv.conf` of a Pod. In: the Pod and the cluster's DNS. Out: name servers, search list and options. Mirrors
 * `GetPodDNS` of kubelet 1.37 (pkg/kubelet/network/dns), without what it adds from the node's own resolv.conf.
 */
import type { Pod } from '../../apiserver/objects.ts';

export interface ResolvConf {
  /** Of which the file follows: not always what the Pod says. */
  readonly policy: 'ClusterFirst' | 'Default' | 'None';
  readonly nameServers: readonly string[];
  /** As the file has them: with a dot at their end where the Pod says so. */
  readonly search: readonly string[];
  /** `ndots` and its like, in the order in which they are written; the value is empty for a flag. */
  readonly options: ReadonlyMap<string, string>;
}

const MOST_NAME_SERVERS = 3;
const MOST_SEARCH_DOMAINS = 32;
const LONGEST_DOMAIN = 253;
const LONGEST_SEARCH_LIST = 2048;

/** @param clusterDns the address that the kubelet gives to Pods as their name server */
export function podResolvConf(
  { metadata, spec }: Pod,
  clusterDomain: string,
  clusterDns: string,
): ResolvConf {
  const policy = policyOf(spec?.dnsPolicy, spec?.hostNetwork ?? false);
  const config = spec?.dnsConfig ?? {};
  const isCluster = policy === 'ClusterFirst';
  const domains = [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  const options = new Map(isCluster ? [['ndots', '5']] : []);
  for (const { name, value } of config.options ?? []) if (name) options.set(name, value ?? '');
  return {
    policy,
    nameServers: merged(isCluster ? [clusterDns] : [], config.nameservers).slice(0, MOST_NAME_SERVERS),
    search: withinLimits(merged(isCluster ? domains : [], config.searches)),
    options,
  };
}

/** A Pod on the node's network is given the node's file, unless it asks for the cluster's by name. */
function policyOf(policy: string | undefined, hostNetwork: boolean): ResolvConf['policy'] {
  if (policy === 'None' || policy === 'Default') return policy;
  return hostNetwork && policy !== 'ClusterFirstWithHostNet' ? 'Default' : 'ClusterFirst';
}

function merged(first: readonly string[], second: readonly string[] = []): string[] {
  return [...new Set([...first, ...second])];
}

/** As many of the first ones as fit. */
function withinLimits(search: readonly string[]): string[] {
  const kept: string[] = [];
  for (const domain of search.slice(0, MOST_SEARCH_DOMAINS)) {
    if (domain.length > LONGEST_DOMAIN) continue;
    if ([...kept, domain].join(' ').length > LONGEST_SEARCH_LIST) break;
    kept.push(domain);
  }
  return kept;
}

/** How many dots a name needs to be tried as it is before it is tried with the search list. Mirrors `res_setoptions` of glibc. */
export function ndotsOf({ options }: ResolvConf): number {
  const value = options.get('ndots');
  if (value === undefined || value === '') return 1;
  const [digits] = /^[+-]?[0-9]+/.exec(value) ?? ['0'];
  const number = Number(digits);
  // It is kept in four bits.
  return number > 15 ? 15 : number & 15;
}

/** The lines of the file. */
export function confText({ nameServers, search, options }: ResolvConf): string {
  const words = [...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`));
  const lines = [
    ...nameServers.map((address) => `nameserver ${address}`),
    ...(search.length === 0 ? [] : [`search ${search.join(' ')}`]),
    ...(words.length === 0 ? [] : [`options ${words.join(' ')}`]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
