/**
 * In: a file. Out: its documents one after the other, each parsed or refused.
 *
 * Mirrors `YAMLOrJSONDecoder` of k8s.io/apimachinery 0.37, except that it goes on behind a document that is refused:
 * a file that starts with `{` is a stream of JSON documents; where its first or second is no JSON, the rest is YAML.
 */
import { isUtf8 } from 'node:buffer';
import type { FieldPath } from '../shared/diagnostic.ts';
import { scanJsonValue, skipJsonSpace } from './json-scanner.ts';
import { isTooDeep, limits } from './limits.ts';
import { splitYaml, type YamlChunk } from './split-yaml.ts';
import type { StoredInput } from './stored-input.ts';
import { parseYaml } from './yaml/parse-yaml.ts';
import { RefusedYaml } from './yaml/yaml11-cursor.ts';

/** Where a document stands in its file, in bytes. */
export interface DocumentSpan {
  readonly start: number;
  readonly end: number;
  readonly format: 'json' | 'yaml';
}

export type RefusalCode =
  | 'JSONSyntax'
  | 'YAMLSyntax'
  | 'NestingTooDeep'
  | 'ExcessiveAliasing'
  | 'TooManyAliases'
  | 'TooManyMergeKeys'
  | 'DocumentTooLarge';

export type DocumentContent =
  | {
      readonly kind: 'parsed';
      /** Null for an empty document. */
      readonly value: unknown;
      readonly duplicates: readonly FieldPath[];
      /** The byte where text starts that kubectl ignores. */
      readonly rest: number | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly code: RefusalCode;
      /** What is wrong, in one sentence without a full stop. */
      readonly reason: string;
      /** The byte that is at fault. */
      readonly offset: number;
    };

export interface InputDocument {
  /** 1-based within the file. */
  readonly number: number;
  readonly span: DocumentSpan;
  readonly content: DocumentContent;
}

type Refusal = DocumentContent & { readonly kind: 'refused' };

/** @throws OperationalError when the file cannot be read */
export function* readDocuments(input: StoredInput): Generator<InputDocument> {
  const opening = input.read(0, 4096).toString();
  const isJson = /^\ufeff?\s*\{/.test(opening);
  const single = isJson ? readSingleJson(input) : undefined;
  if (single !== undefined) yield single;
  // To kubectl a byte order mark is no white space.
  else if (isJson && !opening.startsWith('\ufeff')) yield* readJsonStream(input.read(0));
  else yield* readYaml(input.read(0), 0, 0, undefined);
}

/** A file that is one JSON document. Undefined where it is not. */
function readSingleJson(input: StoredInput): InputDocument | undefined {
  const { text, length } = readText(input);
  try {
    return jsonDocument(1, { start: 0, end: length, format: 'json' }, JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A function of its own, so that the bytes are gone when the text is parsed. */
function readText(input: StoredInput): { readonly text: string; readonly length: number } {
  const bytes = input.read(0);
  const text = bytes.toString();
  return { text: text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, length: bytes.length };
}

function jsonDocument(number: number, span: DocumentSpan, value: unknown): InputDocument {
  if (!isTooDeep(value)) {
    return { number, span, content: { kind: 'parsed', value, duplicates: [], rest: undefined } };
  }
  const reason = `more than ${limits().nesting} levels`;
  return { number, span, content: { kind: 'refused', code: 'NestingTooDeep', reason, offset: span.start } };
}

/** JSON documents one behind the other. */
function* readJsonStream(bytes: Buffer): Generator<InputDocument> {
  let number = 0;
  let at = bytes.indexOf('{');
  let behind = at;
  while (at < bytes.length) {
    const scan = scanJsonValue(bytes, at);
    if (scan.kind === 'value') {
      const value = JSON.parse(bytes.toString('utf8', at, scan.end));
      yield jsonDocument(++number, { start: at, end: scan.end, format: 'json' }, value);
      behind = scan.end;
      at = skipJsonSpace(bytes, behind);
      continue;
    }
    const refusal: Refusal = {
      kind: 'refused',
      code: 'JSONSyntax',
      reason: scan.reason,
      offset: scan.offset,
    };
    if (number < 2) {
      yield* readYaml(bytes, startOfYaml(bytes, behind, at), number, refusal);
      return;
    }
    // kubectl gives up here. Further documents are looked for where one usually starts.
    const next = bytes.indexOf('\n{', Math.max(at, scan.offset - 1));
    const end = next < 0 ? bytes.length : next + 1;
    yield { number: ++number, span: { start: at, end, format: 'json' }, content: refusal };
    at = end;
  }
}

/** YAML starts on the line behind the JSON, or in its line. */
function startOfYaml(bytes: Buffer, behind: number, at: number): number {
  const lineFeed = bytes.indexOf('\n', behind);
  return lineFeed >= 0 && lineFeed < at ? lineFeed + 1 : at;
}

/**
 * @param counted how many documents stand before `from`
 * @param jsonRefusal why the first of these documents is no JSON, told if it is no YAML either
 */
function* readYaml(
  bytes: Buffer,
  from: number,
  counted: number,
  jsonRefusal: Refusal | undefined,
): Generator<InputDocument> {
  let refusal = jsonRefusal;
  for (const chunk of splitYaml(bytes, from)) {
    const { start, end, number } = chunk;
    const content = readChunk(bytes, chunk);
    yield {
      number: counted + number,
      span: { start, end, format: 'yaml' },
      content: content.kind === 'refused' ? (refusal ?? content) : content,
    };
    refusal = undefined;
  }
}

function readChunk(bytes: Buffer, { start, end, malformedAt }: YamlChunk): DocumentContent {
  if (malformedAt !== undefined) {
    const reason =
      'only a comment may follow "---" on its line, which kubectl takes for the end of a document';
    return { kind: 'refused', code: 'YAMLSyntax', reason, offset: malformedAt };
  }
  const { yamlBytes } = limits();
  if (end - start > yamlBytes) {
    const reason = `the YAML document is larger than ${yamlBytes} bytes and is not read`;
    return { kind: 'refused', code: 'DocumentTooLarge', reason, offset: start };
  }
  const chunk = bytes.subarray(start, end);
  const source = decodeChunk(chunk);
  if (!isUtf8(chunk)) {
    const offset = start + firstInvalidByte(chunk, source);
    return { kind: 'refused', code: 'YAMLSyntax', reason: 'the text is not valid UTF-8', offset };
  }
  const toByte = (offset: number) => Math.min(end, start + Buffer.byteLength(source.slice(0, offset)));
  try {
    const { value, duplicates, rest } = parseYaml(source);
    return { kind: 'parsed', value, duplicates, rest: rest === undefined ? undefined : toByte(rest) };
  } catch (error) {
    if (!(error instanceof RefusedYaml)) throw error;
    return {
      kind: 'refused',
      code: CODES[error.offends],
      reason: error.message,
      offset: toByte(error.offset),
    };
  }
}

const CODES: Readonly<Record<RefusedYaml['offends'], RefusalCode>> = {
  syntax: 'YAMLSyntax',
  nesting: 'NestingTooDeep',
  aliasing: 'ExcessiveAliasing',
  aliases: 'TooManyAliases',
  mergeKeys: 'TooManyMergeKeys',
};

/** The text of a YAML document as kubectl gives it to its parser: its last line ends, too. */
export function decodeChunk(chunk: Buffer): string {
  const text = chunk.toString();
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** @param text the lossy decoding of `bytes` */
function firstInvalidByte(bytes: Buffer, text: string): number {
  let at = 0;
  for (const character of text) {
    const isReplacement = character === '\ufffd';
    if (isReplacement && (bytes[at] !== 0xef || bytes[at + 1] !== 0xbf || bytes[at + 2] !== 0xbd)) return at;
    at += Buffer.byteLength(character);
  }
  return at;
}
