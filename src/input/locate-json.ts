/**
 * In: bytes of a JSON document and a path. Out: the line and column of the field, or of its closest ancestor that exists.
 * An object's fields, and the items of a List, are looked up once and then read one by one.
 */
import type { FieldPath, Position } from '../shared/diagnostic.ts';
import { skipJsonSpace, skipJsonString, skipJsonValue } from './json-scanner.ts';
import { PositionCounter, positionAt } from './positions.ts';

/** Reads a part of the document, in bytes from its start. */
export type ReadPart = (start: number, end: number) => Uint8Array;

/** Where a value stands in its document. */
interface Place {
  /** Of the key or, in a list, of the value. */
  readonly position: Position;
  readonly valuePosition: Position;
  readonly start: number;
  readonly end: number;
}

/** The first level of a document, and the second where that is a list. */
export interface JsonIndex {
  readonly root: Position;
  readonly fields: ReadonlyMap<string, Place>;
  readonly items: ReadonlyMap<string, readonly Place[]>;
}

const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const QUOTE = 0x22;
const COMMA = 0x2c;

/** @param start the position of the first byte within the file */
export function indexJson(bytes: Uint8Array, start: Position): JsonIndex {
  const counter = new PositionCounter(bytes, start);
  const fields = new Map<string, Place>();
  const items = new Map<string, readonly Place[]>();
  const open = skipMark(bytes);
  const root = counter.advance(open);
  if (bytes[open] !== OPEN_OBJECT) return { root, fields, items };
  for (const entry of entriesOf(bytes, open)) {
    const position = counter.advance(entry.keyStart);
    const valuePosition = counter.advance(entry.start);
    items.delete(entry.key);
    if (bytes[entry.start] === OPEN_ARRAY) items.set(entry.key, indexItems(bytes, entry.start, counter));
    const end = skipJsonValue(bytes, entry.start);
    fields.set(entry.key, { position, valuePosition, start: entry.start, end });
  }
  return { root, fields, items };
}

function indexItems(bytes: Uint8Array, open: number, counter: PositionCounter): readonly Place[] {
  const places: Place[] = [];
  for (const start of itemsOf(bytes, open)) {
    const position = counter.advance(start);
    places.push({ position, valuePosition: position, start, end: skipJsonValue(bytes, start) });
  }
  return places;
}

/** The position of the field that `path` leads to. */
export function locateInJson(index: JsonIndex, read: ReadPart, path: FieldPath): Position {
  const [field, item, ...rest] = path;
  const place = typeof field === 'string' ? index.fields.get(field) : undefined;
  if (place === undefined) return index.root;
  if (item === undefined) return place.position;
  const places = index.items.get(field as string);
  const listed = typeof item === 'number' ? places?.[item] : undefined;
  return listed === undefined ? locateWithin(place, read, path.slice(1)) : locateWithin(listed, read, rest);
}

function locateWithin(place: Place, read: ReadPart, path: FieldPath): Position {
  const bytes = read(place.start, place.end);
  const offset = findInJson(bytes, path);
  return offset === undefined ? place.position : positionAt(bytes, offset, place.valuePosition);
}

/** The byte of the key or item that `path` leads to, or of the closest ancestor; undefined for the root. */
function findInJson(bytes: Uint8Array, path: FieldPath): number | undefined {
  let found: number | undefined;
  let value = skipJsonSpace(bytes, 0);
  for (const step of path) {
    const child = typeof step === 'string' ? findField(bytes, value, step) : findItem(bytes, value, step);
    if (child === undefined) break;
    found = child.at;
    value = child.value;
  }
  return found;
}

interface Child {
  /** Where its key starts or, in a list, its value. */
  readonly at: number;
  readonly value: number;
}

/** The last of equal keys counts. */
function findField(bytes: Uint8Array, value: number, name: string): Child | undefined {
  let found: Child | undefined;
  if (bytes[value] !== OPEN_OBJECT) return undefined;
  for (const { key, keyStart, start } of entriesOf(bytes, value)) {
    if (key === name) found = { at: keyStart, value: start };
  }
  return found;
}

function findItem(bytes: Uint8Array, value: number, index: number): Child | undefined {
  if (bytes[value] !== OPEN_ARRAY) return undefined;
  let at = 0;
  for (const start of itemsOf(bytes, value)) {
    if (at++ === index) return { at: start, value: start };
  }
  return undefined;
}

interface Entry {
  readonly key: string;
  readonly keyStart: number;
  /** Of the value. */
  readonly start: number;
}

function* entriesOf(bytes: Uint8Array, open: number): Generator<Entry> {
  let at = skipJsonSpace(bytes, open + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = skipJsonString(bytes, at);
    const key: string = JSON.parse(Buffer.from(bytes.subarray(at, keyEnd)).toString());
    const start = skipJsonSpace(bytes, skipJsonSpace(bytes, keyEnd) + 1);
    yield { key, keyStart: at, start };
    at = skipComma(bytes, skipJsonValue(bytes, start));
  }
}

function* itemsOf(bytes: Uint8Array, open: number): Generator<number> {
  let at = skipJsonSpace(bytes, open + 1);
  if (bytes[at] === 0x5d) return;
  while (at < bytes.length) {
    yield at;
    const end = skipJsonSpace(bytes, skipJsonValue(bytes, at));
    if (bytes[end] !== COMMA) return;
    at = skipJsonSpace(bytes, end + 1);
  }
}

function skipComma(bytes: Uint8Array, offset: number): number {
  const at = skipJsonSpace(bytes, offset);
  return bytes[at] === COMMA ? skipJsonSpace(bytes, at + 1) : at;
}

/** Over a byte order mark and white space. */
function skipMark(bytes: Uint8Array): number {
  return skipJsonSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0);
}
