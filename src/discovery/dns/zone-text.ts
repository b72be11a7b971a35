/**
 * Writes zones as RFC 1035 has them in files. In: zones. Out: text, one record a line, every name absolute and escaped.
 *
 * The text loads in BIND (`named-checkzone`), NSD and CoreDNS's plugin `file`.
 */
import { type DnsRecord, escapeBytes, recordData } from './record.ts';
import type { Zone } from './zones.ts';

/** `web.prod.svc.cluster.local. 5 IN A 10.96.11.1` */
export function* zoneText({ name, records }: Zone): Generator<string> {
  yield `; zone ${escapeName(name)}\n$ORIGIN ${escapeName(name)}\n`;
  for (const record of records()) yield `${recordText(record)}\n`;
}

export function recordText(record: DnsRecord): string {
  const text = `${escapeName(record.name)} ${record.ttl} IN ${record.kind} ${recordData(record, escapeName)}`;
  // Whatever happened before, a record is one line, and has an owner of its own.
  if (/[\r\n\0;]|^ | $/.test(text)) throw new Error(`a record would be several: ${JSON.stringify(text)}`);
  return text;
}

/** Letters, digits, `-` and `_` are kept, and dots between labels; all else becomes `\DDD`. */
export function escapeName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.-]/gu, escapeBytes);
}

/** The file of a zone: `cluster.local.zone`. */
export function zoneFileName({ name }: Zone): string {
  return `${name.slice(0, -1)}.zone`;
}
