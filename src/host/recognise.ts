/**
 * Recognises by its content what a text is. In: a text, which may hold the output of several commands one after the
 * other. Out: its pieces, each with the tool that printed it, or why it is none.
 *
 * Mirrors the output of iptables 1.4 to 1.8, ipset 6 and 7, ipvsadm 1.2, nft 1.0 and iproute2.
 */
import { parseIP } from '../shared/ip.ts';
import type { HostTool } from './host-state.ts';

export interface Piece {
  readonly tool: HostTool;
  /** Of `iptables-save`, each table of which is a piece, with the comments above it. */
  readonly table?: string;
  readonly text: string;
}

export type Recognition =
  | {
      readonly kind: 'outputs';
      readonly pieces: readonly Piece[];
      /** Lines that belong to no output. */
      readonly strays: Strays;
      /** Comments in which a tool says that its output lacks something. */
      readonly remarks: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'incomplete'; readonly reason: string };

export interface Strays {
  readonly count: number;
  /** The first of them; `line` is its number from 1. */
  readonly first?: { readonly line: number; readonly text: string };
}

/** Completes "expected …". */
export const KNOWN_OUTPUTS =
  'the output of iptables-save, ip6tables-save, ipset save, ipvsadm -Sn, ipvsadm -Ln, nft list ruleset or ip addr';

/** What a line begins with is enough to know it. */
const HEAD = 300;

export function recognise(source: string): Recognition {
  const text = normalise(source);
  if (text.includes('\0')) return { kind: 'unknown', reason: 'it is binary' };
  if (text.trim() === '') return { kind: 'unknown', reason: 'it is empty' };
  if (isAddressJson(text)) {
    return { kind: 'outputs', pieces: [{ tool: 'ip-addr', text }], strays: { count: 0 }, remarks: [] };
  }
  if (isAddressList(text)) {
    return { kind: 'outputs', pieces: [{ tool: 'addresses', text }], strays: { count: 0 }, remarks: [] };
  }
  return new Scan(text).result();
}

/** One address a line, and nothing else. */
function isAddressList(text: string): boolean {
  const lines = text.trim().split('\n');
  return lines.every((line) => line.length < 50 && parseIP(line.trim()) !== undefined);
}

/** Files from Windows, and from `kubectl exec -t`, end their lines with CR LF. */
function normalise(source: string): string {
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  return text.includes('\r') ? text.replaceAll('\r\n', '\n') : text;
}

/** `ip -j addr`. */
function isAddressJson(text: string): boolean {
  if (!/^\s*\[\s*\{\s*"ifindex"/.test(text.slice(0, HEAD))) return false;
  try {
    return Array.isArray(JSON.parse(text));
  } catch {
    return false;
  }
}

/** Where a piece ends, behind its last line break. */
type Block =
  | { readonly kind: 'block'; readonly tool: HostTool; readonly table?: string; readonly end: number }
  | { readonly kind: 'incomplete'; readonly reason: string }
  | { readonly kind: 'orphan' | 'neutral' | 'stray' };

const NEUTRAL: Block = { kind: 'neutral' };
const ORPHAN: Block = { kind: 'orphan' };
const STRAY: Block = { kind: 'stray' };

/** Lines that tell their tool by themselves. */
const LINES: readonly (readonly [HostTool, RegExp])[] = [
  ['ipset-save', /^create \S+ (?:hash|bitmap|list):\S+/],
  ['ipvsadm-save', /^-[Aa] (?:-[tuf]|--(?:tcp|udp|sctp|fwmark)-service) /],
  ['ipvsadm-list', /^(?:IP Virtual Server version |Prot LocalAddress:Port )/],
  ['ip-addr', /^\d+: \S+(?:: <|\s+inet6? )/],
  ['nft-tables', /^table \S+ \S+$/],
];

/** Lines that belong to a tool's output where they follow a line of it. */
const FOLLOWING: ReadonlyMap<HostTool, RegExp> = new Map([
  ['ipset-save', /^add \S+ \S/],
  ['ipvsadm-list', /^(?:(?:TCP|UDP|SCTP|FWM) +\S| {2}-> )/],
  ['ip-addr', /^\s+\S/],
]);

/** A rule, a chain or an end of `iptables-save` or `iptables -S`. */
const RULE_LINE = /^(?:(?:\[\d+:\d+\] )?-[AIDNPX] |:\S+ |COMMIT$)/;

class Scan {
  private readonly text: string;
  private readonly pieces: { tool: HostTool; table?: string; start: number; end: number }[] = [];
  private strays: Strays = { count: 0 };
  /** Where the comments begin that may belong to the next piece. */
  private commentsFrom: number | undefined;
  private orphan: number | undefined;

  constructor(text: string) {
    this.text = text;
  }

  result(): Recognition {
    let at = 0;
    while (at < this.text.length) {
      const end = this.endOfLine(at);
      const block = this.blockAt(at, end);
      switch (block.kind) {
        case 'block':
          this.add(block, at);
          at = block.end;
          continue;
        case 'incomplete':
          return { kind: 'incomplete', reason: `${block.reason} (line ${this.lineOf(at)})` };
        case 'neutral':
          this.passComment(at, end);
          break;
        case 'orphan':
          this.orphan ??= at;
          break;
        case 'stray':
          this.passStray(at, end);
          break;
      }
      at = end;
    }
    return this.conclude();
  }

  private conclude(): Recognition {
    if (this.orphan !== undefined && (this.pieces.length > 0 || /^(?::\S+ |COMMIT$)/m.test(this.text))) {
      const line = this.lineOf(this.orphan);
      return { kind: 'incomplete', reason: `there are rules outside of any table (line ${line})` };
    }
    if (this.pieces.length === 0) return { kind: 'unknown', reason: reasonOf(this.text) };
    const pieces = this.pieces.map(({ start, end, ...piece }) => ({
      ...piece,
      text: this.text.slice(start, end),
    }));
    return { kind: 'outputs', pieces, strays: this.strays, remarks: remarksOf(this.text) };
  }

  private blockAt(at: number, end: number): Block {
    const line = this.text.slice(at, Math.min(end - 1, at + HEAD)).trimEnd();
    if (line === '' || line.startsWith('#')) return NEUTRAL;
    const table = /^\*([a-z]+)$/.exec(line)?.[1];
    if (table !== undefined) return this.iptablesTable(table, end);
    if (/^table (?:\S+ )?\S+ \{/.test(line)) return this.nftTable(line, end);
    if (/^\{\s*("nftables"|$)/.test(line)) return this.nftJson(at, end);
    const tool = LINES.find(([, pattern]) => pattern.test(line))?.[0];
    if (tool !== undefined) return { kind: 'block', tool, end };
    const last = this.pieces.at(-1);
    if (last !== undefined && last.end === at && FOLLOWING.get(last.tool)?.test(line)) {
      return { kind: 'block', tool: last.tool, end };
    }
    return RULE_LINE.test(line) ? ORPHAN : STRAY;
  }

  /** From behind `*nat` to behind its `COMMIT`, which stands before the next table. */
  private iptablesTable(table: string, from: number): Block {
    const end = this.endOfBlock('\nCOMMIT', '\n*', from);
    if (end === undefined) {
      return { kind: 'incomplete', reason: `table ${table} has no COMMIT: the end is missing` };
    }
    return { kind: 'block', tool: 'iptables-save', table, end };
  }

  /** Only the brace that closes a table stands at the beginning of a line. */
  private nftTable(line: string, from: number): Block {
    const end = this.endOfBlock('\n}', '\ntable ', from);
    if (end === undefined) {
      const name = line.replace(/ \{.*/, '');
      return { kind: 'incomplete', reason: `${name} is not closed: the end is missing` };
    }
    return { kind: 'block', tool: 'nft-text', end };
  }

  /** One line as `nft -j` prints it, or spread over many lines by another tool. */
  private nftJson(at: number, from: number): Block {
    if (!/^\{\s*"nftables"\s*:/.test(this.text.slice(at, at + HEAD))) return STRAY;
    const line = this.text.slice(Math.max(at, from - HEAD), from).trimEnd();
    if (/\]\s*\}$/.test(line)) return { kind: 'block', tool: 'nft-json', end: from };
    const end = this.endOfBlock('\n}', '\n{', from);
    if (end === undefined) return { kind: 'incomplete', reason: 'the JSON of nft ends too early' };
    return { kind: 'block', tool: 'nft-json', end };
  }

  /** The end of the first line that is `closing`, unless a line begins with `other` before. */
  private endOfBlock(closing: string, other: string, from: number): number | undefined {
    let found = this.text.indexOf(closing, from - 1);
    while (found >= 0 && !/^\s*$/.test(this.restOfLine(found + closing.length))) {
      found = this.text.indexOf(closing, found + 1);
    }
    if (found < 0 || this.text.slice(from - 1, found).includes(other)) return undefined;
    return this.endOfLine(found + 1);
  }

  private restOfLine(from: number): string {
    return this.text.slice(from, Math.min(this.endOfLine(from) - 1, from + HEAD));
  }

  /** Behind the line break, or one more than the text has where it lacks the last one. */
  private endOfLine(at: number): number {
    const found = this.text.indexOf('\n', at);
    return found < 0 ? this.text.length + 1 : found + 1;
  }

  private add({ tool, table, end }: Block & { kind: 'block' }, at: number): void {
    const last = this.pieces.at(-1);
    const hasComments = tool === 'iptables-save' || tool === 'nft-text';
    const start = (hasComments ? this.commentsFrom : undefined) ?? at;
    // A table is a piece of its own; all else that follows its like belongs to it.
    if (last !== undefined && last.tool === tool && last.end === start && table === undefined) last.end = end;
    else this.pieces.push({ tool, ...(table === undefined ? {} : { table }), start, end });
    this.commentsFrom = undefined;
  }

  private passComment(at: number, end: number): void {
    const last = this.pieces.at(-1);
    const completes = last?.end === at && this.text.startsWith('# Completed on ', at);
    if (completes) last.end = end;
    else if (this.text[at] === '#') this.commentsFrom ??= at;
    // `ipvsadm -Ln` and `ip addr` have no empty lines, but people who paste have.
    else if (last?.end === at) last.end = end;
  }

  private passStray(at: number, end: number): void {
    this.commentsFrom = undefined;
    const { count, first } = this.strays;
    const text = this.text.slice(at, Math.min(end - 1, at + HEAD));
    this.strays = { count: count + 1, first: first ?? { line: this.lineOf(at), text } };
  }

  private lineOf(at: number): number {
    let line = 1;
    for (let i = this.text.indexOf('\n'); i >= 0 && i < at; i = this.text.indexOf('\n', i + 1)) line++;
    return line;
  }
}

/** What people give by mistake is named. */
function reasonOf(text: string): string {
  if (/^Chain \S+ \((?:policy|\d+ references)/m.test(text)) {
    return 'it is a list of iptables -L, which leaves out parts of the rules';
  }
  if (/^-[PNA] \S+/m.test(text)) return 'it is a list of iptables -S, which has one table only';
  if (/^(?:add|flush|delete) (?:table|chain|rule|set|map) /m.test(text)) {
    return 'it has commands for nft -f, not what nft lists';
  }
  if (/^\s*(?:apiVersion|kind): /m.test(text)) return 'it is a manifest';
  return 'nothing in it is known';
}

const REMARK = /^# (Warning: \S+-legacy tables present.*|Table \S+ (?:is|contains) incompatible.*)$/gm;

/** Comments in which iptables says that it has not printed everything. */
export function remarksOf(text: string): string[] {
  return text.includes('# Warning: ') || text.includes('# Table ')
    ? [...new Set([...text.matchAll(REMARK)].map(([, remark]) => remark as string))]
    : [];
}
