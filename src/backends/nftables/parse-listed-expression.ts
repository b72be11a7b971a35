/**
 * Reads what a rule asks of a packet. In: the words of a rule, at an expression. Out: the expression, typed as far as it is
 * understood; undefined where even its end is not certain.
 */
import type { ListedExpression } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';
import { readNumber } from './listed-values.ts';

/** Keys that nft prints, or has printed, without `meta`. */
export const BARE_META: ReadonlySet<string> = new Set([
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

export const PROTOCOLS: ReadonlySet<string> = new Set([
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

const BITWISE: ReadonlyMap<string, '&' | '|' | '^'> = new Map([
  ['&', '&'],
  ['and', '&'],
  ['|', '|'],
  ['or', '|'],
  ['^', '^'],
  ['xor', '^'],
]);

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

export function unknownSince(
  words: ListedWords,
  from: number,
): { readonly kind: 'unknown'; readonly text: string } {
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
