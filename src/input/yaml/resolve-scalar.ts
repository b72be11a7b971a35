/**
 * In: the text and tag of a YAML scalar. Out: the JSON value that kubectl makes of it.
 *
 * Mirrors the scalar rules of go.yaml.in/yaml/v2 2.4.4 and, for mapping keys, of sigs.k8s.io/yaml 1.6.0, which kubectl
 * 1.37 reads manifests with. They are YAML 1.1 with Go's number syntax: `0777` and `0o777` are octal, `yes` and `off`
 * are booleans, `1:30` and dates are strings.
 */
import { isUtf8 } from 'node:buffer';
import { quote } from '../quote.ts';

export type JsonScalar = string | number | boolean | null;

/** A value, or why kubectl refuses the scalar. */
export type ScalarResult =
  | { readonly kind: 'value'; readonly value: JsonScalar }
  | { readonly kind: 'refused'; readonly reason: string };

const TAG_PREFIX = 'tag:yaml.org,2002:';
const RESOLVED_TAGS: ReadonlySet<string> = new Set(['str', 'bool', 'int', 'float', 'null', 'timestamp']);

const WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

const LONGEST_WORD = 5;

const SPECIAL_FLOATS: ReadonlyMap<string, number> = new Map([
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, Number.POSITIVE_INFINITY] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
]);

/** What a plain scalar means to Go: its number types differ as mapping keys. */
type Meaning =
  | { readonly kind: 'string' | 'timestamp' }
  | { readonly kind: 'word'; readonly value: boolean | null }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'float'; readonly value: number };

const STRING: Meaning = { kind: 'string' };
const TIMESTAMP: Meaning = { kind: 'timestamp' };

/**
 * The value of a scalar.
 *
 * @param text the scalar's decoded content
 * @param tag its full tag, `''` where it has none
 * @param plain whether it is neither quoted nor a block scalar
 */
export function resolveScalar(text: string, tag: string, plain: boolean): ScalarResult {
  if (tag === '') return plain ? resolvePlain(text) : value(text);
  if (!tag.startsWith(TAG_PREFIX)) return value(text);
  const name = tag.slice(TAG_PREFIX.length);
  if (name === 'binary') return resolveBinary(text);
  if (name === 'str' || !RESOLVED_TAGS.has(name)) return value(text);
  return toValue(readTagged(text, name), text);
}

/** The text of a mapping key, or why it cannot be one. */
export function resolveKey(text: string, tag: string, plain: boolean): ScalarResult {
  const name = tag.startsWith(TAG_PREFIX) ? tag.slice(TAG_PREFIX.length) : undefined;
  if (name === 'binary') return resolveBinary(text);
  if (tag === '' ? !plain : name === undefined || name === 'str' || !RESOLVED_TAGS.has(name)) {
    return value(text);
  }
  const meaning = name === undefined ? readPlain(text) : readTagged(text, name);
  switch (meaning.kind) {
    case 'string':
    case 'timestamp':
      return value(text);
    case 'word':
      return meaning.value === null ? refused('null cannot be a key') : value(String(meaning.value));
    case 'int':
      if (meaning.value > MAX_INT64) return refused(`${quote(text)} is too large for a key`);
      return value(String(meaning.value));
    case 'float':
      return value(formatFloat32(meaning.value));
    case 'refused':
      return meaning;
    default:
      return meaning satisfies never;
  }
}

function value(value: JsonScalar): ScalarResult {
  return { kind: 'value', value };
}

function refused(reason: string): ScalarResult & { readonly kind: 'refused' } {
  return { kind: 'refused', reason };
}

/** Most numbers are small and decimal. */
function resolvePlain(text: string): ScalarResult {
  if (/^[1-9][0-9]{0,14}$/.test(text)) return value(Number(text));
  return toValue(readPlain(text), text);
}

function toValue(meaning: Meaning | (ScalarResult & { kind: 'refused' }), text: string): ScalarResult {
  switch (meaning.kind) {
    case 'string':
    case 'timestamp':
      return value(text);
    case 'word':
      return value(meaning.value);
    case 'int':
      // Beyond 2^53 a number loses digits, exactly as it does when the manifest is JSON.
      return value(Number(meaning.value));
    case 'float':
      if (!Number.isFinite(meaning.value)) return refused(`${quote(text)} is no number that JSON has`);
      return value(meaning.value);
    case 'refused':
      return meaning;
    default:
      return meaning satisfies never;
  }
}

/** How words and numbers start: most scalars are neither, and are told by their first character. */
const MEANINGFUL_START: ReadonlySet<number> = new Set(
  [...'~yYnNtTfFoO.+-0123456789'].map((character) => character.charCodeAt(0)),
);

function readPlain(text: string): Meaning {
  const first = text.charCodeAt(0);
  if (!MEANINGFUL_START.has(first) && text !== '') return STRING;
  const word = text.length <= LONGEST_WORD ? WORDS.get(text) : undefined;
  if (word !== undefined) return { kind: 'word', value: word };
  if (first === 0x2e || first === 0x2b || first === 0x2d) {
    const special = SPECIAL_FLOATS.get(text);
    if (special !== undefined) return { kind: 'float', value: special };
  }
  if (first === 0x2e) return readPointFloat(text);
  if (first === 0x2b || first === 0x2d || (first >= 0x30 && first <= 0x39)) return readNumber(text);
  return STRING;
}

function readTagged(text: string, name: string): Meaning | (ScalarResult & { kind: 'refused' }) {
  const meaning = name === 'timestamp' && isTimestamp(text) ? TIMESTAMP : readPlain(text);
  const mismatch = refused(`${quote(text)} is no !!${name}`);
  switch (meaning.kind) {
    case 'string':
      return mismatch;
    case 'timestamp':
      return meaning;
    case 'word':
      return name === (meaning.value === null ? 'null' : 'bool') ? meaning : mismatch;
    case 'int':
      if (name === 'int') return meaning;
      if (name !== 'float' || meaning.value > MAX_INT64) return mismatch;
      return { kind: 'float', value: Number(meaning.value) };
    case 'float':
      return name === 'float' ? meaning : mismatch;
    default:
      return meaning satisfies never;
  }
}

const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;
const FLOAT = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
/** A float that starts with its point is read by Go's own syntax, which lets `_` stand between digits. */
const POINT_FLOAT = /^\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?$/;

function readPointFloat(text: string): Meaning {
  return POINT_FLOAT.test(text) ? toFloat(text.replaceAll('_', '')) : STRING;
}

/** All that a number consists of. Addresses have more points than one. */
const NUMBER_LIKE = /^[-+\w]*(?:\.[-+\w]*)?$/;

function readNumber(text: string): Meaning {
  if (!NUMBER_LIKE.test(text)) return STRING;
  const digits = text.replaceAll('_', '');
  const int = readInteger(digits);
  if (int !== undefined) return { kind: 'int', value: int };
  return FLOAT.test(digits) ? toFloat(digits) : STRING;
}

/** A number too large for a float stays a string. */
function toFloat(digits: string): Meaning {
  const value = Number(digits);
  return Number.isFinite(value) ? { kind: 'float', value } : STRING;
}

const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)$/;
/** The sign may also stand behind the prefix `0b`. */
const SIGNED_BINARY = /^0b([-+])([01]+)$/;

/** Decimal, hexadecimal, octal or binary within int64 or, without a sign, uint64. */
function readInteger(digits: string): bigint | undefined {
  const binary = SIGNED_BINARY.exec(digits);
  const match = binary ?? INTEGER.exec(digits);
  if (match === null) return undefined;
  const sign = match[1] as string;
  const magnitude = BigInt(binary ? `0b${binary[2]}` : withPrefix(match[2] as string));
  const int = sign === '-' ? -magnitude : magnitude;
  const max = sign === '' ? MAX_UINT64 : MAX_INT64;
  return int >= MIN_INT64 && int <= max ? int : undefined;
}

/** Go's `0777` is JavaScript's `0o777`. */
function withPrefix(digits: string): string {
  return /^0[0-9]/.test(digits) ? `0o${digits.slice(1)}` : digits;
}

const DATE = '([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})';
const TIME = '([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})([.,][0-9]+)?';
const TIMESTAMPS = [
  new RegExp(`^${DATE}[Tt]${TIME}(Z|[-+][0-9]{2}:[0-9]{2})$`),
  new RegExp(`^${DATE} +${TIME}$`),
  new RegExp(`^${DATE}$`),
];

/** Only asked for an explicit `!!timestamp`; without that tag a date is a string either way. */
function isTimestamp(text: string): boolean {
  for (const pattern of TIMESTAMPS) {
    const match = pattern.exec(text);
    if (match === null) continue;
    const [year, month, day, hour = 0, minute = 0, second = 0] = match
      .slice(1, 7)
      .map((part) => (part === undefined ? 0 : Number(part))) as [number, number, number];
    const days = new Date(Date.UTC(year, month, 0)).getUTCDate();
    return month >= 1 && month <= 12 && day >= 1 && day <= days && hour < 24 && minute < 60 && second < 60;
  }
  return false;
}

/** Standard base64 with its padding, in which line breaks do not count. The bytes are read as UTF-8. */
function resolveBinary(text: string): ScalarResult {
  const base64 = text.replace(/[\r\n]/g, '');
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    return refused('!!binary is no base64');
  }
  return value(decodeUtf8(Buffer.from(base64, 'base64')));
}

/** Like Go, and unlike `toString`, puts one U+FFFD for each byte that is no UTF-8. */
function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    const character = bytes.subarray(at, at + (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4));
    const isValid = isUtf8(character);
    text += isValid ? character.toString() : '\ufffd';
    at += isValid ? character.length : 1;
  }
  return text;
}

/**
 * A float as a key: the shortest digits that tell it from other 32-bit floats (not 64-bit ones), with an exponent
 * below 1e-4 and from 1e6 on.
 */
function formatFloat32(value: number): string {
  const single = Math.fround(value);
  if (Number.isNaN(single)) return '.nan';
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  if (single === 0) return Object.is(single, -0) ? '-0' : '0';
  let shortest = '';
  for (let precision = 1; precision <= 9; precision++) {
    shortest = single.toExponential(precision - 1);
    if (Math.fround(Number(shortest)) === single) break;
  }
  const [mantissa, power] = shortest.split('e') as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 21 && exponent < 6) return String(Number(shortest));
  const magnitude = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${magnitude}`;
}
