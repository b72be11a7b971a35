/**
 * In: bytes of a file. Out: its YAML documents, not yet parsed.
 *
 * Mirrors `YAMLReader` of k8s.io/apimachinery 0.37: before anything is parsed the file is cut at every line that starts
 * with `---`, even within quotes and blocks of text, and nothing but a comment may follow on that line.
 */
import { isUtf8 } from 'node:buffer';

export interface YamlChunk {
  readonly start: number;
  readonly end: number;
  /** 1-based, as a reader of YAML counts: what stands before a first `---` counts if there is more than comments. */
  readonly number: number;
  /** Where text follows a `---`; kubectl reads neither that document nor the one before. */
  readonly malformedAt: number | undefined;
}

const LINE_FEED = 0x0a;
const DASH = 0x2d;

/** @param from where the first line starts */
export function* splitYaml(bytes: Buffer, from: number): Generator<YamlChunk> {
  let start = from;
  let separators = 0;
  let bare = 0;
  let at = findSeparator(bytes, from);
  if (at !== from && !isPrologue(bytes.subarray(from, at))) bare = 1;
  while (at < bytes.length) {
    const lineEnd = endOfLine(bytes, at);
    const malformedAt = findTextBehind(bytes, at, lineEnd);
    if (malformedAt !== undefined) {
      const end = findSeparator(bytes, lineEnd);
      yield { start, end, number: Math.max(1, separators + bare), malformedAt };
      start = end;
    } else if (at > start) {
      yield { start, end: at, number: Math.max(1, separators + bare), malformedAt };
      start = lineEnd;
    }
    separators++;
    // A separator at the start of a document is part of it: the next one ends it.
    at = findSeparator(bytes, malformedAt === undefined ? lineEnd : start);
  }
  if (start < bytes.length) {
    yield { start, end: bytes.length, number: Math.max(1, separators + bare), malformedAt: undefined };
  }
}

/** The first line that starts with `---`, of the lines that start at `lineStart` or later; else the end. */
function findSeparator(bytes: Buffer, lineStart: number): number {
  if (bytes[lineStart] === DASH && bytes[lineStart + 1] === DASH && bytes[lineStart + 2] === DASH) {
    return lineStart;
  }
  const before = bytes.indexOf('\n---', lineStart);
  return before < 0 ? bytes.length : before + 1;
}

/** Where the line behind the one of `offset` starts. */
function endOfLine(bytes: Buffer, offset: number): number {
  const lineFeed = bytes.indexOf(LINE_FEED, offset);
  return lineFeed < 0 ? bytes.length : lineFeed + 1;
}

/** Text behind `---` that is no comment. */
function findTextBehind(bytes: Buffer, separator: number, lineEnd: number): number | undefined {
  const behind = bytes.subarray(separator + 3, lineEnd).toString();
  const text = behind.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  return separator + 3 + Buffer.byteLength(behind.slice(0, behind.indexOf(text)));
}

/** Blank lines and comments that kubectl reads as a document of its own and people as the head of the next one. */
function isPrologue(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false;
  for (let start = 0; start < bytes.length; start = endOfLine(bytes, start)) {
    const line = bytes.toString('utf8', start, endOfLine(bytes, start));
    if (!/^\ufeff? *(?:#[ -~\t\u00a0-\ud7ff\ue000-\ufffd]*)?\r?\n?$/u.test(line)) return false;
  }
  return true;
}
