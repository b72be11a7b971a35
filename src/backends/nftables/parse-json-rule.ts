/**
 * Reads the statements of a rule in JSON. In: its `expr`. Out: typed statements, the same as of the text; what is not
 * understood stays as its JSON.
 */
import {
  asNumber,
  asString,
  asStrings,
  isObject,
  type JSONObject,
  onlyEntry,
  readJSONExpression,
  readJSONKey,
  unknownJSON,
} from './json-values.ts';
import type {
  ListedExpression,
  ListedOperand,
  ListedStatement,
  ListedTarget,
  ListedValue,
  ListedVerdict,
  TableFamily,
} from './listed.ts';
import { stylesOf } from './listed-values.ts';
import { isFlags, maskedMark, operatorOf } from './parse-listed-match.ts';
import { parseTarget } from './parse-listed-nat.ts';

export function readJSONStatement(value: unknown, family: TableFamily): ListedStatement {
  const verdict = readJSONVerdict(value);
  if (verdict !== undefined) return { kind: 'verdict', verdict };
  // What nft cannot say in JSON it says as in a list.
  if (typeof value === 'string') return { kind: 'unknown', text: value };
  const [kind = '', what] = onlyEntry(value) ?? [];
  return readKind(kind, isObject(what) ? what : {}, what, family) ?? unknownJSON(value);
}

/** `what` is `{}` where nft says nothing of a statement but that it is there, which it does by `null`. */
function readKind(
  kind: string,
  what: JSONObject,
  raw: unknown,
  family: TableFamily,
): ListedStatement | undefined {
  if (raw !== null && !isObject(raw)) {
    return kind === 'counter' && typeof raw === 'string' ? { kind: 'counter', name: raw } : undefined;
  }
  switch (kind) {
    case 'match':
      return readMatch(what);
    case 'vmap':
      return readVerdictMap(what);
    case 'mangle':
      return readMarkSet(what);
    case 'set':
      return readSetUpdate(what);
    case 'dnat':
      return readDNAT(what);
    case 'snat':
      return readSNAT(what);
    case 'redirect':
      return readRedirect(what);
    case 'masquerade':
      return readMasquerade(what);
    case 'reject':
      return readReject(what, family);
    case 'log':
      return readLog(what);
    case 'counter':
      return { kind: 'counter' };
    case 'notrack':
      return { kind: 'notrack' };
    case 'xt': {
      const { type, name } = what;
      return { kind: 'unknown', text: `xt ${asString(type) ?? ''} "${asString(name) ?? ''}"` };
    }
    default:
      return undefined;
  }
}

export function readJSONVerdict(value: unknown): ListedVerdict | undefined {
  const [kind, what] = onlyEntry(value) ?? [];
  switch (kind) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { kind };
    case 'jump':
    case 'goto': {
      const chain = isObject(what) ? asString(what.target) : undefined;
      return chain === undefined ? undefined : { kind, chain };
    }
    default:
      return undefined;
  }
}

function readMatch({ op, left: asked, right: compared }: JSONObject): ListedStatement | undefined {
  const operator = op === 'in' ? '==' : operatorOf(asString(op) ?? '');
  if (operator === undefined) return undefined;
  const left = readJSONExpression(asked);
  const isExact = op !== 'in' && (isFlags(left) || (op !== '==' && Array.isArray(compared)));
  const right = isExact ? unknownJSON(compared) : readOperand(compared, left);
  if (right.kind === 'values' && !right.isSet) {
    const masked = maskedMark(left, right.values, operator);
    if (masked !== undefined) return masked;
  }
  return { kind: 'match', left, operator, right };
}

function readOperand(value: unknown, left: ListedExpression): ListedOperand {
  if (typeof value === 'string' && value.length > 1 && value.startsWith('@')) {
    return { kind: 'set', name: value.slice(1) };
  }
  if (left.kind === 'unknown') return unknownJSON(value);
  if (typeof value === 'boolean') {
    return { kind: 'values', values: [[{ kind: 'word', word: value ? 'exists' : 'missing' }]] };
  }
  const [kind, what] = onlyEntry(value) ?? [];
  const isSet = kind === 'set';
  const elements = isSet ? what : value;
  const values: (readonly ListedValue[])[] = [];
  for (const element of Array.isArray(elements) ? elements : [elements]) {
    const key = readJSONKey(element, stylesOf(left));
    if (key === undefined) return unknownJSON(value);
    values.push(key);
  }
  if (values.length === 0) return unknownJSON(value);
  return { kind: 'values', values, ...(isSet ? { isSet } : {}) };
}

function readVerdictMap({ key: asked, data }: JSONObject): ListedStatement | undefined {
  const key = readJSONExpression(asked);
  if (typeof data === 'string' && data.length > 1 && data.startsWith('@')) {
    return { kind: 'vmap', key, map: { kind: 'named', name: data.slice(1) } };
  }
  const pairs = pairsOf(data);
  if (pairs === undefined) return undefined;
  const elements: { readonly key: readonly ListedValue[]; readonly verdict: ListedVerdict }[] = [];
  for (const [from, to] of pairs) {
    const values = readJSONKey(from, stylesOf(key));
    const verdict = readJSONVerdict(to);
    if (values === undefined || verdict === undefined) return undefined;
    elements.push({ key: values, verdict });
  }
  return { kind: 'vmap', key, map: { kind: 'elements', elements } };
}

/** `{"set": [[0, …], [1, …]]}` */
function pairsOf(data: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  const [kind, pairs] = onlyEntry(data) ?? [];
  if (kind !== 'set' || !Array.isArray(pairs) || pairs.length === 0) return undefined;
  return pairs.every((pair) => Array.isArray(pair) && pair.length === 2) ? pairs : undefined;
}

const MARK = '{"meta":{"key":"mark"}}';

/** Outermost is what is done last: `{"|": [{"&": [mark, 255]}, 16]}`. */
function readMarkSet({ key, value }: JSONObject): ListedStatement | undefined {
  if (unknownJSON(key).text !== MARK) return undefined;
  const number = asNumber(value);
  if (number !== undefined) return { kind: 'mark-set', and: 0, xor: number };
  const steps: { readonly sign: string; readonly bits: number }[] = [];
  let inner: unknown = value;
  for (;;) {
    const [sign = '', operands] = onlyEntry(inner) ?? [];
    if (!['&', '|', '^'].includes(sign) || !Array.isArray(operands) || operands.length !== 2) break;
    const bits = asNumber(operands[1]);
    if (bits === undefined) return undefined;
    steps.push({ sign, bits });
    inner = operands[0];
  }
  if (unknownJSON(inner).text !== MARK) return undefined;
  let and = 0xffffffff;
  let xor = 0;
  for (const { sign, bits } of steps.reverse()) {
    if (sign === '&') and &= bits;
    if (sign === '|') and &= ~bits;
    xor = sign === '&' ? xor & bits : sign === '^' ? xor ^ bits : xor | bits;
  }
  return { kind: 'mark-set', and: and >>> 0, xor: xor >>> 0 };
}

function readSetUpdate({ op, elem, set, stmt }: JSONObject): ListedStatement | undefined {
  if ((op !== 'add' && op !== 'update' && op !== 'delete') || stmt !== undefined) return undefined;
  const name = asString(set);
  if (name?.startsWith('@') !== true) return undefined;
  const [kind, what] = onlyEntry(elem) ?? [];
  const inner: JSONObject = kind === 'elem' && isObject(what) ? what : { val: elem };
  const { val, timeout, ...others } = inner;
  if (Object.keys(others).length > 0) return undefined;
  const timeoutSeconds = asNumber(timeout);
  if (timeout !== undefined && timeoutSeconds === undefined) return undefined;
  return {
    kind: 'set-update',
    operation: op,
    set: name.slice(1),
    key: readJSONExpression(val),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
  };
}

function readFamily({ family }: JSONObject): { readonly family?: 'ip' | 'ip6' } {
  return family === 'ip' || family === 'ip6' ? { family } : {};
}

function readFlags({ flags }: JSONObject): { readonly flags?: readonly string[] } {
  const read = asStrings(flags);
  return read.length === 0 ? {} : { flags: read };
}

function readDNAT(what: JSONObject): ListedStatement | undefined {
  const { addr, port } = what;
  const [kind, map] = onlyEntry(addr) ?? [];
  if (kind === 'map' && isObject(map) && port === undefined) {
    const key = readJSONExpression(map.key);
    const to = key.kind === 'numgen' ? pairsOf(map.data)?.map(readTarget) : undefined;
    if (to === undefined || !to.every((target) => target !== undefined)) return undefined;
    return { kind: 'dnat', ...readFamily(what), key, to, ...readFlags(what) };
  }
  const to = readSocket(addr, port);
  return to === undefined ? undefined : { kind: 'dnat', ...readFamily(what), to: [to], ...readFlags(what) };
}

/** `[0, {"concat": ["10.0.0.1", 80]}]` */
function readTarget([from, to]: readonly [unknown, unknown]): ListedTarget | undefined {
  const number = asNumber(from);
  const [kind, parts] = onlyEntry(to) ?? [];
  const isSocket = kind === 'concat' && Array.isArray(parts) && parts.length === 2;
  const target = isSocket ? readSocket(parts[0], parts[1]) : readSocket(to, undefined);
  return number === undefined || target === undefined ? undefined : { number, ...target };
}

function readSocket(addr: unknown, port: unknown): ListedTarget | undefined {
  const number = asNumber(port);
  if (port !== undefined && number === undefined) return undefined;
  if (addr === undefined) return number === undefined ? undefined : { port: number };
  const target = parseTarget(asString(addr) ?? '');
  if (target === undefined || target.port !== undefined) return undefined;
  return { ...target, ...(number === undefined ? {} : { port: number }) };
}

/** `80`, `1.2.3.4` or a range of them as text. */
function spell(value: unknown): string | undefined {
  const [kind, ends] = onlyEntry(value) ?? [];
  if (kind !== 'range') return asString(value) ?? asNumber(value)?.toString();
  if (!Array.isArray(ends) || ends.length !== 2) return undefined;
  const [first, last] = ends.map((end) => asString(end) ?? asNumber(end)?.toString());
  return first === undefined || last === undefined ? undefined : `${first}-${last}`;
}

function readSNAT(what: JSONObject): ListedStatement | undefined {
  const address = spell(what.addr);
  const port = what.port === undefined ? '' : spell(what.port);
  if (address === undefined || port === undefined) return undefined;
  const inBrackets = port !== '' && address.includes(':') ? address.replaceAll(/[^-]+/g, '[$&]') : address;
  const to = port === '' ? address : `${inBrackets}:${port}`;
  return { kind: 'snat', ...readFamily(what), to, ...readFlags(what) };
}

function readRedirect(what: JSONObject): ListedStatement | undefined {
  const port = asNumber(what.port);
  if (what.port !== undefined && port === undefined) return undefined;
  return { kind: 'redirect', ...(port === undefined ? {} : { port }), ...readFlags(what) };
}

function readMasquerade(what: JSONObject): ListedStatement | undefined {
  const ports = what.port === undefined ? undefined : spell(what.port);
  if (what.port !== undefined && ports === undefined) return undefined;
  return {
    kind: 'masquerade',
    ...(ports === undefined ? {} : { to: `:${ports}` }),
    flags: asStrings(what.flags),
  };
}

/** What nft prints as `reject` alone. */
function defaultReject(family: TableFamily): string {
  return family === 'ip' ? 'icmp' : family === 'ip6' ? 'icmpv6' : 'icmpx';
}

function readReject({ type, expr }: JSONObject, family: TableFamily): ListedStatement | undefined {
  const kind = asString(type);
  if (kind === undefined) return { kind: 'reject' };
  if (expr === undefined) return { kind: 'reject', with: kind };
  const reason = asString(expr);
  if (reason === undefined) return undefined;
  if (kind === defaultReject(family) && reason === 'port-unreachable') return { kind: 'reject' };
  return { kind: 'reject', with: `${kind} ${reason}` };
}

const LOG_OPTIONS = ['prefix', 'group', 'snaplen', 'queue-threshold', 'level'] as const;

function readLog(what: JSONObject): ListedStatement {
  const options: string[] = [];
  for (const option of LOG_OPTIONS) {
    const value = what[option];
    if (option === 'prefix' && typeof value === 'string') options.push(`prefix "${value}"`);
    else if (typeof value === 'string' || typeof value === 'number') options.push(`${option} ${value}`);
  }
  const ofTCP: string[] = [];
  for (const flag of asStrings(what.flags)) {
    if (flag.startsWith('tcp ')) ofTCP.push(flag.slice(4));
    else options.push(`flags ${flag}`);
  }
  if (ofTCP.length > 0) options.push(`flags tcp ${ofTCP.join(',')}`);
  return { kind: 'log', ...(options.length === 0 ? {} : { options: options.join(' ') }) };
}
