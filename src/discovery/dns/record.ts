/**
 * Resource records, as CoreDNS serves them. In: nothing; this file is the shape that every other file of this room returns.
 *
 * Names are absolute and end with a dot. They are kept as text: what Kubernetes admits as a name has no character that
 * would need an escape; `zone-text.ts` escapes whatever else a library's caller may pass.
 */

interface RecordHead {
  readonly name: string;
  /** Seconds. */
  readonly ttl: number;
}

export interface AddressRecord extends RecordHead {
  readonly kind: 'A' | 'AAAA';
  /** Canonical. */
  readonly address: string;
}

export interface SrvRecord extends RecordHead {
  readonly kind: 'SRV';
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

/** A record that is nothing but another name. */
export interface TargetRecord extends RecordHead {
  readonly kind: 'CNAME' | 'NS' | 'PTR';
  readonly target: string;
}

export interface TxtRecord extends RecordHead {
  readonly kind: 'TXT';
  readonly text: string;
}

/** All times in seconds. */
export interface SoaRecord extends RecordHead {
  readonly kind: 'SOA';
  readonly nameServer: string;
  readonly mailbox: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  /** How long it may be remembered that a name does not exist. */
  readonly minimum: number;
}

export type DnsRecord = AddressRecord | SrvRecord | TargetRecord | TxtRecord | SoaRecord;

/** The types that are asked for here; CoreDNS answers others as it does a name that has no such record. */
export const QUERY_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;

export type QueryType = (typeof QUERY_TYPES)[number];

/** What stands after the type: `0 100 80 web.prod.svc.cluster.local.` */
export function recordData(record: DnsRecord, spell: (name: string) => string = (name) => name): string {
  switch (record.kind) {
    case 'A':
    case 'AAAA':
      return record.address;
    case 'SRV':
      return `${record.priority} ${record.weight} ${record.port} ${spell(record.target)}`;
    case 'CNAME':
    case 'NS':
    case 'PTR':
      return spell(record.target);
    case 'TXT':
      return quoteText(record.text);
    case 'SOA': {
      const { nameServer, mailbox, serial, refresh, retry, expire, minimum } = record;
      return `${spell(nameServer)} ${spell(mailbox)} ${serial} ${refresh} ${retry} ${expire} ${minimum}`;
    }
  }
}

function quoteText(text: string): string {
  return `"${text.replace(/[^ !#-:<-[\]-~]/gu, (character) => escapeBytes(character))}"`;
}

/** A character as RFC 1035 writes what is not plain: `\010` for each of its bytes. */
export function escapeBytes(character: string): string {
  const bytes = new TextEncoder().encode(character);
  return [...bytes].map((byte) => `\\${`${byte}`.padStart(3, '0')}`).join('');
}
