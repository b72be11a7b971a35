/**
 * Reads what `nft list ruleset` and `nft list table` print, nftables 0.9 to 1.1, with `-a` and `-s` or without. In: the
 * text, whoever wrote it. Out: typed tables, and what could not be read. Time and memory grow with the text's length, and
 * no text makes it throw.
 */
import type {
  ListedChain,
  ListedHook,
  ListedProblem,
  ListedRule,
  ListedRuleset,
  ListedSet,
  ListedTable,
  TableFamily,
} from './listed.ts';
import { isFamily, readHook } from './listed-hook.ts';
import { ListedLexer, ListedWords } from './listed-lexer.ts';
import { readRule } from './parse-listed-rule.ts';
import { readSet, type SetPlace } from './parse-listed-set.ts';
import { printListedStatements } from './print-listed-rule.ts';

export function parseListed(text: string): ListedRuleset {
  return new ListedParser(text).read();
}

/** A table while it is read. */
interface OpenTable {
  readonly line: number;
  readonly family: TableFamily;
  readonly name: string;
  /** `ip kube-proxy` */
  readonly fullName: string;
  comment?: string;
  flags: readonly string[];
  readonly chains: ListedChain[];
  readonly sets: ListedSet[];
  readonly counters: string[];
  readonly others: ListedProblem[];
}

class ListedParser {
  readonly #lexer: ListedLexer;
  readonly #words = new ListedWords();
  readonly #problems: ListedProblem[] = [];

  constructor(text: string) {
    this.#lexer = new ListedLexer(text);
  }

  read(): ListedRuleset {
    const tables: ListedTable[] = [];
    while (this.#nextLine()) {
      const line = this.#lexer.line;
      const start = this.#lexer.start;
      const header = this.#readHeader(4);
      const [word, family = '', name = ''] = header;
      if (word === 'table' && isFamily(family) && header.length === 4) {
        tables.push(this.#readTable({ line, family, name }));
      } else this.#problems.push({ line, text: this.#restOfLine(start), problem: 'belongs to no table' });
    }
    return { tables, problems: this.#problems };
  }

  /** Steps to the first word of the next line that has any and is no comment. False at the end. */
  #nextLine(): boolean {
    for (;;) {
      const kind = this.#lexer.next();
      if (kind === 'end') return false;
      if (kind === 'word' && this.#lexer.word.startsWith('#')) this.#lexer.skipLine();
      else if (kind !== 'newline' && !this.#isSign(';')) return true;
    }
  }

  #isSign(sign: string): boolean {
    return this.#lexer.kind === 'sign' && this.#lexer.word === sign;
  }

  /** Words from here up to an opening brace, which is the last of them; fewer where the line ends before it. */
  #readHeader(length: number): readonly string[] {
    const lexer = this.#lexer;
    const words = [lexer.word];
    while (words.length < length && lexer.kind !== 'end' && lexer.kind !== 'newline') {
      lexer.next();
      if (lexer.kind === 'sign' && lexer.word !== '{') return [];
      words.push(lexer.word);
      if (this.#isSign('{')) return words.length === length ? words : [];
    }
    return [];
  }

  /** From `start` to the end of the line where the lexer is. */
  #restOfLine(start: number): string {
    const lexer = this.#lexer;
    if (lexer.kind !== 'newline') lexer.skipLine();
    const end = lexer.kind === 'newline' ? lexer.at - 1 : lexer.at;
    return lexer.text.slice(start, end).trimEnd();
  }

  #readTable(head: Pick<OpenTable, 'line' | 'family' | 'name'>): ListedTable {
    const fullName = `${head.family} ${head.name}`;
    const table: OpenTable = { ...head, fullName, flags: [], chains: [], sets: [], counters: [], others: [] };
    for (;;) {
      if (!this.#nextLine()) {
        const problem = `the text ends before table ${fullName} does`;
        this.#problems.push({ line: this.#lexer.line, text: '', problem });
        break;
      }
      if (this.#isSign('}')) break;
      this.#readObject(table);
    }
    const { line, family, name, comment, flags, chains, sets, counters, others } = table;
    const described = comment === undefined ? {} : { comment };
    return { kind: 'table', line, family, name, ...described, flags, chains, sets, counters, others };
  }

  /** One line or block of a table. */
  #readObject(table: OpenTable): void {
    const lexer = this.#lexer;
    const { line, start, word, at } = lexer;
    switch (lexer.kind === 'word' ? word : '') {
      case 'chain':
      case 'set':
      case 'map':
      case 'counter': {
        const [kind, name = ''] = this.#readHeader(3);
        if (kind === undefined) break;
        if (kind === 'chain') this.#readChain(table, line, name);
        else if (kind === 'set' || kind === 'map') this.#readSet(table, { kind, line, name });
        else if (this.#isCounter()) table.counters.push(name);
        else break;
        return;
      }
      case 'comment':
        if (table.comment === undefined && lexer.next() === 'string' && this.#isAtLineEnd()) {
          table.comment = lexer.word;
          return;
        }
        break;
      case 'flags': {
        const flags = lexer.text
          .slice(at, lexer.endOfLine(at))
          .replace(/;?\s*(#.*)?$/, '')
          .trim();
        if (table.flags.length === 0 && /^[\w-]+(\s*,\s*[\w-]+)*$/.test(flags)) {
          table.flags = flags.split(/\s*,\s*/);
          lexer.skipLine();
          return;
        }
        break;
      }
    }
    lexer.goTo(start, line);
    this.#readOther(table, line, start);
  }

  /** Whether nothing but a handle is behind this on its line. */
  #isAtLineEnd(): boolean {
    const { text, at } = this.#lexer;
    return /^\s*(#.*)?$/.test(text.slice(at, this.#lexer.endOfLine(at)));
  }

  #readSet(table: OpenTable, place: Omit<SetPlace, 'table'>): void {
    const refuse = (line: number, text: string, problem: string) =>
      table.others.push({ line, text, problem });
    table.sets.push(readSet(this.#lexer, { ...place, table: table.fullName }, refuse));
  }

  #readChain(table: OpenTable, line: number, name: string): void {
    const lexer = this.#lexer;
    const words = this.#words;
    const rules: ListedRule[] = [];
    const head: { hook?: ListedHook; comment?: string } = {};
    for (;;) {
      const kind = lexer.next();
      if (kind === 'end' || this.#isSign('}')) break;
      if (kind === 'newline' || this.#isSign(';')) continue;
      const { line: ruleLine } = lexer;
      if (
        kind === 'word' &&
        lexer.word.startsWith('#') &&
        !XT.test(lexer.text.slice(lexer.start, lexer.at + 4))
      ) {
        lexer.skipLine();
        continue;
      }
      words.clear();
      if (kind === 'word' && CHAIN_PROPERTIES.has(lexer.word)) {
        this.#readWords(true);
        if (readProperty(words, table.family, head)) continue;
        const text = words.textBetween(0, words.words.length);
        table.others.push({ line: ruleLine, text, problem: `not understood, in chain ${name}` });
        continue;
      }
      this.#readWords(false);
      const parts = readRule(words);
      const text = printListedStatements(parts.statements);
      rules.push({ kind: 'nft-rule', line: ruleLine, table: table.fullName, chain: name, ...parts, text });
    }
    table.chains.push({ kind: 'chain', line, name, ...head, rules });
  }

  /** Takes the words from here to the end of the rule: of its line, or where its braces are closed. */
  #readWords(isWholeLine: boolean): void {
    const lexer = this.#lexer;
    let depth = 0;
    for (;;) {
      const { kind, start, line } = lexer;
      if (kind === 'end') return;
      if (kind === 'newline') {
        if (depth <= 0) return;
      } else {
        if (kind === 'sign') {
          if (this.#isSign('{')) depth++;
          else if (this.#isSign(';') && depth === 0 && !isWholeLine) return;
          else if (this.#isSign('}') && --depth < 0) {
            // It closes the chain.
            lexer.goTo(start, line);
            return;
          }
        }
        this.#words.push(lexer);
      }
      lexer.next();
    }
  }

  /** Takes a counter's block, whose values do not matter. */
  #isCounter(): boolean {
    const words = this.#words;
    words.clear();
    for (let { kind } = this.#lexer; !this.#isSign('}'); kind = this.#lexer.next()) {
      if (kind === 'end' || words.words.length > LONGEST_COUNTER) return false;
      if (kind !== 'newline' && !this.#isSign('{')) words.push(this.#lexer);
    }
    const text = words.textBetween(0, words.words.length);
    return /^(# handle \d+ ?)?(comment "[^"]*" ?)?(packets \d+ bytes \d+)?$/.test(text);
  }

  /** Steps behind the brace that closes what has been opened. */
  #skipBlock(): void {
    for (let depth = 1; depth > 0 && this.#lexer.next() !== 'end'; ) {
      if (this.#isSign('{')) depth++;
      if (this.#isSign('}')) depth--;
    }
  }

  /** An object without a type of its own, or a line. */
  #readOther(table: OpenTable, line: number, start: number): void {
    const lexer = this.#lexer;
    const words = this.#words;
    words.clear();
    let isObject = false;
    for (;;) {
      lexer.next();
      if (lexer.kind === 'newline' || lexer.kind === 'end') break;
      if (this.#isSign('}')) {
        lexer.goTo(lexer.start, lexer.line);
        break;
      }
      if (this.#isSign('{')) {
        isObject = words.words.length > 1;
        this.#skipBlock();
        break;
      }
      words.push(lexer);
    }
    const end = lexer.kind === 'newline' ? lexer.start : lexer.at;
    const text = lexer.text.slice(start, end).trimEnd();
    const object = words.textBetween(0, words.words.length - 1);
    if (isObject) table.others.push({ line, text, problem: 'an object that rules may name', object });
    else table.others.push({ line, text, problem: `not understood, in table ${table.fullName}` });
  }
}

/** In words. */
const LONGEST_COUNTER = 9;

const XT = /^# xt_/;

/** By what lines of a chain begin that are no rules. */
const CHAIN_PROPERTIES: ReadonlySet<string> = new Set(['type', 'comment', 'flags', 'policy']);

/** The hook or the comment of a chain. */
function readProperty(
  words: ListedWords,
  family: TableFamily,
  head: { hook?: ListedHook; comment?: string },
): boolean {
  if (words.peek() === 'comment') {
    if (head.comment !== undefined || words.isString[1] !== true || words.words.length !== 2) return false;
    head.comment = words.words[1] as string;
    return true;
  }
  const hook = head.hook === undefined ? readHook(words, family) : undefined;
  if (hook !== undefined) head.hook = hook;
  return hook !== undefined;
}
