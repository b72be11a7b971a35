/**
 * Words of a listing as values. In: words and strings as printed. Out: addresses, ports and names, prefixes, ranges,
 * numbers and lengths of time.
 */

import type { ListedElement, ListedExpression, ListedValue, ListedVerdict } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';

/** `10.0.0.1-10.0.0.9`, `80-90`, `0x1-0x2`, `fd00::1-fd00::9`; not `echo-request`. */
const RANGE =
  /^(0x[0-9a-f]+|[0-9][0-9.]*|[0-9a-f]*:[0-9a-f:.]*)-(0x[0-9a-f]+|[0-9][0-9.]*|[0-9a-f]*:[0-9a-f:.]*)$/i;
const PREFIX = /^(?:[0-9][0-9.]*|[0-9a-f]*:[0-9a-f:.]*)\/[0-9]+$/i;
const HEXADECIMAL = /^0x[0-9a-f]{1,8}$/i;

export function readValue(word: string, isString: boolean): ListedValue {
  if (isString) return readName(word);
  if (word.includes('/') && PREFIX.test(word)) return { kind: 'prefix', text: word };
  const range = word.includes('-') ? RANGE.exec(word) : null;
  if (range !== null) {
    return { kind: 'range', first: decimal(range[1] as string), last: decimal(range[2] as string) };
  }
  return { kind: 'word', word: decimal(word) };
}

/** Of an interface: `eth*` stands for all that begin so, `eth\*` for itself. */
function readName(name: string): ListedValue {
  if (name.endsWith('\\*')) return { kind: 'word', word: `${name.slice(0, -2)}*` };
  return name.endsWith('*') ? { kind: 'prefix', text: name } : { kind: 'word', word: name };
}

function decimal(word: string): string {
  return word.startsWith('0x') && HEXADECIMAL.test(word) ? `${Number.parseInt(word, 16)}` : word;
}

/** A number as nft prints it, of at most 32 bits. */
export function readNumber(word: string): number | undefined {
  if (!/^(?:0x[0-9a-f]{1,8}|[0-9]{1,10})$/i.test(word)) return undefined;
  const number = Number(word);
  return number <= 0xffffffff ? number : undefined;
}

const SECONDS: ReadonlyMap<string, number> = new Map([
  ['w', 604800],
  ['d', 86400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
  ['ms', 0.001],
]);

/** `1d2h3m4s5ms` */
export function readSeconds(word: string): number | undefined {
  if (!/^(?:[0-9]{1,10}(?:ms|[wdhms]))+$/.test(word)) return undefined;
  let milliseconds = 0;
  for (const [, count, unit] of word.matchAll(/([0-9]+)(ms|[wdhms])/g)) {
    milliseconds += Number(count) * Math.round((SECONDS.get(unit as string) as number) * 1000);
  }
  return milliseconds / 1000;
}

/** Values in concatenation, `10.0.0.1 . tcp . 80`. Undefined where there is none. */
export function readKey(words: ListedWords): readonly ListedValue[] | undefined {
  const values: ListedValue[] = [];
  do {
    const isString = words.isString[words.at] === true;
    const word = words.takeAny();
    if (word === undefined || (!isString && NO_VALUES.has(word))) return undefined;
    values.push(readValue(word, isString));
  } while (words.take('.'));
  return values;
}

const NO_VALUES: ReadonlySet<string> = new Set(['{', '}', '(', ')', ',', ';', '.', ':', '=', '#']);

export function readVerdict(words: ListedWords): ListedVerdict | undefined {
  const kind = words.peek();
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      words.at++;
      return { kind };
    case 'jump':
    case 'goto': {
      const chain = words.peek(1);
      if (chain === '' || NO_VALUES.has(chain)) return undefined;
      words.at += 2;
      return { kind, chain };
    }
    default:
      return undefined;
  }
}

export type ElementParts = Omit<ListedElement, 'kind' | 'line' | 'table' | 'set'>;

type PartsToFill = { -readonly [P in keyof ElementParts]: ElementParts[P] } & { statements?: string[] };

/** One element, without the comma: `10.0.0.1 . 80 timeout 1h expires 5m comment "…" : goto chain`. */
export function readElement(words: ListedWords): ElementParts | undefined {
  const key = readKey(words);
  if (key === undefined) return undefined;
  const parts: PartsToFill = { key };
  while (!words.isAtEnd) {
    if (words.take(':')) {
      if (parts.verdict !== undefined || parts.value !== undefined) return undefined;
      const verdict = readVerdict(words);
      if (verdict !== undefined) parts.verdict = verdict;
      else {
        const value = readKey(words);
        if (value === undefined) return undefined;
        parts.value = value;
      }
    } else if (!readElementOption(words, parts)) return undefined;
  }
  return parts;
}

function readElementOption(words: ListedWords, parts: PartsToFill): boolean {
  const from = words.at;
  switch (words.peek()) {
    case 'comment': {
      if (words.isString[from + 1] !== true || parts.comment !== undefined) return false;
      parts.comment = words.words[from + 1] as string;
      words.at += 2;
      return true;
    }
    case 'expires':
      words.at += 2;
      return readSeconds(words.words[from + 1] ?? '') !== undefined || words.words[from + 1] === '0';
    case 'timeout': {
      const seconds = readSeconds(words.words[from + 1] ?? '');
      words.at += 2;
      if (seconds === undefined || parts.timeoutSeconds !== undefined)
        return words.words[from + 1] === 'never';
      parts.timeoutSeconds = seconds;
      return true;
    }
    case 'counter':
      words.at += words.peek(1) === 'packets' && words.peek(3) === 'bytes' ? 5 : 1;
      return true;
    case 'limit':
    case 'quota':
    case 'ct':
    case 'last':
      // Each goes on to where the next begins.
      do words.at++;
      while (!words.isAtEnd && !ELEMENT_OPTIONS.has(words.peek()));
      parts.statements ??= [];
      parts.statements.push(words.textBetween(from, words.at));
      return true;
    default:
      return false;
  }
}

const ELEMENT_OPTIONS: ReadonlySet<string> = new Set([
  ...['comment', 'expires', 'timeout', 'counter', 'limit', 'quota', 'ct', 'last', ':'],
]);

/** Whether values are written as marks, in quotation marks, or as they are. */
export type ValueStyle = 'mark' | 'quoted' | 'plain';

const QUOTED_META: ReadonlySet<string> = new Set([
  ...['iif', 'iifname', 'oif', 'oifname', 'ibrname', 'obrname', 'sdif', 'sdifname'],
  ...['time', 'day', 'hour', 'iifkind', 'oifkind'],
]);

export function styleOf(expression: ListedExpression): ValueStyle {
  switch (expression.kind) {
    case 'meta':
      return expression.key === 'mark' ? 'mark' : QUOTED_META.has(expression.key) ? 'quoted' : 'plain';
    case 'ct':
      return expression.key === 'mark' ? 'mark' : expression.key === 'helper' ? 'quoted' : 'plain';
    case 'fib':
      return expression.result === 'oifname' ? 'quoted' : 'plain';
    case 'payload':
    case 'numgen':
    case 'concat':
    case 'unknown':
      return 'plain';
    default:
      return expression satisfies never;
  }
}

/** One for each part of a concatenation. */
export function stylesOf(expression: ListedExpression): readonly ValueStyle[] {
  return expression.kind === 'concat' ? expression.parts.map(styleOf) : [styleOf(expression)];
}

/** Types whose values are names; a map to objects has their kind for a type. */
const QUOTED_TYPES: ReadonlySet<string> = new Set([
  ...[
    'ifname',
    'iface_index',
    'string',
    'counter',
    'quota',
    'limit',
    'ct helper',
    'ct timeout',
    'ct expectation',
  ],
  ...['synproxy', 'secmark', 'iif', 'oif', 'iifname', 'oifname', 'meta ibrname', 'meta obrname', 'ct helper'],
]);

export function styleOfType(type: string): ValueStyle {
  if (QUOTED_TYPES.has(type)) return 'quoted';
  return type === 'mark' || type === 'meta mark' || type === 'ct mark' ? 'mark' : 'plain';
}
