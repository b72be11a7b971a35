/**
 * The records that CoreDNS answers with. In: a cluster. Out: the answers to all names of the specification, Service by
 * Service, then Pod by Pod, without SOA and NS. What a transfer leaves out is here, and weights are those of answers.
 */
import { answerQuestion } from './answer.ts';
import { forwardZone } from './dns-configuration.ts';
import { dashedAddress, hostOf } from './host.ts';
import type { DnsSource } from './lookup.ts';
import type { DnsRecord, QueryType } from './record.ts';
import type { ServedService } from './served-cluster.ts';
import { portName } from './transfer.ts';

/**
 * Each Service's records are computed when they are asked for. Under `pods insecure`, where every address is answered, the
 * Pods of the input stand for them all.
 */
export function* answeredRecords(source: DnsSource): Generator<DnsRecord> {
  const zone = forwardZone(source.configuration);
  for (const service of source.cluster.services) yield* serviceRecords(source, service, zone);
  if (source.configuration.pods === 'disabled') return;
  for (const [address, namespaces] of source.cluster.podNamespaces) {
    const { kind } = hostOf(address);
    if (kind === 'CNAME') continue;
    for (const namespace of namespaces) {
      yield* ask(source, `${dashedAddress(address)}.${namespace}.pod.${zone}`, [kind]);
    }
  }
}

function* serviceRecords(source: DnsSource, service: ServedService, zone: string): Generator<DnsRecord> {
  const base = `${service.name}.${service.namespace}.svc.${zone}`;
  if (service.externalName !== undefined) return yield* ask(source, base, ['CNAME']);
  yield* ask(source, base, ['A', 'AAAA', 'SRV']);
  const ports = service.headless ? service.slices.flatMap((slice) => slice.ports) : service.ports;
  const named = ports.filter((port) => port.name !== '');
  for (const name of new Set(named.map((port) => portName(port, base)))) yield* ask(source, name, ['SRV']);
  for (const label of source.cluster.labelled(service).keys()) {
    if (label !== '') yield* ask(source, `${label}.${base}`, ['A', 'AAAA', 'SRV']);
  }
}

function* ask(source: DnsSource, name: string, types: readonly QueryType[]): Generator<DnsRecord> {
  for (const type of types) yield* answerRecords(source, name, type);
}

/**
 * The records of a name, without what a CNAME leads to; and without the CNAMEs of endpoints that are names, of which no zone
 * can have several.
 */
export function answerRecords(source: DnsSource, name: string, type: QueryType): readonly DnsRecord[] {
  const result = answerQuestion(source, name, type);
  return result.kind === 'answer' ? result.answer.filter((record) => record.kind === type) : [];
}
