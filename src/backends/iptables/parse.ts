/**
 * Reads what `iptables-save` prints. In: text of any origin. Out: a `SavedDump`, from which `print-saved.ts` prints the same
 * text again, and what could not be read.
 *
 * Mirrors iptables-save 1.4 to 1.8, both families and backends. A line that is not what these print stays text with a
 * problem; it is never dropped and never guessed at.
 *
 * The kernel's tools escape quotes in a comment, but not newlines: a comment may spell lines that look like rules. So a line
 * that leaves a quote open has two readings, a comment that goes on or a line that was damaged, and where the first ends, the
 * comment's author decides. Neither is certain: from that line on the whole dump is one text with a problem, since even
 * `COMMIT` and the next table may be spelled by a comment. (Tools before 1.4.1 do not escape quotes either: their dumps cannot
 * be told from what a comment makes of them.)
 */

import { RuleReader, readCounters } from './parse-rule.ts';
import { leavesQuoteOpen } from './parse-words.ts';
import type { SavedChain, SavedDump, SavedRule, SavedTable, SavedText } from './saved.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Entry = SavedChain | SavedRule | SavedText;

interface OpenTable extends Mutable<SavedTable> {
  readonly entries: Entry[];
}

/** What in a dump could not be read. */
export interface SavedProblem {
  /** 1-based. */
  readonly line: number;
  readonly problem: string;
}

/** Never throws. */
export function parseSaved(text: string): SavedDump {
  const parts: (OpenTable | SavedText)[] = [];
  const reader = new LineReader(text);
  let table: OpenTable | undefined;
  let line = 0;
  for (let start = 0, end = 0; start < text.length; start = end + 1) {
    end = text.indexOf('\n', start);
    const last = end < 0;
    if (last) end = text.length;
    line++;
    const read = reader.read(start, end, line, table, last);
    if (read.kind === 'table') {
      table = read;
      parts.push(table);
    } else if (read.kind === 'commit') {
      if (table !== undefined) commit(table, read.tail);
      table = undefined;
    } else {
      if (table !== undefined) table.entries.push(read);
      else parts.push(read as SavedText);
      // The text reaches to the end of the dump.
      if (read.kind === 'text' && read.text.length > end - start) break;
    }
  }
  return text === '' || text.endsWith('\n') ? { parts } : { parts, unterminated: true };
}

function commit(table: OpenTable, tail: string): void {
  table.committed = true;
  if (tail !== '') table.commitTail = tail;
}

/** Every line that could not be read, tables that are cut off, and tables that occur twice, in the order of lines. */
export function problems(dump: SavedDump): readonly SavedProblem[] {
  const found: SavedProblem[] = [];
  const seen = new Set<string>();
  for (const part of dump.parts) {
    if (part.kind === 'table') {
      const { line, name, committed } = part;
      if (seen.has(name))
        found.push({ line, problem: `the table ${name} occurs again: this is more than one dump` });
      if (!committed) found.push({ line, problem: `the table ${name} has no COMMIT: rules may be missing` });
      seen.add(name);
    }
    for (const entry of part.kind === 'table' ? part.entries : [part]) {
      if (entry.kind === 'text' && entry.problem !== undefined) {
        found.push({ line: entry.line, problem: entry.problem });
      }
    }
  }
  return found;
}

interface Commit {
  readonly kind: 'commit';
  readonly tail: string;
}

class LineReader {
  private readonly text: string;
  private readonly rules: RuleReader;

  constructor(text: string) {
    this.text = text;
    this.rules = new RuleReader(text);
  }

  read(
    start: number,
    end: number,
    line: number,
    table: SavedTable | undefined,
    last: boolean,
  ): OpenTable | Entry | Commit {
    const { text } = this;
    const stop = withoutTail(text, start, end);
    if (stop === start) return { kind: 'text', line, text: text.slice(start, end) };
    const first = text[start];
    if (first === '#') return readComment(text.slice(start, end), line);
    const tail = stop === end ? '' : text.slice(stop, end);
    if (first === 'C' && text.slice(start, stop) === 'COMMIT' && table !== undefined)
      return { kind: 'commit', tail };
    let problem: string;
    if (last) problem = 'the last line has no end: the dump is cut off here';
    else if (first === '*') {
      const name = this.plain(start + 1, stop);
      if (name !== undefined) {
        this.rules.startTable();
        return { kind: 'table', line, name, entries: [], committed: false, ...tailOf(tail) };
      }
      problem = 'not the head of a table';
    } else if (table === undefined) problem = 'outside of a table';
    else if (first === ':') {
      const chain = this.readChain(start, stop, line, tail);
      if (chain !== undefined) return chain;
      problem = 'not a chain in the form of iptables-save';
    } else if (first === '-' || first === '[') {
      const rule = this.rules.read(start, stop, line);
      if (typeof rule !== 'string') return tail === '' ? rule : { ...rule, tail };
      problem = rule;
    } else problem = 'not a line of iptables-save';
    return this.unread(start, end, line, problem);
  }

  /** The line as it is, or with all that follows it if it leaves a quote open. */
  private unread(start: number, end: number, line: number, problem: string): SavedText {
    const { text } = this;
    if (!leavesQuoteOpen(text, start, end))
      return { kind: 'text', line, text: text.slice(start, end), problem };
    return {
      kind: 'text',
      line,
      text: text.slice(start, text.endsWith('\n') ? -1 : undefined),
      problem:
        'a quote is open at the end of this line: the dump is ambiguous from here on, what follows may be rules or a comment',
    };
  }

  /** `:KUBE-SERVICES - [0:0]` */
  private readChain(start: number, stop: number, line: number, tail: string): SavedChain | undefined {
    const [name, policy, counters, more] = this.text.slice(start + 1, stop).split(' ');
    if (!name || !policy || more !== undefined || !isPlain(name) || !isPlain(policy)) return undefined;
    const counted = counters === undefined ? undefined : readCounters(counters);
    if (counters !== undefined && counted === undefined) return undefined;
    this.rules.declareChain(name);
    const chain: Mutable<SavedChain> = { kind: 'chain', line, name };
    if (policy !== '-') chain.policy = policy;
    if (counted !== undefined) chain.counters = counted;
    if (tail !== '') chain.tail = tail;
    return chain;
  }

  private plain(start: number, stop: number): string | undefined {
    const word = this.text.slice(start, stop);
    return isPlain(word) ? word : undefined;
  }
}

/** iptables-nft leaves out a table that other programs wrote to, and says so in a comment. */
function readComment(text: string, line: number): SavedText {
  if (!/^# Table `.*' is incompatible/.test(text)) return { kind: 'text', line, text };
  return {
    kind: 'text',
    line,
    text,
    problem: 'iptables cannot read this table: its rules are not in the dump',
  };
}

/** The end of a line without the blanks and carriage returns there. */
function withoutTail(text: string, start: number, end: number): number {
  let stop = end;
  while (stop > start && isTailChar(text.charCodeAt(stop - 1))) stop--;
  return stop;
}

function isTailChar(char: number): boolean {
  return char === 0x20 || char === 0x0d || char === 0x09;
}

function tailOf(tail: string): { readonly tail?: string } {
  return tail === '' ? {} : { tail };
}

/** One word without quotes. */
function isPlain(text: string): boolean {
  return text !== '' && !/[\0- "]/.test(text);
}
