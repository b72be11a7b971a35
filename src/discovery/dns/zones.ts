/**
 * The zones of a cluster. In: a cluster and how much of it is wanted. Out: for each zone its records, first the SOA, then
 * NS with their addresses, then the rest.
 */
import { answeredRecords, answerRecords } from './all-records.ts';
import { isSendableRecord, pointerTargets, soaRecord } from './answer.ts';
import { forwardZone, REVERSE_ZONES } from './dns-configuration.ts';
import { reverseName } from './host.ts';
import type { DnsSource } from './lookup.ts';
import { defaultNameServer, nameServers } from './name-servers.ts';
import { isSubdomain } from './names.ts';
import type { DnsRecord } from './record.ts';
import { transferredRecords } from './transfer.ts';

export interface Zone {
  /** Absolute. */
  readonly name: string;
  /** Computed anew at each walk. */
  readonly records: () => Iterable<DnsRecord>;
}

/** `transferred`: what CoreDNS hands out in a transfer; `answered`: all that it answers with. */
export type ZoneExtent = 'transferred' | 'answered';

/** Where CoreDNS's own address is not known: a zone without a name server is none. */
const NOBODY = { kind: 'A', address: '127.0.0.1' } as const;

export function zonesOf(source: DnsSource, extent: ZoneExtent): readonly Zone[] {
  const forward = forwardZone(source.configuration);
  const records = extent === 'transferred' ? transferredRecords : answeredWithVersion;
  return [
    { name: forward, records: () => withHead(source, forward, records(source)) },
    ...REVERSE_ZONES.map((zone) => ({
      name: zone,
      records: () => withHead(source, zone, pointerRecords(source, zone)),
    })),
  ];
}

function* answeredWithVersion(source: DnsSource): Generator<DnsRecord> {
  yield* answerRecords(source, `dns-version.${forwardZone(source.configuration)}`, 'TXT');
  yield* answeredRecords(source);
}

function* withHead(source: DnsSource, zone: string, records: Iterable<DnsRecord>): Generator<DnsRecord> {
  yield soaRecord(source, zone);
  const { ttl } = source.configuration;
  const servers = nameServers(source, zone);
  if (servers.length === 0) {
    const name = defaultNameServer(zone);
    yield { kind: 'NS', name: zone, ttl, target: name };
    yield { ...NOBODY, name, ttl };
  }
  for (const name of new Set(servers.map((server) => server.name))) {
    yield { kind: 'NS', name: zone, ttl, target: name };
  }
  const given = new Set<string>();
  for (const { name, host } of servers) {
    if (host.kind === 'CNAME') continue;
    given.add(`${name} ${host.value}`);
    yield { kind: host.kind, name, ttl, address: host.value };
  }
  for (const record of records) {
    const isGiven = 'address' in record && given.has(`${record.name} ${record.address}`);
    // An EndpointSlice that belongs to no Service gives a name with an empty label, which CoreDNS cannot send.
    if (!isGiven && isSendableRecord(record)) yield record;
  }
}

/** Cluster IPs in the order of their Services, then the addresses of endpoints. */
function* pointerRecords(source: DnsSource, zone: string): Generator<DnsRecord> {
  const { cluster, configuration } = source;
  const addresses = new Set([...cluster.byClusterIP.keys(), ...cluster.byEndpointIP.keys()]);
  for (const address of addresses) {
    const name = reverseName(address);
    if (name === undefined || !isSubdomain(zone, name)) continue;
    for (const target of pointerTargets(source, address)) {
      yield { kind: 'PTR', name, ttl: configuration.ttl, target };
    }
  }
}
