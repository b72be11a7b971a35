/**
 * What stands in the JSON of nft, by libnftables-json(5). In: parsed JSON of any shape. Out: strings, numbers, values and
 * expressions, typed as far as they are understood; else their JSON as text.
 */
import type { ListedExpression, ListedValue } from './listed.ts';
import { readNumber, readValue, styleOf, type ValueStyle } from './listed-values.ts';

export type JSONObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** One or several, as nft prints flags. */
export function asStrings(value: unknown): readonly string[] {
  const values = Array.isArray(value) ? value : [value];
  return values.filter((one) => typeof one === 'string');
}

/** Whole numbers of at most 32 bits. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) ? readNumber(`${value}`) : undefined;
}

/** The key of an object that has but one, as all statements and expressions do, and what it holds. */
export function onlyEntry(value: unknown): readonly [string, unknown] | undefined {
  if (!isObject(value)) return undefined;
  // Lists of keys would cost more than all else that is done with them.
  let only: string | undefined;
  for (const key in value) {
    if (only !== undefined) return undefined;
    only = key;
  }
  return only === undefined ? undefined : [only, value[only]];
}

/** No expression of nft's is nested deeper. */
const DEEPEST = 64;

export function jsonText(value: unknown): string {
  return isDeeper(value, DEEPEST) ? `JSON of more than ${DEEPEST} levels` : JSON.stringify(value);
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}

/** `80`, `"10.0.0.1"`, a prefix or a range. */
export function readJSONValue(value: unknown, style: ValueStyle | undefined): ListedValue | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? { kind: 'word', word: `${value}` } : undefined;
  if (typeof value === 'string') return readValue(value, style === 'quoted');
  const [kind, what] = onlyEntry(value) ?? [];
  if (kind === 'prefix' && isObject(what)) {
    const address = what.addr;
    const length = asNumber(what.len);
    const isAddress = typeof address === 'string' || typeof address === 'number';
    return isAddress && length !== undefined ? { kind: 'prefix', text: `${address}/${length}` } : undefined;
  }
  if (kind !== 'range' || !Array.isArray(what) || what.length !== 2) return undefined;
  const [first, last] = what.map((end) => readJSONValue(end, 'quoted'));
  // Of hours and days the words are not all that is printed.
  if (style === 'quoted' || first?.kind !== 'word' || last?.kind !== 'word') return undefined;
  return { kind: 'range', first: first.word, last: last.word };
}

/** A value, or several in concatenation. */
export function readJSONKey(
  value: unknown,
  styles: readonly ValueStyle[],
): readonly ListedValue[] | undefined {
  const [kind, what] = onlyEntry(value) ?? [];
  const parts: readonly unknown[] = kind === 'concat' && Array.isArray(what) ? what : [value];
  const key: ListedValue[] = [];
  for (const [i, part] of parts.entries()) {
    const read = readJSONValue(part, styles[i]);
    if (read === undefined) return undefined;
    key.push(read);
  }
  return key;
}

/** What of a packet is asked. */
export function readJSONExpression(value: unknown): ListedExpression {
  const [kind, what] = onlyEntry(value) ?? [];
  if (kind !== 'concat' || !Array.isArray(what)) return readSingle(value);
  const parts = what.map(readSingle);
  return parts.some((part) => part.kind === 'unknown') ? unknownJSON(value) : { kind: 'concat', parts };
}

export function unknownJSON(value: unknown): { readonly kind: 'unknown'; readonly text: string } {
  return { kind: 'unknown', text: jsonText(value) };
}

function readSingle(value: unknown): ListedExpression {
  const [kind = '', what] = onlyEntry(value) ?? [];
  return (
    (isObject(what) ? readTyped(kind, what) : kind === '&' ? readMask(what) : undefined) ?? unknownJSON(value)
  );
}

function readTyped(kind: string, what: JSONObject): ListedExpression | undefined {
  const key = asString(what.key);
  switch (kind) {
    case 'payload': {
      const protocol = asString(what.protocol);
      const field = asString(what.field);
      // arp saddr ip
      if (protocol === undefined || field === undefined || /\s/.test(field)) return undefined;
      return { kind: 'payload', protocol, field };
    }
    case 'meta':
      return key === undefined ? undefined : { kind: 'meta', key };
    case 'ct': {
      if (key === undefined) return undefined;
      // The family of addresses is part of the key, or stands beside it.
      const words = [asString(what.dir), asString(what.family), key];
      return { kind: 'ct', key: words.filter((word) => word !== undefined).join(' ') };
    }
    case 'fib': {
      const result = asString(what.result);
      return result === undefined ? undefined : { kind: 'fib', flags: asStrings(what.flags), result };
    }
    case 'numgen': {
      const { mode } = what;
      const modulus = asNumber(what.mod);
      const offset = asNumber(what.offset ?? 0);
      if ((mode !== 'random' && mode !== 'inc') || modulus === undefined || offset === undefined)
        return undefined;
      return { kind: 'numgen', mode, modulus, offset };
    }
    default:
      return undefined;
  }
}

/** `meta mark & 0x4000` */
function readMask(what: unknown): ListedExpression | undefined {
  if (!Array.isArray(what) || what.length !== 2) return undefined;
  const [kind = '', of] = onlyEntry(what[0]) ?? [];
  const expression = isObject(of) ? readTyped(kind, of) : undefined;
  const mask = asNumber(what[1]);
  if (expression === undefined || mask === undefined || styleOf(expression) !== 'mark') return undefined;
  return { ...(expression as ListedExpression & { kind: 'meta' | 'ct' }), mask };
}
