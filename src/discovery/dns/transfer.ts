/**
 * The records that CoreDNS hands out in a zone transfer (AXFR). In: a cluster. Out: its records, Service by Service, without
 * SOA and NS. Mirrors `transferServices` of the plugin `kubernetes` of CoreDNS 1.15.
 *
 * A transfer has less than what is answered: no Pods, no endpoints of Services with a cluster IP, no SRV records under the
 * name of a headless Service. Its weights share a hundred among one EndpointSlice's endpoints, not among all.
 */
import { srvWeight } from './answer-srv.ts';
import { forwardZone } from './dns-configuration.ts';
import { hostOf } from './host.ts';
import type { DnsSource } from './lookup.ts';
import { absolute } from './names.ts';
import type { DnsRecord } from './record.ts';
import type { ServedPort, ServedService, ServedSlice } from './served-cluster.ts';

/** Each Service's records are computed when they are asked for. */
export function* transferredRecords(source: DnsSource): Generator<DnsRecord> {
  for (const service of source.cluster.services) {
    yield* withoutDuplicates(serviceRecords(service, contextOf(service, source)));
  }
}

interface Context {
  /** The Service's name. */
  readonly base: string;
  readonly ttl: number;
}

function contextOf({ name, namespace }: ServedService, { configuration }: DnsSource): Context {
  return { base: `${name}.${namespace}.svc.${forwardZone(configuration)}`, ttl: configuration.ttl };
}

/** Records of different Services are never the same. */
function* withoutDuplicates(records: Iterable<DnsRecord>): Generator<DnsRecord> {
  const seen = new Set<string>();
  for (const record of records) {
    const key = JSON.stringify(record);
    if (seen.has(key)) continue;
    seen.add(key);
    yield record;
  }
}

function serviceRecords(service: ServedService, context: Context): Iterable<DnsRecord> {
  if (service.externalName !== undefined) return aliasRecords(service.externalName, context);
  return service.headless
    ? service.slices.flatMap((slice) => [...sliceRecords(slice, context)])
    : clusterIPRecords(service, context);
}

function* aliasRecords(externalName: string, { base, ttl }: Context): Generator<DnsRecord> {
  if (hostOf(externalName).kind !== 'CNAME') return;
  yield { kind: 'CNAME', name: base, ttl, target: absolute(externalName) };
}

function* clusterIPRecords(service: ServedService, { base, ttl }: Context): Generator<DnsRecord> {
  for (const { kind, value } of service.clusterIPs) {
    if (kind !== 'CNAME') yield { kind, name: base, ttl, address: value };
  }
  for (const port of service.ports) {
    const target = { ttl, priority: 0, weight: 100, port: portNumber(port), target: base };
    yield { kind: 'SRV', name: base, ...target };
    if (port.name !== '') yield { kind: 'SRV', name: portName(port, base), ...target };
  }
}

function* sliceRecords({ endpoints, ports }: ServedSlice, { base, ttl }: Context): Generator<DnsRecord> {
  const weight = srvWeight(endpoints.length);
  for (const { host, label } of endpoints) {
    const name = label === '' ? base : `${label}.${base}`;
    if (host.kind !== 'CNAME') {
      yield { kind: host.kind, name: base, ttl, address: host.value };
      yield { kind: host.kind, name, ttl, address: host.value };
    }
    // An endpoint that is a name has no address record, and so no name that could be a target: the root says so.
    const target = host.kind === 'CNAME' ? '.' : name;
    for (const port of ports) {
      if (port.name === '') continue;
      yield {
        kind: 'SRV',
        name: portName(port, base),
        ttl,
        priority: 0,
        weight,
        port: portNumber(port),
        target,
      };
    }
  }
}

/** `_http._tcp.web.prod.svc.cluster.local.` */
export function portName({ name, protocol }: ServedPort, base: string): string {
  return `_${name}._${protocol}.`.toLowerCase() + base;
}

/** In a record a number has 16 bits, and a port without one is -1. */
function portNumber({ port }: ServedPort): number {
  return port & 0xffff;
}
