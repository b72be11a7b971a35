/**
 * Reads with what a rule compares what it asks of a packet. In: the words of a rule, behind an expression. Out: the match;
 * undefined where its end is not certain.
 */
import type { ListedExpression, ListedOperand, ListedStatement, ListedValue } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';
import { readKey, readNumber, readValue, styleOf } from './listed-values.ts';
import { BARE_META, bitwiseAt, PROTOCOLS, unknownSince } from './parse-listed-expression.ts';

/** Values that are also the words by which expressions begin, and where they may stand. */
const AMBIGUOUS: ReadonlySet<string> = new Set([...PROTOCOLS, ...BARE_META, 'meta', 'ct', 'fib', 'numgen']);
const NAMES_PROTOCOLS: ReadonlySet<string> = new Set([
  ...['l4proto', 'protocol', 'nexthdr', 'nfproto', 'type', 'l3proto', 'ptype', 'operation'],
]);

/** Fields that hold several flags at once. */
const FLAGS: ReadonlySet<string> = new Set(['ct status', 'ct event', 'ct label', 'tcp flags']);

const SHIFTS: ReadonlySet<string> = new Set(['<<', '>>', 'lshift', 'rshift']);

/** Bits of an expression: a mask of marks is understood, all else is not. */
function readBits(words: ListedWords, left: ListedExpression, from: number): ListedExpression | undefined {
  let isMask = true;
  let mask: number | undefined;
  let steps = 0;
  while (bitwiseAt(words) !== undefined || SHIFTS.has(words.peek())) {
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

export function operatorOf(sign: string): Match['operator'] | undefined {
  return OPERATORS.get(sign);
}

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

/** Whether several values are flags that may be there at once. */
export function isFlags(left: ListedExpression): boolean {
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
export function maskedMark(
  left: ListedExpression,
  values: readonly (readonly ListedValue[])[],
  operator: Match['operator'],
): Match | undefined {
  const [value] = values[0] as readonly [ListedValue];
  if (values.length !== 1 || value.kind === 'range' || styleOf(left) !== 'mark' || 'mask' in left)
    return undefined;
  const text = value.kind === 'word' ? value.word : value.text;
  const prefix = /^(0x[0-9a-f]{1,8}|[0-9]{1,10})\/([0-9]{1,2})$/i.exec(text);
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
