/**
 * Compares what two nodes in mode ipvs have of one family, without meaning. In: virtual servers, ipsets, the addresses on the
 * dummy device and the rules of iptables around them. Out: what differs of kube-proxy's own, and the rules of others that
 * may meet Service traffic.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type {
  BoundAddress,
  ListedIPSet,
  ListedRealServer,
  ListedServer,
  ListedSetEntry,
} from '../../backends/ipvs/listed.ts';
import { serviceKey } from '../../backends/ipvs/service-key.ts';
import { isIPv6, parseIP } from '../../shared/ip.ts';
import type { IpvsRules } from '../../trace/node-rules.ts';
import type { ChainLines, Unknown } from '../change.ts';
import type { Compared, Difference } from '../compared.ts';
import { compareIptables } from '../iptables/compare.ts';
import type { TrafficReach } from '../traffic-reach.ts';
import { type IpvsLine, ipvsLineText } from './line-facts.ts';

/** Places that are no chains. */
const SERVERS = { table: 'ipvs', chain: 'virtual servers' };
const ADDRESSES = { table: 'addresses', chain: 'kube-ipvs0' };
const SETS = 'ipset';

/** Its sets are of one family each, by their names. */
const OWN_SET: Readonly<Record<IPFamily, RegExp>> = { IPv4: /^KUBE-(?!6-)/, IPv6: /^KUBE-6-/ };

export function compareIpvs(
  family: IPFamily,
  intended: IpvsRules,
  actual: IpvsRules,
  reach: TrafficReach,
): Compared {
  // In this mode no chain is shared out among Services: the order of its rules counts.
  const around = compareIptables(family, intended.iptables, actual.iptables, reach, new Set());
  const differences = [
    ...around.differences,
    ...compareServers(serversOf(intended, family), serversOf(actual, family)),
    ...compareSets(setsOf(intended, family), setsOf(actual, family)),
    ...compareAddresses(addressesOf(intended, family), addressesOf(actual, family)),
  ];
  const sets = setsOf(intended, family).map(({ name }) => name);
  const shared = new Set([SERVERS.chain, ADDRESSES.chain, ...sets]);
  return {
    ...around,
    differences,
    // Its own chains are always referred to; those that are not are of another mode.
    stale: [],
    unreadable: [...around.unreadable, ...unreadable(family, actual)],
    isShared: (chain) => shared.has(chain),
    isBeforeTranslation: (table) => table === SERVERS.table || table === ADDRESSES.table || table === SETS,
    owners: () => new Map(),
    hasChains: () => false,
    intended: () => intended,
    actual: (passedOver) => {
      const iptables = around.actual(passedOver);
      return iptables.kind === 'iptables' ? { ...actual, iptables } : actual;
    },
    chainLines: (place, foreign) => {
      if (![SERVERS.table, ADDRESSES.table, SETS].includes(place.table))
        return around.chainLines(place, foreign);
      return linesOf(family, place, intended, actual);
    },
  };
}

function serversOf({ servers }: IpvsRules, family: IPFamily): readonly ListedServer[] {
  return servers.servers.filter(({ service }) =>
    service.kind === 'mark' ? service.family === family : isOf(family, service.socket.address),
  );
}

function addressesOf({ bound }: IpvsRules, family: IPFamily): readonly BoundAddress[] {
  return bound.addresses.filter(
    ({ device, address }) => device === ADDRESSES.chain && isOf(family, address) && !isLinkLocal(address),
  );
}

/** The kernel gives one to every device of IPv6. */
function isLinkLocal(address: string): boolean {
  return /^fe[89ab][0-9a-f]:/i.test(address);
}

function setsOf({ sets }: IpvsRules, family: IPFamily): readonly ListedIPSet[] {
  return sets.sets.filter(({ name }) => OWN_SET[family].test(name));
}

function isOf(family: IPFamily, address: string): boolean {
  const ip = parseIP(address);
  return ip !== undefined && isIPv6(ip) === (family === 'IPv6');
}

/** The order of virtual servers, and of the real servers of one, is chance. */
function compareServers(
  intended: readonly ListedServer[],
  actual: readonly ListedServer[],
): readonly Difference[] {
  const found = new Map(actual.map((server) => [serviceKey(server.service), server]));
  const wanted = new Set(intended.map(({ service }) => serviceKey(service)));
  const missing: IpvsLine[] = [];
  const extra: IpvsLine[] = [];
  for (const server of intended) {
    const other = found.get(serviceKey(server.service));
    if (other === undefined) {
      missing.push(server, ...server.realServers);
      continue;
    }
    if (server.text !== other.text) {
      missing.push(server);
      extra.push(other);
    }
    const reals = subtract<ListedRealServer>(server.realServers, other.realServers, ipvsLineText);
    missing.push(...reals.missing);
    // What has no weight only waits for its open connections to end.
    extra.push(...reals.extra.filter(({ weight }) => weight > 0));
  }
  for (const server of actual) {
    if (!wanted.has(serviceKey(server.service))) extra.push(server);
  }
  return difference(SERVERS, missing, extra);
}

function compareSets(
  intended: readonly ListedIPSet[],
  actual: readonly ListedIPSet[],
): readonly Difference[] {
  const found = new Map(actual.map((set) => [set.name, set]));
  return intended.flatMap((set) => {
    const other = found.get(set.name);
    const entries = subtract<ListedSetEntry>(set.entries, other?.entries ?? [], entryKey);
    const isSame = other !== undefined && other.type === set.type;
    const missing: IpvsLine[] = isSame ? [] : [set];
    const extra: IpvsLine[] = isSame || other === undefined ? [] : [other];
    return difference(
      { table: SETS, chain: set.name },
      [...missing, ...entries.missing],
      [...extra, ...entries.extra],
    );
  });
}

function entryKey({ parts, nomatch }: ListedSetEntry): string {
  const key = parts.map((part) => {
    if (part.kind === 'network') return `${part.address}/${part.prefixLength}`;
    return part.kind === 'port' ? `${part.protocol ?? ''}:${part.port}` : part.text;
  });
  return `${key.join(',')}${nomatch ? ' nomatch' : ''}`;
}

function compareAddresses(
  intended: readonly BoundAddress[],
  actual: readonly BoundAddress[],
): readonly Difference[] {
  const { missing, extra } = subtract(intended, actual, ({ address }) => address);
  return difference(ADDRESSES, missing, extra);
}

function difference(
  place: { readonly table: string; readonly chain: string },
  missing: readonly IpvsLine[],
  extra: readonly IpvsLine[],
): readonly Difference[] {
  return missing.length + extra.length === 0 ? [] : [{ ...place, missing, extra, reordered: false }];
}

function subtract<T>(
  intended: readonly T[],
  actual: readonly T[],
  keyOf: (line: T) => string,
): { readonly missing: readonly T[]; readonly extra: readonly T[] } {
  const [wanted, found] = [new Set(intended.map(keyOf)), new Set(actual.map(keyOf))];
  return {
    missing: intended.filter((line) => !found.has(keyOf(line))),
    extra: actual.filter((line) => !wanted.has(keyOf(line))),
  };
}

/** What hides there may do anything, so the two sides are never equal. */
function unreadable(family: IPFamily, { servers, sets }: IpvsRules): readonly Unknown[] {
  return [...servers.problems, ...sets.problems].map(({ text, problem }): Unknown => {
    const consequence = `${problem}: what this line stands for may do anything to any Service`;
    return { family, reason: problem, rule: text.slice(0, 200), services: 0, consequence, open: true };
  });
}

function linesOf(
  family: IPFamily,
  { table, chain }: { readonly table: string; readonly chain: string },
  intended: IpvsRules,
  actual: IpvsRules,
): ChainLines {
  const of = (rules: IpvsRules): readonly string[] => {
    if (table === ADDRESSES.table) return addressesOf(rules, family).map(ipvsLineText);
    if (table === SERVERS.table)
      return serversOf(rules, family).flatMap((server) => [server, ...server.realServers].map(ipvsLineText));
    const set = setsOf(rules, family).find(({ name }) => name === chain);
    return set === undefined ? [] : [set, ...set.entries].map(ipvsLineText);
  };
  return { family, table, chain, intended: [...of(intended)].sort(), actual: [...of(actual)].sort() };
}
