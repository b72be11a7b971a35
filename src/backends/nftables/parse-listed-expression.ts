/**
 * Reads what a rule asks of a packet, and with what it compares that. In: the words of a rule, at an expression. Out: the
 * expression or the match, typed as far as it is understood; undefined where even its end is not certain.
 */
import type { ListedExpression, ListedOperand, ListedStatement, ListedValue } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';
import { readKey, readNumber, readValue, styleOf } from './listed-values.ts';

/** Keys that nft prints, or has printed, without `meta`. */
const BARE_META: ReadonlySet<string> = new Set([
  ...[
    'mark',
    'iif',
    'iifname',
    'iiftype',
    'iifgroup',
    'oif',
    'oifname',
    'oiftype',
    'oifgroup',
    'skuid',
    'skgid',
  ],
  ...['nftrace', 'rtclassid', 'pkttype', 'cpu', 'cgroup', 'ibrname', 'obrname', 'secpath'],
]);

const PROTOCOLS: ReadonlySet<string> = new Set([
  ...[
    'ip',
    'ip6',
    'tcp',
    'udp',
    'udplite',
    'sctp',
    'dccp',
    'th',
    'icmp',
    'icmpv6',
    'igmp',
    'ether',
    'vlan',
    'arp',
  ],
  ...['ah', 'esp', 'comp'],
]);

/** Fields that are followed by words of their own. */
const LONG_FIELDS: ReadonlySet<string> = new Set(['option', 'chunk']);
const OPTION_FIELDS: ReadonlySet<string> = new Set([
  ...[
    'kind',
    'length',
    'size',
    'count',
    'left',
    'right',
    'tsval',
    'tsecr',
    'subtype',
    'type',
    'ptr',
    'addr',
    'value',
  ],
]);
const EXTENSION_HEADERS: ReadonlySet<string> = new Set(['frag', 'hbh', 'dst', 'mh', 'rt0', 'rt2', 'srh']);

/** Values that are also the words by which expressions begin, and where they may stand. */
const AMBIGUOUS: ReadonlySet<string> = new Set([...PROTOCOLS, ...BARE_META, 'meta', 'ct', 'fib', 'numgen']);
const NAMES_PROTOCOLS: ReadonlySet<string> = new Set([
  ...['l4proto', 'protocol', 'nexthdr', 'nfproto', 'type', 'l3proto', 'ptype', 'operation'],
]);

/** Fields that hold several flags at once. */
const FLAGS: ReadonlySet<string> = new Set(['ct status', 'ct event', 'ct label', 'tcp flags']);

const BITWISE: ReadonlyMap<string, '&' | '|' | '^'> = new Map([
  ['&', '&'],
  ['and', '&'],
  ['|', '|'],
  ['or', '|'],
  ['^', '^'],
  ['xor', '^'],
]);
const SHIFTS: ReadonlySet<string> = new Set(['<<', '>>', 'lshift', 'rshift']);

export function bitwiseAt(words: ListedWords): '&' | '|' | '^' | undefined {
  return BITWISE.get(words.peek());
}

/** An expression with all that is concatenated to it. Hashes of hashes are not read: each would be one call deeper. */
export function readExpression(words: ListedWords, isHashed = false): ListedExpression | undefined {
  const from = words.at;
  const first = readPrimary(words, isHashed);
  if (first === undefined || words.peek() !== '.') return first;
  const parts = [first];
  while (words.take('.')) {
    const part = readPrimary(words, isHashed);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  if (parts.some(({ kind }) => kind === 'unknown')) return unknownSince(words, from);
  return { kind: 'concat', parts };
}

function unknownSince(words: ListedWords, from: number): { readonly kind: 'unknown'; readonly text: string } {
  return { kind: 'unknown', text: words.textBetween(from, words.at) };
}

function readPrimary(words: ListedWords, isHashed: boolean): ListedExpression | undefined {
  const from = words.at;
  const word = words.peek();
  const next = words.peek(1);
  if (word === 'meta') {
    if (next === '') return undefined;
    words.at += 2;
    return { kind: 'meta', key: next };
  }
  if (BARE_META.has(word)) {
    words.at++;
    return { kind: 'meta', key: word };
  }
  if (PROTOCOLS.has(word)) return readHeader(words, word, next);
  if (
    EXTENSION_HEADERS.has(word) ||
    word === 'exthdr' ||
    (word === 'rt' && next !== 'ip' && next !== 'ip6')
  ) {
    return unknownOf(words, 2);
  }
  switch (word) {
    case 'ct':
      return readConnection(words, next);
    case 'fib':
      return readRoute(words);
    case 'numgen':
      return readNumberGenerator(words, next);
    case 'jhash':
    case 'symhash':
      return isHashed ? undefined : readHash(words, from);
    case 'rt':
      return unknownOf(words, 3);
    case 'socket':
      return unknownOf(words, next === 'cgroupv2' ? 4 : 2);
    case 'osf':
      return unknownOf(words, next === 'ttl' ? 4 : 2);
    case '@ll':
    case '@nh':
    case '@th':
    case '@ih':
      // @th,16,16
      return unknownOf(words, 5);
    default:
      return undefined;
  }
}

function unknownOf(words: ListedWords, length: number): ListedExpression | undefined {
  const from = words.at;
  words.at += length;
  return words.at > words.words.length ? undefined : unknownSince(words, from);
}

function readHeader(words: ListedWords, protocol: string, field: string): ListedExpression | undefined {
  if (field === '') return undefined;
  if (protocol === 'arp' && (field === 'saddr' || field === 'daddr')) return unknownOf(words, 3);
  if (LONG_FIELDS.has(field)) return unknownOf(words, OPTION_FIELDS.has(words.peek(3)) ? 4 : 3);
  words.at += 2;
  return { kind: 'payload', protocol, field };
}

/** `ct state`, `ct original ip daddr` */
function readConnection(words: ListedWords, next: string): ListedExpression | undefined {
  if (next === '') return undefined;
  words.at += 2;
  if (next !== 'original' && next !== 'reply') return { kind: 'ct', key: next };
  const key = words.peek();
  const parts = key === 'ip' || key === 'ip6' ? [next, key, words.peek(1)] : [next, key];
  if (parts.includes('')) return undefined;
  words.at += parts.length - 1;
  return { kind: 'ct', key: parts.join(' ') };
}

/** `fib saddr . iif oif` */
function readRoute(words: ListedWords): ListedExpression | undefined {
  words.at++;
  const flags: string[] = [];
  do flags.push(words.takeAny() ?? '');
  while (words.take('.'));
  const result = words.peek();
  if (!['type', 'oif', 'oifname', 'check'].includes(result)) return undefined;
  words.at++;
  return { kind: 'fib', flags, result };
}

/** `numgen random mod 3 offset 1` */
function readNumberGenerator(words: ListedWords, mode: string): ListedExpression | undefined {
  const modulus = readNumber(words.peek(3));
  if ((mode !== 'random' && mode !== 'inc') || words.peek(2) !== 'mod' || modulus === undefined)
    return undefined;
  words.at += 4;
  let offset: number | undefined = 0;
  if (words.take('offset')) {
    offset = readNumber(words.peek());
    if (offset === undefined) return undefined;
    words.at++;
  }
  return { kind: 'numgen', mode, modulus, offset };
}

/** `jhash ip saddr . tcp dport mod 2 seed 0xabc offset 100` */
function readHash(words: ListedWords, from: number): ListedExpression | undefined {
  const isSymmetric = words.takeAny() === 'symhash';
  if (!isSymmetric && readExpression(words, true) === undefined) return undefined;
  if (!words.take('mod')) return undefined;
  words.at++;
  if (words.take('seed')) words.at++;
  if (words.take('offset')) words.at++;
  return words.at > words.words.length ? undefined : unknownSince(words, from);
}

/** Bits of an expression: a mask of marks is understood, all else is not. */
export function readBits(
  words: ListedWords,
  left: ListedExpression,
  from: number,
): ListedExpression | undefined {
  let isMask = true;
  let mask: number | undefined;
  let steps = 0;
  while (BITWISE.has(words.peek()) || SHIFTS.has(words.peek())) {
    isMask = bitwiseAt(words) === '&' && ++steps === 1;
    words.at++;
    mask = readNumber(words.peek());
    if (words.peek() === '(') {
      if (!words.skipBrackets()) return undefined;
    } else if (words.takeAny() === undefined) return undefined;
  }
  if (words.at === from) return left;
  const isMark = (left.kind === 'meta' || left.kind === 'ct') && left.key === 'mark';
  if (isMark && isMask && steps === 1 && mask !== undefined) return { ...left, mask };
  return undefined;
}

const OPERATORS: ReadonlyMap<string, '==' | '!=' | '<' | '>' | '<=' | '>='> = new Map([
  ['==', '=='],
  ['eq', '=='],
  ['!=', '!='],
  ['ne', '!='],
  ['<', '<'],
  ['lt', '<'],
  ['>', '>'],
  ['gt', '>'],
  ['<=', '<='],
  ['le', '<='],
  ['>=', '>='],
  ['ge', '>='],
]);

type Match = ListedStatement & { readonly kind: 'match' };

/** What is behind an expression that began at `from`: an operator, if any, and an operand. */
export function readMatch(words: ListedWords, expression: ListedExpression, from: number): Match | undefined {
  const behind = words.at;
  let left = readBits(words, expression, behind);
  if (left === undefined) {
    if (words.isAtEnd) return undefined;
    left = unknownSince(words, from);
  }
  const sign = OPERATORS.get(words.peek());
  if (sign !== undefined) words.at++;
  const start = words.at;
  const right = readOperand(words, left, sign);
  if (right === undefined) return undefined;
  const operator = sign ?? '==';
  // meta mark != 0x00000000/1
  const masked =
    right.kind === 'values' && !right.isSet ? maskedMark(left, right.values, operator) : undefined;
  if (masked !== undefined) return masked;
  if (right.kind === 'set' || (right.kind === 'values' && left.kind !== 'unknown')) {
    return { kind: 'match', left, operator, right };
  }
  // Of what is not understood the sign may mean something.
  const isPrinted = sign === '==' && !('mask' in left);
  return { kind: 'match', left, operator, right: unknownSince(words, isPrinted ? start - 1 : start) };
}

function readOperand(
  words: ListedWords,
  left: ListedExpression,
  sign: string | undefined,
): ListedOperand | undefined {
  const from = words.at;
  const word = words.peek();
  if (word.startsWith('@') && word.length > 1) {
    words.at++;
    return { kind: 'set', name: word.slice(1) };
  }
  if (word === '{') return readAnonymousSet(words, left, from);
  if (word === '(' || word === '!') return undefined;
  if (AMBIGUOUS.has(word) && !namesProtocol(left)) return undefined;
  const values: (readonly ListedValue[])[] = [];
  do {
    const key = readKey(words);
    if (key === undefined) return undefined;
    values.push(key);
  } while (words.take(','));
  // ct state != established | related; tcp flags syn / syn,ack; meta hour "10:00"-"11:00"
  let isPlain = true;
  while (isGoingOn(words)) {
    isPlain = false;
    words.at++;
    if (words.takeAny() === undefined) return undefined;
  }
  const isExact = isFlags(left) ? sign !== undefined : sign !== undefined && values.length > 1;
  return isPlain && !isExact ? { kind: 'values', values } : unknownSince(words, from);
}

function isGoingOn(words: ListedWords): boolean {
  const word = words.peek();
  return word === '|' || word === '/' || word === ',' || word === '-';
}

function isFlags(left: ListedExpression): boolean {
  if (left.kind === 'payload') return FLAGS.has(`${left.protocol} ${left.field}`);
  return left.kind === 'ct' && FLAGS.has(`ct ${left.key}`);
}

function namesProtocol(left: ListedExpression): boolean {
  switch (left.kind) {
    case 'payload':
      return NAMES_PROTOCOLS.has(left.field);
    case 'meta':
    case 'ct':
      return NAMES_PROTOCOLS.has(left.key);
    case 'concat':
      return left.parts.some(namesProtocol);
    case 'fib':
    case 'numgen':
    case 'unknown':
      return false;
    default:
      return left satisfies never;
  }
}

/** `{ 10.0.0.0/8, 80-90, eth0 }`; what has more than values in it is not understood. */
function readAnonymousSet(
  words: ListedWords,
  left: ListedExpression,
  from: number,
): ListedOperand | undefined {
  words.at++;
  const values: (readonly ListedValue[])[] = [];
  for (;;) {
    const key = readKey(words);
    if (key === undefined) break;
    values.push(key);
    if (words.take('}')) {
      return isFlags(left) ? unknownSince(words, from) : { kind: 'values', values, isSet: true };
    }
    if (!words.take(',')) break;
  }
  words.at = from;
  return words.skipBrackets() ? unknownSince(words, from) : undefined;
}

/** nft prints a mask of the highest bits as the length of a prefix. */
function maskedMark(
  left: ListedExpression,
  values: readonly (readonly ListedValue[])[],
  operator: Match['operator'],
): Match | undefined {
  const [value] = values[0] as readonly [ListedValue];
  if (values.length !== 1 || value.kind !== 'word' || styleOf(left) !== 'mark' || 'mask' in left)
    return undefined;
  const prefix = /^(0x[0-9a-f]{1,8})\/([0-9]{1,2})$/i.exec(value.word);
  const length = Number(prefix?.[2]);
  if (prefix === null || length < 1 || length > 31) return undefined;
  const mask = (0xffffffff << (32 - length)) >>> 0;
  const word = readValue(prefix[1] as string, false);
  return {
    kind: 'match',
    left: { ...(left as ListedExpression & { kind: 'meta' | 'ct' }), mask },
    operator,
    right: { kind: 'values', values: [[word]] },
  };
}
