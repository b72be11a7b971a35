/**
 * In: bytes of JSON. Out: where its values end, or where it is no JSON; the same JSON that `JSON.parse` and Go's
 * `encoding/json` take. Only used where `JSON.parse` has failed and where a position is asked for.
 */

export type JsonScan =
  | { readonly kind: 'value'; readonly end: number }
  | { readonly kind: 'error'; readonly offset: number; readonly reason: string };

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** The next byte that is no JSON white space. */
export function skipJsonSpace(bytes: Uint8Array, offset: number): number {
  let at = offset;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

/** Checks the value that starts at `offset`. */
export function scanJsonValue(bytes: Uint8Array, offset: number): JsonScan {
  const closers: number[] = [];
  let at = offset;
  for (;;) {
    at = skipJsonSpace(bytes, at);
    const byte = bytes[at];
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      const closer = byte + 2;
      at = skipJsonSpace(bytes, at + 1);
      if (bytes[at] !== closer) {
        closers.push(closer);
        if (closer === CLOSE_ARRAY) continue;
        const key = scanKey(bytes, at);
        if (key.kind === 'error') return key;
        at = key.end;
        continue;
      }
      at++;
    } else {
      const scalar = scanScalar(bytes, at);
      if (scalar.kind === 'error') return scalar;
      at = scalar.end;
    }
    const next = scanSeparators(bytes, at, closers);
    if (next.kind === 'error' || closers.length === 0) return next;
    at = next.end;
  }
}

/** From the end of a value to the start of the next one, or to the end of the outermost. */
function scanSeparators(bytes: Uint8Array, offset: number, closers: number[]): JsonScan {
  let at = offset;
  while (closers.length > 0) {
    at = skipJsonSpace(bytes, at);
    const closer = closers.at(-1) as number;
    if (bytes[at] === closer) {
      closers.pop();
      at++;
      continue;
    }
    if (bytes[at] !== 0x2c) {
      return unexpected(bytes, at, `"," or "${String.fromCharCode(closer)}"`);
    }
    return closer === CLOSE_OBJECT
      ? scanKey(bytes, skipJsonSpace(bytes, at + 1))
      : { kind: 'value', end: at + 1 };
  }
  return { kind: 'value', end: at };
}

/** `"key":` */
function scanKey(bytes: Uint8Array, offset: number): JsonScan {
  if (bytes[offset] !== QUOTE) return unexpected(bytes, offset, 'a key in double quotes');
  const key = scanString(bytes, offset);
  if (key.kind === 'error') return key;
  const colon = skipJsonSpace(bytes, key.end);
  if (bytes[colon] !== 0x3a) return unexpected(bytes, colon, '":"');
  return { kind: 'value', end: colon + 1 };
}

const LITERALS = ['true', 'false', 'null'].map((word) => Buffer.from(word));
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;

function scanScalar(bytes: Uint8Array, offset: number): JsonScan {
  if (bytes[offset] === QUOTE) return scanString(bytes, offset);
  for (const literal of LITERALS) {
    if (literal.every((byte, i) => bytes[offset + i] === byte)) {
      return { kind: 'value', end: offset + literal.length };
    }
  }
  let end = offset;
  while (isNumberByte(bytes[end])) end++;
  if (end === offset) return unexpected(bytes, offset, 'a value');
  const number = Buffer.from(bytes.buffer, bytes.byteOffset + offset, end - offset).toString('latin1');
  if (!NUMBER.test(number)) return { kind: 'error', offset, reason: 'this is no JSON number' };
  return { kind: 'value', end };
}

/** Digits, `-`, `+`, `.`, `e` and `E`. */
function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || [0x2d, 0x2b, 0x2e, 0x65, 0x45].includes(byte);
}

function scanString(bytes: Uint8Array, offset: number): JsonScan {
  let at = offset + 1;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined) {
      return { kind: 'error', offset, reason: 'the quote is never closed' };
    }
    if (byte === QUOTE) return { kind: 'value', end: at + 1 };
    if (byte < 0x20) {
      return { kind: 'error', offset: at, reason: 'a control character stands within quotes' };
    }
    if (byte === BACKSLASH) {
      const length = escapeLength(bytes, at);
      if (length === 0) return { kind: 'error', offset: at, reason: 'JSON does not know this escape' };
      at += length;
    } else at++;
  }
}

/** Of the escape at `offset`, 0 where it is none. */
function escapeLength(bytes: Uint8Array, offset: number): number {
  const letter = String.fromCharCode(bytes[offset + 1] ?? 0);
  if (letter !== 'u') return '"\\/bfnrt'.includes(letter) ? 2 : 0;
  const digits = String.fromCharCode(...bytes.subarray(offset + 2, offset + 6));
  return /^[0-9a-fA-F]{4}$/.test(digits) ? 6 : 0;
}

function unexpected(bytes: Uint8Array, offset: number, wanted: string): JsonScan {
  if (offset >= bytes.length)
    return { kind: 'error', offset, reason: `the text ends where ${wanted} is missing` };
  return { kind: 'error', offset, reason: `${wanted} is missing` };
}

/** The end of the string that starts at `offset`, in bytes that are known to be JSON. */
export function skipJsonString(bytes: Uint8Array, offset: number): number {
  let at = offset + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

/** The end of the value that starts at `offset`, in bytes that are known to be JSON. */
export function skipJsonValue(bytes: Uint8Array, offset: number): number {
  let at = offset;
  let depth = 0;
  while (at < bytes.length) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) at = skipJsonString(bytes, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth++;
      at++;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && (byte === 0x2c || byte <= 0x20)) return at;
    else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
}
