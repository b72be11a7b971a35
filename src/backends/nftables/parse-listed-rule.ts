/**
 * Reads a rule. In: its words. Out: its statements and its comment. What is not understood becomes `unknown` as far as it
 * certainly goes; where that is not certain, up to the end of the rule.
 */
import type { ListedStatement } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';
import { readKey, readSeconds, readVerdict } from './listed-values.ts';
import { readExpression } from './parse-listed-expression.ts';
import { readMatch } from './parse-listed-match.ts';
import {
  readDNAT,
  readMarkSet,
  readMasquerade,
  readNATFlags,
  readRedirect,
  readSNAT,
  skipValue,
} from './parse-listed-nat.ts';

export interface RuleParts {
  readonly statements: readonly ListedStatement[];
  readonly comment?: string;
}

export function readRule(words: ListedWords): RuleParts {
  const statements: ListedStatement[] = [];
  while (!words.isAtEnd) {
    const from = words.at;
    const ending = readEnding(words);
    if (ending !== undefined) return { statements, ...ending };
    const statement = readStatement(words);
    if (statement !== undefined && words.at <= words.words.length) statements.push(statement);
    else {
      words.at = from;
      statements.push(readUnknown(words));
    }
  }
  return { statements };
}

/** `comment "…"` and the handle, which end a rule. */
function readEnding(words: ListedWords): { readonly comment?: string } | undefined {
  const from = words.at;
  let comment: string | undefined;
  if (words.peek() === 'comment' && words.isString[from + 1] === true) {
    comment = words.words[from + 1] as string;
    words.at += 2;
  }
  if (words.peek() === '#' && words.peek(1) === 'handle') words.at += 3;
  if (words.at >= words.words.length && words.at > from) return comment === undefined ? {} : { comment };
  words.at = from;
  return undefined;
}

/** Statements that are known to end where they do, though not what they mean; else all that is left. */
function readUnknown(words: ListedWords): ListedStatement {
  const from = words.at;
  if (!skipUnknown(words) || words.at > words.words.length) {
    words.at = from;
    do words.at++;
    while (!words.isAtEnd && !isEnding(words));
  }
  return { kind: 'unknown', text: words.textBetween(from, words.at) };
}

/** The comment, if nothing is behind it but the handle; or the handle. */
function isEnding(words: ListedWords): boolean {
  const left = words.words.length - words.at;
  if (left === 3) return words.peek() === '#' && words.peek(1) === 'handle';
  return (
    words.peek() === 'comment' &&
    words.isString[words.at + 1] === true &&
    (left === 2 || (left === 5 && words.peek(2) === '#' && words.peek(3) === 'handle'))
  );
}

function readStatement(words: ListedWords): ListedStatement | undefined {
  const verdict = readVerdict(words);
  if (verdict !== undefined) return { kind: 'verdict', verdict };
  switch (words.peek()) {
    case 'counter':
      return readCounter(words);
    case 'log':
      return readLog(words);
    case 'reject':
      return readReject(words);
    case 'notrack':
      words.at++;
      return { kind: 'notrack' };
    case 'masquerade':
      return readMasquerade(words);
    case 'dnat':
      return readDNAT(words);
    case 'snat':
      return readSNAT(words);
    case 'redirect':
      return readRedirect(words);
    case 'update':
    case 'add':
    case 'delete':
      return readSetUpdate(words);
    default:
      return readQuestion(words);
  }
}

/** What begins with an expression: a match, a verdict map, or an assignment. */
function readQuestion(words: ListedWords): ListedStatement | undefined {
  const from = words.at;
  const expression = readExpression(words);
  if (expression === undefined || (expression.kind === 'ct' && expression.key === 'count')) return undefined;
  if (words.take('set')) {
    return expression.kind === 'meta' && expression.key === 'mark' ? readMarkSet(words) : undefined;
  }
  return words.peek() === 'vmap' ? readVerdictMap(words, expression) : readMatch(words, expression, from);
}

type VerdictMap = ListedStatement & { readonly kind: 'vmap' };

function readVerdictMap(words: ListedWords, key: VerdictMap['key']): VerdictMap | undefined {
  words.at++;
  const word = words.peek();
  if (word.startsWith('@') && word.length > 1) {
    words.at++;
    return { kind: 'vmap', key, map: { kind: 'named', name: word.slice(1) } };
  }
  if (!words.take('{')) return undefined;
  const elements: { readonly key: NonNullable<ReturnType<typeof readKey>>; readonly verdict: Verdict }[] = [];
  for (;;) {
    const values = readKey(words);
    if (values === undefined || !words.take(':')) return undefined;
    const verdict = readVerdict(words);
    if (verdict === undefined) return undefined;
    elements.push({ key: values, verdict });
    if (words.take('}')) return { kind: 'vmap', key, map: { kind: 'elements', elements } };
    if (!words.take(',')) return undefined;
  }
}

type Verdict = NonNullable<ReturnType<typeof readVerdict>>;

/** `counter packets 3 bytes 180`, `counter name "c"` */
function readCounter(words: ListedWords): ListedStatement | undefined {
  words.at++;
  if (words.peek() === 'packets' && words.peek(2) === 'bytes') words.at += 4;
  if (!words.take('name')) return { kind: 'counter' };
  const isName = words.isString[words.at] === true || words.peek(1) !== 'map';
  const name = words.takeAny();
  // counter name tcp dport map { … }
  return name === undefined || !isName || BEGINS_MAP.has(name) ? undefined : { kind: 'counter', name };
}

const BEGINS_MAP: ReadonlySet<string> = new Set([
  'ip',
  'ip6',
  'tcp',
  'udp',
  'th',
  'meta',
  'ct',
  'iifname',
  'oifname',
]);

const LOG_OPTIONS: ReadonlySet<string> = new Set([
  'prefix',
  'level',
  'group',
  'snaplen',
  'queue-threshold',
  'flags',
]);

/** `log prefix "…" level debug flags ip options flags skuid` */
function readLog(words: ListedWords): ListedStatement {
  const from = ++words.at;
  while (LOG_OPTIONS.has(words.peek())) {
    const option = words.takeAny();
    const value = words.takeAny();
    if (option !== 'flags' || (value !== 'tcp' && value !== 'ip')) continue;
    do words.at++;
    while (words.take(','));
  }
  const options = words.textBetween(from, Math.min(words.at, words.words.length));
  return { kind: 'log', ...(options === '' ? {} : { options }) };
}

/** `reject with icmp port-unreachable`, as older ones print it `with icmp type port-unreachable`. */
function readReject(words: ListedWords): ListedStatement | undefined {
  words.at++;
  if (!words.take('with')) return { kind: 'reject' };
  const protocol = words.takeAny();
  words.take('type');
  const reason = words.takeAny();
  if (protocol === undefined || reason === undefined) return undefined;
  return { kind: 'reject', with: `${protocol} ${reason}` };
}

/** `update @set { ip saddr timeout 30s }` */
function readSetUpdate(words: ListedWords): ListedStatement | undefined {
  const operation = words.takeAny() as 'update' | 'add' | 'delete';
  const set = words.takeAny();
  if (set === undefined || !set.startsWith('@') || !words.take('{')) return undefined;
  const key = readExpression(words);
  let timeoutSeconds: number | undefined;
  if (words.take('timeout')) timeoutSeconds = readSeconds(words.takeAny() ?? '');
  if (key === undefined || !words.take('}')) return undefined;
  const timeout = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  return { kind: 'set-update', operation, set: set.slice(1), key, ...timeout };
}

/** Steps behind a statement without a type of its own, or one that says more than its type holds. */
function skipUnknown(words: ListedWords): boolean {
  const word = words.takeAny();
  const next = words.peek();
  switch (word) {
    case '#':
      words.at++;
      return /^xt_\w+$/.test(next);
    case 'xt':
      words.at += 2;
      return (next === 'match' || next === 'target') && words.isString[words.at - 1] === true;
    case 'limit':
    case 'quota':
      return skipAmount(words);
    case 'queue':
      words.at = words.words.length;
      return false;
    case 'update':
    case 'add':
    case 'delete':
    case 'meter':
    case 'flow':
      return skipBlock(words);
    case 'snat':
    case 'dnat':
    case 'redirect':
    case 'tproxy':
    case 'fwd':
    case 'dup':
      return skipTranslation(words);
    case 'counter':
      return words.take('name') && skipValue(words);
    case 'last':
      if (words.take('used')) words.at++;
      return true;
    case 'synproxy':
      while (['mss', 'wscale', 'name'].includes(words.peek())) words.at += 2;
      while (['timestamp', 'sack-perm'].includes(words.peek())) words.at++;
      return true;
    default:
      words.at--;
      return skipQuestion(words);
  }
}

/** `rate over 10/minute burst 5 packets`, `over 10 mbytes used 3 bytes`, `name "x"` */
function skipAmount(words: ListedWords): boolean {
  if (words.take('name')) return skipValue(words);
  words.take('rate');
  if (!words.take('over')) words.take('until');
  const amount = /^[0-9]+(\/[a-z]+)?$/.exec(words.takeAny() ?? '');
  if (amount === null) return false;
  if (amount[1] === undefined) words.at++;
  if (words.take('burst') || words.take('used')) words.at += 2;
  return true;
}

/** `meter m size 65535 { … }`, `add @s { … }`, `flow add @f` */
function skipBlock(words: ListedWords): boolean {
  if (words.peek() === 'add' || words.peek() === 'offload') words.at++;
  words.at++;
  if (words.take('size')) words.at++;
  return words.peek() !== '{' || words.skipBrackets();
}

function skipTranslation(words: ListedWords): boolean {
  if (words.peek() === 'ip' || words.peek() === 'ip6') words.at++;
  // dnat ip prefix to …, dnat ip addr . port to …
  if (words.take('addr') && words.take('.')) words.take('port');
  words.take('prefix');
  if (words.take('to') && !skipValue(words)) return false;
  if (words.take('device') && !skipValue(words)) return false;
  readNATFlags(words);
  return true;
}

/** Matches and assignments of what has no type. */
function skipQuestion(words: ListedWords): boolean {
  if (words.peek() === 'ct' && words.peek(1) === 'count') {
    words.at += 2;
    words.take('over');
    words.at++;
    return true;
  }
  if (readExpression(words) === undefined) return false;
  if (words.take('set')) return skipValue(words);
  return words.take('vmap') && words.peek() === '{' && words.skipBrackets();
}
