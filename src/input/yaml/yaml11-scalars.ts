/**
 * In: a cursor at the first character of a scalar. Out: the cursor behind it, and the edits that make js-yaml read it as
 * go-yaml (go.yaml.in/yaml/v2 2.4.4) does.
 */
import {
  isBlank,
  isBlankOrEnd,
  isBreak,
  isBreakOrEnd,
  isFlowIndicator,
  type Yaml11Cursor,
} from './yaml11-cursor.ts';

const COLON = 0x3a;
const QUESTION = 0x3f;
const HASH = 0x23;
const DASH = 0x2d;

const NO_PLAIN_START: ReadonlySet<number> = new Set(
  [...' \t\r\n-?:,[]{}#&*!|>\'"%@`'].map((character) => character.charCodeAt(0)),
);

/** Whether a plain scalar may start at the cursor; `-`, `?` and `:` that stand alone are no scalars. */
export function isPlainStart(cursor: Yaml11Cursor, inFlow: boolean): boolean {
  const code = cursor.code();
  if (!NO_PLAIN_START.has(code)) return true;
  if (code === DASH) return !isBlank(cursor.code(1));
  return !inFlow && (code === QUESTION || code === COLON) && !isBlankOrEnd(cursor.code(1));
}

/**
 * Over a scalar without quotes.
 *
 * @param indent the column that continuation lines need in block context
 * @returns whether a line break followed the scalar
 */
export function skipPlainScalar(cursor: Yaml11Cursor, indent: number, inFlow: boolean): boolean {
  const start = cursor.offset;
  let end = start;
  let brokeLine = false;
  while (!cursor.isAtDocumentMarker() && cursor.code() !== HASH) {
    if (brokeLine && inFlow && !isBlankOrEnd(cursor.code())) cursor.indentLine(indent + 1);
    const before = cursor.offset;
    skipPlainWord(cursor, inFlow);
    if (cursor.offset > before) {
      end = cursor.offset;
      brokeLine = false;
    }
    if (!isBlank(cursor.code()) && !isBreak(cursor.code())) break;
    while (isBlank(cursor.code()) || isBreak(cursor.code())) {
      if (isBreak(cursor.code())) {
        refuseSeparator(cursor);
        cursor.skipBreak();
        brokeLine = true;
      } else {
        if (brokeLine && cursor.column < indent && cursor.code() === 0x09) {
          cursor.refuse('a tab stands where the indentation needs spaces');
        }
        cursor.offset++;
      }
    }
    if (!inFlow && cursor.column < indent) break;
  }
  if (inFlow) quoteOddPlain(cursor, start, end);
  return brokeLine;
}

/** Over characters up to a blank or an indicator that ends the scalar. */
function skipPlainWord(cursor: Yaml11Cursor, inFlow: boolean): void {
  for (;;) {
    const code = cursor.code();
    if (isBlankOrEnd(code)) return;
    if (code === COLON && isBlankOrEnd(cursor.code(1))) return;
    if (inFlow) {
      if (isFlowIndicator(code)) return;
      if (code === QUESTION) cursor.refuse('"?" within [] or {} has to be quoted');
    }
    cursor.offset++;
  }
}

/** `{a:}` has the key `a:`, and `[-]` the item `-`: js-yaml reads them so only in quotes. */
function quoteOddPlain(cursor: Yaml11Cursor, start: number, end: number): void {
  const { text } = cursor;
  const isDash = text.charCodeAt(start) === DASH && isFlowIndicator(text.charCodeAt(start + 1));
  const endsInColon = text.charCodeAt(end - 1) === COLON && isFlowIndicator(text.charCodeAt(end));
  if (!isDash && !endsInColon) return;
  cursor.edit(start, "'");
  for (const { index } of text.slice(start, end).matchAll(/'/g)) cursor.edit(start + index, "'");
  cursor.edit(end, "'");
}

/** Outside quotes these line breaks end a scalar or a comment where nobody sees it. */
export function refuseSeparator(cursor: Yaml11Cursor): void {
  const code = cursor.code();
  if (code === 0x2028 || code === 0x2029) {
    cursor.refuse(`the character U+${code.toString(16)} breaks the line here`);
  }
}

/** @param indent the column that js-yaml wants for continuation lines */
export function skipQuotedScalar(cursor: Yaml11Cursor, indent: number): void {
  const start = cursor.offset;
  const quote = cursor.code();
  const isDouble = quote === 0x22;
  cursor.offset++;
  for (;;) {
    const code = cursor.code();
    if (Number.isNaN(code)) cursor.refuse('the quote is never closed', start);
    if (code === quote) {
      cursor.offset++;
      if (isDouble || cursor.code() !== quote) return;
      cursor.offset++;
    } else if (code === 0x0a || code === 0x0d) skipQuotedBreak(cursor, indent, start);
    else if (isDouble && code === 0x5c) skipEscape(cursor, indent, start);
    else cursor.offset++;
  }
}

/** Returns how many line breaks it went over. */
function skipQuotedBreak(cursor: Yaml11Cursor, indent: number, start: number): number {
  const { line } = cursor;
  while (cursor.code() === 0x0a || cursor.code() === 0x0d) {
    cursor.skipBreak();
    if (cursor.isAtDocumentMarker()) cursor.refuse('the document ends within quotes', start);
    cursor.skipBlanks();
  }
  cursor.indentLine(indent);
  return cursor.line - line;
}

function skipEscape(cursor: Yaml11Cursor, indent: number, start: number): void {
  cursor.offset++;
  const code = cursor.code();
  if (code === 0x0a || code === 0x0d) {
    const backslash = cursor.offset - 1;
    // Empty lines behind an escaped line break count; js-yaml drops them.
    const empty = skipQuotedBreak(cursor, indent, start) - 1;
    if (empty > 0) cursor.edit(backslash, '\\n'.repeat(empty));
    return;
  }
  const letter = String.fromCharCode(code);
  // js-yaml knows every escape of YAML 1.1 but this one.
  if (letter === "'") cursor.edit(cursor.offset, 'x27', 1);
  if (letter === '/') cursor.refuse('kubectl does not know the escape \\/', cursor.offset - 1);
  if (letter === 'u' || letter === 'U') {
    const digits = cursor.text.slice(cursor.offset + 1, cursor.offset + (letter === 'u' ? 5 : 9));
    const codePoint = Number.parseInt(digits, 16);
    if ((codePoint >= 0xd800 && codePoint <= 0xdfff) || codePoint > 0x10ffff) {
      cursor.refuse(`the escape \\${letter}${digits} is no character`, cursor.offset - 1);
    }
  }
  cursor.offset++;
}

/** @param parent the column of the block collection that holds the scalar, -1 without one */
export function skipBlockScalar(cursor: Yaml11Cursor, parent: number): void {
  const digit = skipBlockHeader(cursor);
  let indent = digit === 0 ? 0 : Math.max(parent, 0) + digit;
  let deepest = 0;
  for (;;) {
    while ((indent === 0 || cursor.column < indent) && cursor.code() === 0x20) cursor.offset++;
    deepest = Math.max(deepest, cursor.column);
    if ((indent === 0 || cursor.column < indent) && cursor.code() === 0x09) {
      cursor.refuse('a tab stands where the indentation of the block needs spaces');
    }
    refuseSeparator(cursor);
    if (!isBreak(cursor.code())) {
      if (indent === 0) indent = Math.max(deepest, parent + 1, 1);
      if (cursor.column !== indent || Number.isNaN(cursor.code())) return;
      cursor.skipLine();
      refuseSeparator(cursor);
      if (Number.isNaN(cursor.code())) return;
    }
    cursor.skipBreak();
  }
}

/** Over `|`, `>` and what may follow it in the line; returns the indentation digit, 0 where there is none. */
function skipBlockHeader(cursor: Yaml11Cursor): number {
  cursor.offset++;
  const header = /(?:[-+]([1-9]?)|([1-9]?)[-+]?)/y;
  header.lastIndex = cursor.offset;
  const match = header.exec(cursor.text) as RegExpExecArray;
  cursor.offset = header.lastIndex;
  cursor.skipBlanks();
  if (cursor.code() === HASH) {
    if (!isBlank(cursor.code(-1))) cursor.edit(cursor.offset, ' ');
    cursor.skipLine();
  }
  if (!isBreakOrEnd(cursor.code())) {
    cursor.refuse('only a comment may follow | or > and its indicators in the line');
  }
  refuseSeparator(cursor);
  if (isBreak(cursor.code())) cursor.skipBreak();
  return Number(match[1] || match[2] || 0);
}
