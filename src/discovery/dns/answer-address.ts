/**
 * Answers questions of type A and AAAA. In: a name. Out: its addresses, after the chain of CNAMEs that leads to them. Mirrors
 * `A` and `AAAA` of backend_lookup.go of CoreDNS 1.15.
 */
import { servedZones } from './dns-configuration.ts';
import { type DnsSource, type Found, findHits, type Hit } from './lookup.ts';
import { defaultNameServer, nameServers } from './name-servers.ts';
import { absolute, isSubdomain, zoneOfName } from './names.ts';
import type { DnsRecord, TargetRecord } from './record.ts';

const LONGEST_CHAIN = 10;

/**
 * @param name absolute, in any case
 * @param zone its zone, in the spelling of the name
 * @param chain the CNAMEs that have led here
 * @returns undefined where the name does not exist
 */
export function addressAnswer(
  source: DnsSource,
  name: string,
  zone: string,
  type: 'A' | 'AAAA',
  chain: readonly TargetRecord[] = [],
): Found | undefined {
  const hits = addressHits(source, name.toLowerCase(), zone);
  if (hits === undefined) return undefined;
  const { ttl } = source.configuration;
  const seen = new Set<string>();
  const answer: DnsRecord[] = [];
  for (const { host } of hits) {
    if (host.kind === 'CNAME') {
      answer.push(...followAlias(source, name, zone, type, host.text, chain));
    } else if (host.kind === type && !seen.has(host.text)) {
      seen.add(host.text);
      answer.push({ kind: type, name, ttl, address: host.value });
    }
  }
  return { answer };
}

function addressHits(
  source: DnsSource,
  name: string,
  zone: string,
): readonly Pick<Hit, 'host'>[] | undefined {
  if (name === defaultNameServer(zone)) return nameServers(source, zone);
  return findHits(source, name, zone);
}

/** A CNAME and what it leads to; nothing where a cluster's name leads nowhere. */
function followAlias(
  source: DnsSource,
  name: string,
  zone: string,
  type: 'A' | 'AAAA',
  host: string,
  chain: readonly TargetRecord[],
): readonly DnsRecord[] {
  const target = absolute(host);
  if (isSubdomain(name, target)) return [];
  const alias: TargetRecord = { kind: 'CNAME', name, ttl: source.configuration.ttl, target };
  if (chain.length > LONGEST_CHAIN || chain.some((before) => before.target === target)) return [];
  if (!isSubdomain(zone, target)) {
    // CoreDNS asks itself again, and so its other zones.
    const other = zoneOfName(servedZones(source.configuration), target);
    const elsewhere = other === undefined ? undefined : addressAnswer(source, target, other, type);
    return [alias, ...(elsewhere?.answer ?? [])];
  }
  const next = addressAnswer(source, target, zone, type, [...chain, alias]);
  return next === undefined || next.answer.length === 0 ? [] : [alias, ...next.answer];
}
