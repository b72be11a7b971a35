/**
 * In: one YAML document. Out: its value, if it holds nothing but what programs write when they print objects: block mappings
 * and lists, scalars of one line, literal blocks. Undefined for any other.
 *
 * This is a short cut. YAML 1.1 and 1.2 read what it takes alike, and `decodeYaml` reads the same, in ten times the time. It
 * refuses nothing and warns of nothing: what may be faulty, repeated or ambiguous is left to `decodeYaml`.
 */
import { limits } from '../limits.ts';
import { resolveKey, resolveScalar } from './resolve-scalar.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const DOUBLE_QUOTE = 0x22;
const HASH = 0x23;
const SINGLE_QUOTE = 0x27;
const DASH = 0x2d;
const DOT = 0x2e;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const BAR = 0x7c;
const CLOSE_BRACE = 0x7d;

/** Tabs, line breaks other than `\n`, byte order marks and control characters: each has rules of its own. */
const SPECIAL = /[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/** A dash may start a plain scalar, too, unless a blank follows. */
const NO_PLAIN_START: ReadonlySet<number> = new Set(
  [...' \n?:,[]{}#&*!|>\'"%@`'].map((character) => character.charCodeAt(0)),
);

/** YAML lets an implicit key be a little longer. */
const LONGEST_KEY = 1000;

/** What may follow a backslash and means the same in JSON. */
const JSON_ESCAPES = '"\\nrtbf';

export function readBlockYaml(source: string): unknown {
  if (!source.endsWith('\n') || SPECIAL.test(source)) return undefined;
  return new BlockReader(source).read();
}

/** What reads a node gives up with undefined, or goes on to the first character of the next line. */
class BlockReader {
  private readonly text: string;
  private at = 0;
  /** Of `at` in its line, -1 at the end of the document. */
  private column = -1;
  /** How many collections may still be opened within each other; one less than the limit, about which nobody needs to argue. */
  private levels = limits().nesting - 1;

  constructor(text: string) {
    this.text = text;
  }

  read(): unknown {
    this.nextLine(this.text.startsWith('---\n') ? 4 : 0);
    if (this.column !== 0) return undefined;
    const value = this.readCollection();
    return this.column < 0 ? value : undefined;
  }

  /** To the first character of the next line that is neither blank nor a comment. */
  private nextLine(lineStart: number): void {
    const { text } = this;
    let start = lineStart;
    for (;;) {
      let at = start;
      while (text.charCodeAt(at) === SPACE) at++;
      const code = text.charCodeAt(at);
      if (code === LINE_FEED) start = at + 1;
      else if (code === HASH) start = text.indexOf('\n', at) + 1;
      else {
        this.at = at;
        this.column = at < text.length ? at - start : -1;
        return;
      }
    }
  }

  /** To the next line; false if more than a comment follows at `from`. */
  private endLine(from: number): boolean {
    const { text } = this;
    let at = from;
    while (text.charCodeAt(at) === SPACE) at++;
    if (text.charCodeAt(at) === HASH && at > from) at = text.indexOf('\n', at);
    if (text.charCodeAt(at) !== LINE_FEED) return false;
    this.nextLine(at + 1);
    return true;
  }

  private isAtDash(): boolean {
    return this.text.charCodeAt(this.at) === DASH && this.text.charCodeAt(this.at + 1) === SPACE;
  }

  private readCollection(): unknown {
    if (this.levels <= 0) return undefined;
    this.levels--;
    const value = this.isAtDash() ? this.readSequence() : this.readMapping();
    this.levels++;
    return value;
  }

  private readSequence(): unknown {
    const { column } = this;
    const items: unknown[] = [];
    do {
      const item = this.readItem(column);
      if (item === undefined) return undefined;
      items.push(item);
    } while (this.column === column && this.isAtDash());
    return this.column > column ? undefined : items;
  }

  /** What stands behind a dash may be a scalar, or the first entry of a collection. */
  private readItem(column: number): unknown {
    const { text } = this;
    let at = this.at + 1;
    while (text.charCodeAt(at) === SPACE) at++;
    this.column = column + at - this.at;
    this.at = at;
    if (this.isAtDash() || text.charCodeAt(endOfScalar(text, at)) === COLON) return this.readCollection();
    return this.readScalar(column);
  }

  private readMapping(): unknown {
    const { column } = this;
    const object: Record<string, unknown> = {};
    do {
      const key = this.readKey();
      // Whatever the object has by that name: an equal key, or what all objects inherit.
      if (key === undefined || object[key] !== undefined) return undefined;
      const value = this.readValue(column);
      if (value === undefined) return undefined;
      object[key] = value;
    } while (this.column === column);
    return this.column > column ? undefined : object;
  }

  /** Over a key and its colon. */
  private readKey(): string | undefined {
    const { text, at } = this;
    const end = endOfScalar(text, at);
    const isKey = text.charCodeAt(end) === COLON && isBlank(text.charCodeAt(end + 1));
    if (!isKey || end - at > LONGEST_KEY) return undefined;
    this.at = end + 1;
    const first = text.charCodeAt(at);
    if (first === SINGLE_QUOTE || first === DOUBLE_QUOTE) return unquote(text, at, end);
    // At the start of a line `---` and `...` may end the document.
    if (first === DASH || first === DOT || text.charCodeAt(end - 1) === SPACE) return undefined;
    const key = text.slice(at, end);
    if (key === '<<') return undefined;
    const result = resolveKey(key, '', true);
    return result.kind === 'value' ? String(result.value) : undefined;
  }

  /** The value of a key, in its line or below it. */
  private readValue(column: number): unknown {
    const { text } = this;
    if (!this.endLine(this.at)) {
      while (text.charCodeAt(this.at) === SPACE) this.at++;
      return this.readScalar(column);
    }
    if (this.column > column) return this.readCollection();
    // A list may stand right below its key.
    return this.column === column && this.isAtDash() ? this.readCollection() : null;
  }

  /** A node that begins and, unless it is a literal block, ends in this line, in the collection at `column`. */
  private readScalar(column: number): unknown {
    const { text, at } = this;
    const first = text.charCodeAt(at);
    const second = text.charCodeAt(at + 1);
    if (first === BAR) return this.readLiteral(column);
    if (first === OPEN_BRACE && second === CLOSE_BRACE) return this.endLine(at + 2) ? {} : undefined;
    if (first === OPEN_BRACKET && second === CLOSE_BRACKET) return this.endLine(at + 2) ? [] : undefined;
    const end = endOfScalar(text, at);
    if (end < 0 || !this.endLine(end)) return undefined;
    if (first === SINGLE_QUOTE || first === DOUBLE_QUOTE) return unquote(text, at, end);
    const result = resolveScalar(text.slice(at, end), '', true);
    return result.kind === 'value' ? result.value : undefined;
  }

  /** A block behind `|` or `|-`, whose first line is not blank and whose blank lines are empty. */
  private readLiteral(column: number): string | undefined {
    const { text } = this;
    const strips = text.charCodeAt(this.at + 1) === DASH;
    const header = this.at + (strips ? 2 : 1);
    if (text.charCodeAt(header) !== LINE_FEED) return undefined;
    let at = header + 1;
    while (text.charCodeAt(at) === SPACE) at++;
    const indent = at - header - 1;
    if (indent <= column || text.charCodeAt(at) === LINE_FEED || at >= text.length) return undefined;
    const indentation = text.slice(header + 1, at);
    let start = header + 1;
    let end = start;
    for (; text.charCodeAt(start) === LINE_FEED || text.startsWith(indentation, start); start++) {
      const isEmpty = text.charCodeAt(start) === LINE_FEED || text.charCodeAt(start + indent) === LINE_FEED;
      start = text.indexOf('\n', start);
      if (!isEmpty) end = start;
    }
    this.nextLine(start);
    return text.slice(at, end).replaceAll(`\n${indentation}`, '\n') + (strips ? '' : '\n');
  }
}

function isBlank(code: number): boolean {
  return code === SPACE || code === LINE_FEED;
}

/** Behind the scalar at `at`: a plain one ends at the colon that makes it a key, too. -1 for what does not end in its line. */
function endOfScalar(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === DOUBLE_QUOTE) return endOfDoubleQuoted(text, at);
  if (first === SINGLE_QUOTE) return endOfSingleQuoted(text, at);
  if (first === DASH ? isBlank(text.charCodeAt(at + 1)) : NO_PLAIN_START.has(first)) return -1;
  let end = at;
  for (let next = at; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === LINE_FEED) return end;
    if (code === COLON && isBlank(text.charCodeAt(next + 1))) return next;
    if (code !== SPACE) end = next + 1;
    else if (text.charCodeAt(next + 1) === HASH) return end;
  }
  return -1;
}

function endOfSingleQuoted(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === LINE_FEED) return -1;
    if (code !== SINGLE_QUOTE) continue;
    if (text.charCodeAt(next + 1) !== SINGLE_QUOTE) return next + 1;
    next++;
  }
  return -1;
}

function endOfDoubleQuoted(text: string, at: number): number {
  for (let next = at + 1; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === LINE_FEED) return -1;
    if (code === DOUBLE_QUOTE) return next + 1;
    if (code === BACKSLASH && !JSON_ESCAPES.includes(text.charAt(++next))) return -1;
  }
  return -1;
}

/** The content of a quoted scalar. */
function unquote(text: string, at: number, end: number): string {
  const content = text.slice(at + 1, end - 1);
  if (text.charCodeAt(at) === SINGLE_QUOTE) return content.replaceAll("''", "'");
  return content.includes('\\') ? (JSON.parse(text.slice(at, end)) as string) : content;
}
