/**
 * Answers questions of type SRV. In: a name. Out: ports and targets, and the targets' addresses. Mirrors `SRV` of
 * backend_lookup.go of CoreDNS 1.15.
 */
import { type DnsSource, type Found, findHits, hasPort } from './lookup.ts';
import { defaultNameServer } from './name-servers.ts';
import type { AddressRecord, SrvRecord } from './record.ts';

/**
 * @param name absolute, in any case
 * @param zone its zone, in the spelling of the name
 * @returns undefined where the name does not exist
 */
export function srvAnswer(source: DnsSource, name: string, zone: string): Found | undefined {
  if (name.toLowerCase() === defaultNameServer(zone)) return { answer: [] };
  const found = findHits(source, name.toLowerCase(), zone);
  if (found === undefined) return undefined;
  const hits = found.filter(({ host }) => host.kind !== 'CNAME');
  const { ttl } = source.configuration;
  const weight = srvWeight(hits.length);
  const answer = new Map<string, SrvRecord>();
  const additional = new Map<string, AddressRecord>();
  for (const hit of hits) {
    if (!hasPort(hit)) continue;
    const { host, port, name: target } = hit;
    answer.set(`${target} ${port}`, { kind: 'SRV', name, ttl, priority: 0, weight, port, target });
    if (host.kind === 'CNAME') continue;
    additional.set(`${target} ${host.text}`, { kind: host.kind, name: target, ttl, address: host.value });
  }
  return { answer: [...answer.values()], additional: [...additional.values()] };
}

/**
 * The equal share of each of `count` targets in a hundred, at least 1. Every address and port counts, also where two of
 * them make one record.
 */
export function srvWeight(count: number): number {
  return Math.max(1, Math.floor((100 / (100 * count)) * 100));
}
