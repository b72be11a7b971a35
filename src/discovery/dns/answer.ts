/**
 * Answers a question as CoreDNS does. In: a name and a type. Out: the records of the answer, or that there is no such name.
 *
 * Mirrors `ServeDNS` of the plugin `kubernetes` of CoreDNS 1.15 and, of package `plugin`, backend_lookup.go.
 */
import { addressAnswer } from './answer-address.ts';
import { srvAnswer } from './answer-srv.ts';
import { DNS_SCHEMA_VERSION, DNS_VERSION_TTL, forwardZone, servedZones } from './dns-configuration.ts';
import { addressOfReverseName } from './host.ts';
import { type DnsSource, type Found, findHits } from './lookup.ts';
import { defaultNameServer, nameServers } from './name-servers.ts';
import { absolute, isSendable, zoneOfName } from './names.ts';
import type { DnsRecord, QueryType, SoaRecord } from './record.ts';

export type DnsAnswer =
  /** With an empty `answer`, the name exists and has no record of the type (NODATA). */
  | {
      readonly kind: 'answer';
      readonly answer: readonly DnsRecord[];
      /** The SOA of the zone where the answer is empty. */
      readonly authority: readonly DnsRecord[];
      readonly additional: readonly DnsRecord[];
    }
  | { readonly kind: 'name-error'; readonly authority: readonly DnsRecord[] }
  /** CoreDNS has an answer that cannot be sent, and says nothing: some name in it is none, having an empty label. */
  | { readonly kind: 'no-reply' }
  /** The name belongs to no zone of the cluster: CoreDNS asks a server outside, which is not known here. */
  | { readonly kind: 'outside' };

/** @param name absolute, in any case: owners of records are written as in the question */
export function answerQuestion(source: DnsSource, name: string, type: QueryType): DnsAnswer {
  const zone = zoneOfName(servedZones(source.configuration), name);
  if (zone === undefined) return { kind: 'outside' };
  const found = find(source, name, zone, type);
  if (found === undefined) return { kind: 'name-error', authority: [soaRecord(source, zone)] };
  const { answer, additional = [] } = found;
  if (![...answer, ...additional].every(isSendableRecord)) return { kind: 'no-reply' };
  const authority = answer.length === 0 ? [soaRecord(source, zone)] : [];
  return { kind: 'answer', answer, authority, additional };
}

export function isSendableRecord(record: DnsRecord): boolean {
  return isSendable(record.name) && (!('target' in record) || isSendable(record.target));
}

/** `@ IN SOA ns.dns.cluster.local. hostmaster.cluster.local. SERIAL 7200 1800 86400 5` */
export function soaRecord({ configuration }: DnsSource, zone: string): SoaRecord {
  return {
    kind: 'SOA',
    name: zone,
    ttl: Math.min(configuration.ttl, 300),
    nameServer: defaultNameServer(zone),
    mailbox: `hostmaster.${zone}`,
    serial: configuration.serial,
    refresh: 7200,
    retry: 1800,
    expire: 86_400,
    minimum: configuration.ttl,
  };
}

function find(source: DnsSource, name: string, zone: string, type: QueryType): Found | undefined {
  switch (type) {
    case 'A':
    case 'AAAA':
      return addressAnswer(source, name, zone, type);
    case 'SRV':
      return srvAnswer(source, name, zone);
    case 'CNAME':
      return cnameAnswer(source, name, zone);
    case 'PTR':
      return ptrAnswer(source, name, zone);
    case 'TXT':
      return txtAnswer(source, name, zone);
    case 'SOA':
      return name === zone ? { answer: [soaRecord(source, zone)] } : { answer: [] };
    case 'NS':
      // In another spelling than lower case CoreDNS does not know its own zone.
      return name.toLowerCase() === zone ? nsAnswer(source, zone) : existence(source, name, zone);
    case 'MX':
      return mxAnswer(source, name, zone);
  }
}

/** For types that nothing has: whether the name exists. */
function existence(source: DnsSource, name: string, zone: string): Found | undefined {
  return addressAnswer(source, name, zone, 'A') === undefined ? undefined : { answer: [] };
}

function mxAnswer(source: DnsSource, name: string, zone: string): Found | undefined {
  const isServer = name.toLowerCase() === defaultNameServer(zone);
  return isServer || findHits(source, name.toLowerCase(), zone) !== undefined ? { answer: [] } : undefined;
}

function cnameAnswer(source: DnsSource, name: string, zone: string): Found | undefined {
  if (name.toLowerCase() === defaultNameServer(zone)) return { answer: [] };
  const hits = findHits(source, name.toLowerCase(), zone);
  if (hits === undefined) return undefined;
  const [hit] = hits;
  if (hit?.host.kind !== 'CNAME') return { answer: [] };
  const { ttl } = source.configuration;
  return { answer: [{ kind: 'CNAME', name, ttl, target: absolute(hit.host.text) }] };
}

function txtAnswer(source: DnsSource, name: string, zone: string): Found | undefined {
  if (name.toLowerCase() === `dns-version.${zone}`.toLowerCase()) {
    return { answer: [{ kind: 'TXT', name, ttl: DNS_VERSION_TTL, text: DNS_SCHEMA_VERSION }] };
  }
  // For this type CoreDNS denies even names that exist, if they have no records of any type.
  const hits = findHits(source, name.toLowerCase(), zone) ?? [];
  return hits.length === 0 ? undefined : { answer: [] };
}

function nsAnswer(source: DnsSource, zone: string): Found {
  const { ttl } = source.configuration;
  const servers = nameServers(source, zone);
  const targets = [...new Set(servers.map(({ name }) => name))];
  return {
    answer: targets.map((target) => ({ kind: 'NS', name: zone, ttl, target })),
    additional: servers.flatMap(({ name, host: { kind, value } }) =>
      kind === 'CNAME' ? [] : [{ kind, name, ttl, address: value }],
    ),
  };
}

function ptrAnswer(source: DnsSource, name: string, zone: string): Found | undefined {
  const address = addressOfReverseName(name.toLowerCase());
  if (address === undefined) {
    return findHits(source, name.toLowerCase(), zone) === undefined ? undefined : { answer: [] };
  }
  const targets = pointerTargets(source, address);
  if (targets.length === 0) return undefined;
  const { ttl } = source.configuration;
  return { answer: targets.map((target) => ({ kind: 'PTR', name, ttl, target })) };
}

/** The Service that has the address; else the names of all endpoints that have it. */
export function pointerTargets({ cluster, configuration }: DnsSource, address: string): string[] {
  const below = `svc.${forwardZone(configuration)}`;
  const service = cluster.byClusterIP.get(address);
  if (service !== undefined) return [`${service.name}.${service.namespace}.${below}`];
  const names = cluster.byEndpointIP.get(address) ?? [];
  return [...new Set(names.map((name) => `${name.label}.${name.service}.${below}`))];
}
