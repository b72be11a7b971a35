/**
 * Reads what changes addresses, ports and marks. In: the words of a rule, at the statement. Out: the statement; undefined
 * where it says more than its type can hold.
 */
import type { ListedExpression, ListedStatement, ListedTarget } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';
import { readKey, readNumber } from './listed-values.ts';
import { bitwiseAt, readExpression } from './parse-listed-expression.ts';

const NAT_FLAGS: ReadonlySet<string> = new Set(['random', 'fully-random', 'persistent']);

/** `random,persistent`; undefined where there are none. */
export function readNATFlags(words: ListedWords): readonly string[] | undefined {
  if (!NAT_FLAGS.has(words.peek())) return undefined;
  const flags: string[] = [];
  do flags.push(words.takeAny() ?? '');
  while (words.take(','));
  return flags;
}

export function readDNAT(words: ListedWords): ListedStatement | undefined {
  words.at++;
  const family = readFamily(words);
  // Older ones say what the map has: dnat ip addr . port to numgen …
  if (words.take('addr') && words.take('.')) words.take('port');
  if (!words.take('to')) return undefined;
  const targets = words.peek() === 'numgen' ? readTargets(words) : readTarget(words);
  if (targets === undefined) return undefined;
  const flags = readNATFlags(words);
  return { kind: 'dnat', ...family, ...targets, ...(flags === undefined ? {} : { flags }) };
}

function readFamily(words: ListedWords): { readonly family?: 'ip' | 'ip6' } {
  const family = words.peek();
  if (family !== 'ip' && family !== 'ip6') return {};
  words.at++;
  return { family };
}

interface Targets {
  readonly key?: ListedExpression;
  readonly to: readonly ListedTarget[];
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1`, `fd00::1`, `:80`; no ranges. */
const SOCKET = /^(?:([0-9.]+)|\[([0-9a-f:.]+)\])?:([0-9]{1,5})$/i;
const ADDRESS = /^(?:[0-9]+(?:\.[0-9]+){3}|\[?[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*\]?)$/i;

function readTarget(words: ListedWords): Targets | undefined {
  const word = words.peek();
  const target = parseTarget(word);
  if (target === undefined) return undefined;
  words.at++;
  return { to: [target] };
}

export function parseTarget(word: string): ListedTarget | undefined {
  const socket = SOCKET.exec(word);
  if (socket === null) return ADDRESS.test(word) ? { address: word.replace(/^\[|\]$/g, '') } : undefined;
  const address = socket[1] ?? socket[2];
  return { ...(address === undefined ? {} : { address }), port: Number(socket[3]) };
}

/** `numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }` */
function readTargets(words: ListedWords): Targets | undefined {
  const key = readExpression(words);
  if (key?.kind !== 'numgen' || !words.take('map') || !words.take('{')) return undefined;
  const to: ListedTarget[] = [];
  for (;;) {
    const number = readNumber(words.peek());
    if (number === undefined || words.peek(1) !== ':') return undefined;
    words.at += 2;
    const address = words.peek();
    if (!ADDRESS.test(address)) return undefined;
    words.at++;
    let port: number | undefined;
    if (words.take('.')) {
      port = readNumber(words.peek());
      if (port === undefined) return undefined;
      words.at++;
    }
    to.push({ number, address, ...(port === undefined ? {} : { port }) });
    if (words.take('}')) return { key, to };
    if (!words.take(',')) return undefined;
  }
}

/** `snat to 1.2.3.4`, `snat ip to ip saddr map { … }` */
export function readSNAT(words: ListedWords): ListedStatement | undefined {
  words.at++;
  const family = readFamily(words);
  if (!words.take('to')) return undefined;
  const from = words.at;
  if (!skipValue(words)) return undefined;
  const to = words.textBetween(from, words.at);
  const flags = readNATFlags(words);
  return { kind: 'snat', ...family, to, ...(flags === undefined ? {} : { flags }) };
}

/** `redirect to :8080 random` */
export function readRedirect(words: ListedWords): ListedStatement | undefined {
  words.at++;
  let port: number | undefined;
  if (words.take('to')) {
    port = readNumber(words.peek().replace(/^:/, ''));
    if (port === undefined) return undefined;
    words.at++;
  }
  const flags = readNATFlags(words);
  return {
    kind: 'redirect',
    ...(port === undefined ? {} : { port }),
    ...(flags === undefined ? {} : { flags }),
  };
}

/** `masquerade to :1024-65535 fully-random` */
export function readMasquerade(words: ListedWords): ListedStatement | undefined {
  words.at++;
  let to: string | undefined;
  if (words.take('to')) {
    to = words.takeAny();
    if (to?.startsWith(':') !== true) return undefined;
  }
  const flags = readNATFlags(words) ?? [];
  return { kind: 'masquerade', ...(to === undefined ? {} : { to }), flags };
}

/** Signs by which more than bits of the mark are set. */
const GOES_ON: ReadonlySet<string> = new Set(['.', 'map', '<<', '>>', 'lshift', 'rshift']);

const PRECEDENCE = { '&': 2, '^': 1, '|': 0 } as const;

/** Behind `meta mark set`: a number, or the mark with `&`, `^` and `|` in the order in which they bind. */
export function readMarkSet(words: ListedWords): ListedStatement | undefined {
  const number = readNumber(words.peek());
  if (number !== undefined) {
    words.at++;
    return bitwiseAt(words) === undefined ? { kind: 'mark-set', and: 0, xor: number } : undefined;
  }
  words.take('meta');
  if (!words.take('mark')) return undefined;
  let and = 0xffffffff;
  let xor = 0;
  let binds: number = PRECEDENCE['&'];
  for (let sign = bitwiseAt(words); sign !== undefined; sign = bitwiseAt(words)) {
    const bits = readNumber(words.peek(1));
    if (bits === undefined || PRECEDENCE[sign] > binds) return undefined;
    binds = PRECEDENCE[sign];
    words.at += 2;
    if (sign === '&') and &= bits;
    if (sign === '|') and &= ~bits;
    xor = sign === '&' ? xor & bits : sign === '^' ? xor ^ bits : xor | bits;
  }
  if (GOES_ON.has(words.peek())) return undefined;
  return { kind: 'mark-set', and: and >>> 0, xor: xor >>> 0 };
}

/** Steps behind a value whose meaning does not matter. False where its end is not certain. */
export function skipValue(words: ListedWords): boolean {
  if (readExpression(words) === undefined && !skipConcatenation(words)) return false;
  while (bitwiseAt(words) !== undefined || words.peek() === '<<' || words.peek() === '>>') {
    words.at++;
    if (words.peek() === '(' ? !words.skipBrackets() : !readOperandOfBits(words)) return false;
  }
  if (!words.take('map')) return true;
  if (words.peek() === '{') return words.skipBrackets();
  return words.takeAny()?.startsWith('@') === true;
}

function readOperandOfBits(words: ListedWords): boolean {
  return readExpression(words) !== undefined || skipConcatenation(words);
}

function skipConcatenation(words: ListedWords): boolean {
  return words.peek() === '(' ? words.skipBrackets() : readKey(words) !== undefined;
}
