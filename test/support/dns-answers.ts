/**
 * What the real CoreDNS says of a cluster, and what we say, as lines that can be compared. In: a result of the oracle's stages
 * (test/oracle/api). Out: lines of one form for both sides.
 */
import { prepareCluster } from '../../src/controllers/prepare-cluster.ts';
import { answerQuestion, isSendableRecord, soaRecord } from '../../src/discovery/dns/answer.ts';
import { DEFAULT_DNS_CONFIGURATION, type PodMode } from '../../src/discovery/dns/dns-configuration.ts';
import { type DnsSource, findHits } from '../../src/discovery/dns/lookup.ts';
import { type DnsRecord, type QueryType, recordData } from '../../src/discovery/dns/record.ts';
import { type ServedCluster, serveCluster } from '../../src/discovery/dns/served-cluster.ts';
import { transferredRecords } from '../../src/discovery/dns/transfer.ts';
import type { SourceObject } from '../../src/input/source.ts';

export type PlainObject = Readonly<Record<string, unknown>>;

/** The part of a result that matters here. */
export interface OracleResult {
  readonly objects: readonly {
    readonly kind: string;
    readonly applied: boolean;
    readonly defaulted?: PlainObject;
  }[];
  readonly endpoints: { readonly endpointSlices: readonly PlainObject[] | null };
  readonly dns: OracleDns;
}

export interface OracleDns {
  readonly zone: readonly string[];
  readonly queries: readonly OracleQuery[];
}

export interface OracleQuery {
  /** `NAME TYPE` */
  readonly q: string;
  readonly pods?: PodMode;
  readonly rcode: string;
  readonly answer?: readonly string[];
  readonly authority?: readonly string[];
  readonly additional?: readonly string[];
}

/** As the oracle's Corefile has it. */
const TTL = 30;

/** The first address of the oracle's --service-cidr. */
const API_SERVER_IP = '10.96.0.1';

/**
 * The objects of a result as the API server stores them.
 * @param slices `real`: with the EndpointSlices that the real controllers made; `own`: without, so that ours are made
 */
export function storedObjects(result: OracleResult, slices: 'real' | 'own'): SourceObject[] {
  const stored = result.objects.flatMap(({ applied, defaulted }) =>
    applied && defaulted ? [withoutMoments(defaulted)] : [],
  );
  const all =
    slices === 'own'
      ? stored
      : [
          ...stored.filter(({ kind }) => kind !== 'EndpointSlice' && kind !== 'Endpoints'),
          ...(result.endpoints.endpointSlices ?? []).map(ownSlice),
        ];
  return all.map((object, document) => ({
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    object,
    origin: { file: 'result', document, path: [] },
  }));
}

/** The oracle writes SET for a moment, and keeps a Service's status also where the API server has refused it. */
function withoutMoments(object: PlainObject): PlainObject {
  const metadata = { ...(object.metadata as PlainObject) };
  if (metadata.deletionTimestamp === 'SET') metadata.deletionTimestamp = '2026-01-02T15:04:05Z';
  return { ...object, metadata, ...(object.kind === 'Service' ? { status: undefined } : {}) };
}

/**
 * Whether the controllers of the input's cluster would make what its objects say: Endpoints that stand beside slices or a
 * selector are taken for a part of a live cluster, where others made them.
 */
export function isFresh(result: OracleResult): boolean {
  const stored = storedObjects(result, 'own');
  const keyOf = ({ object }: SourceObject, name?: string) => {
    const { namespace, name: own } = object.metadata as { namespace: string; name: string };
    return `${namespace}/${name ?? own}`;
  };
  const beside = new Set<string>();
  for (const source of stored) {
    const { metadata, spec } = source.object as {
      metadata: { labels?: Record<string, string> };
      spec?: { selector?: object };
    };
    if (source.kind === 'EndpointSlice')
      beside.add(keyOf(source, metadata.labels?.['kubernetes.io/service-name'] ?? ''));
    if (source.kind === 'Service' && spec?.selector !== undefined) beside.add(keyOf(source));
  }
  return !stored.some((source) => source.kind === 'Endpoints' && beside.has(keyOf(source)));
}

/** Owners without uid are refused, and the oracle drops uids; it also renames slices, and two may get one name. */
function ownSlice(slice: PlainObject, number: number): PlainObject {
  const metadata = {
    ...(slice.metadata as PlainObject),
    name: `slice-${number}`,
    ownerReferences: undefined,
  };
  return { ...slice, metadata };
}

/** @throws where an object is refused. */
export function servedObjects(objects: readonly SourceObject[], live = false): ServedCluster {
  const { state, diagnostics } = prepareCluster({ objects, live });
  if (state === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    throw new Error(errors.map(({ message }) => message).join('\n'));
  }
  return serveCluster(state, API_SERVER_IP);
}

export function sourceOf(cluster: ServedCluster, pods: PodMode = 'insecure'): DnsSource {
  return { cluster, configuration: { ...DEFAULT_DNS_CONFIGURATION, ttl: TTL, pods } };
}

export function recordLine(record: DnsRecord): string {
  const data = record.kind === 'TXT' ? `["${record.text}"]` : recordData(record);
  return `${record.name} ${record.ttl} IN ${record.kind} ${data}`;
}

/** Sorted, without repetitions. */
export function zoneLines(source: DnsSource): string[] {
  const records = [...transferredRecords(source)];
  // One record with a name that is too long, and CoreDNS transfers none.
  if (!records.every(isSendableRecord)) return ['RCODE RCodeServerFailure'];
  const soa = recordLine(soaRecord(source, 'cluster.local.')).replace(
    'hostmaster.cluster.local. 1 ',
    'hostmaster.cluster.local. SERIAL ',
  );
  return [...new Set([soa, ...records.map(recordLine)])].sort();
}

/** The oracle's zone in the same form. */
export function oracleZoneLines(dns: OracleDns): string[] {
  return [...new Set(dns.zone)].sort();
}

/** An answer in the oracle's form: records sorted, serial left out. */
export function answerText(source: DnsSource, question: string): string {
  const [name = '', type = ''] = question.split(' ');
  const result = answerQuestion(source, name, type as QueryType);
  const lines = (records: readonly DnsRecord[]) =>
    records.map((record) => recordLine(record).replace(/(SOA \S+ \S+) 1 /, '$1 SERIAL ')).sort();
  switch (result.kind) {
    case 'answer':
      return answerForm('Success', lines(result.answer), lines(result.authority), lines(result.additional));
    case 'name-error':
      return answerForm('NameError', [], lines(result.authority), []);
    case 'no-reply':
      return 'ERROR EOF';
    case 'outside':
      return 'Refused';
  }
}

export function oracleAnswerText({ rcode, answer, authority, additional }: OracleQuery): string {
  // A server that says nothing ends the connection, or lets it wait.
  if (/^ERROR (EOF|read tcp .* i\/o timeout)$/.test(rcode)) return 'ERROR EOF';
  if (rcode.startsWith('ERROR') || rcode === 'Refused') return rcode;
  return answerForm(rcode, answer ?? [], authority ?? [], additional ?? []);
}

function answerForm(
  rcode: string,
  answer: readonly string[],
  authority: readonly string[],
  additional: readonly string[],
): string {
  const section = (name: string, lines: readonly string[]) =>
    [...new Set(lines)].map((line) => `  ${name} ${line}\n`);
  return [
    `${rcode}\n`,
    ...section('answer', answer),
    ...section('authority', authority),
    ...section('additional', additional),
  ].join('');
}

/** A CNAME is that of whichever endpoint comes first, and EndpointSlices come in no order. */
function isLeftToChance(cluster: ServedCluster, { q }: OracleQuery): boolean {
  const [name = '', type] = q.split(' ');
  if (type !== 'CNAME') return false;
  const hits = findHits(sourceOf(cluster), name.toLowerCase(), 'cluster.local.') ?? [];
  return (
    hits.some(({ host }) => host.kind === 'CNAME') && new Set(hits.map(({ host }) => host.text)).size > 1
  );
}

/** One text for each side; the same where nothing differs. */
export function compareDns(
  cluster: ServedCluster,
  dns: OracleDns,
): { readonly expected: string; readonly actual: string } {
  const sources = new Map<PodMode, DnsSource>(
    (['insecure', 'verified', 'disabled'] as const).map((pods) => [pods, sourceOf(cluster, pods)]),
  );
  const expected: string[] = [...oracleZoneLines(dns)];
  const actual: string[] = [...zoneLines(sources.get('insecure') as DnsSource)];
  for (const query of dns.queries) {
    // The oracle's client cannot ask for a name with an empty label.
    if (query.rcode.startsWith('ERROR packing')) continue;
    if (isLeftToChance(cluster, query)) continue;
    const pods = query.pods ?? 'insecure';
    const head = `? ${query.q} pods ${pods}: `;
    expected.push(head + oracleAnswerText(query));
    actual.push(head + answerText(sources.get(pods) as DnsSource, query.q));
  }
  return { expected: expected.join('\n'), actual: actual.join('\n') };
}
