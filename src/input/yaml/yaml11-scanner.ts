/**
 * In: a document in YAML 1.1. Out: the edits that make js-yaml read it as go-yaml does, and where it ends.
 *
 * Mirrors the scanner of go.yaml.in/yaml/v2 2.4.4: which indentation, which implicit key and which characters it takes.
 * What js-yaml refuses as well is left to js-yaml.
 */
import { quote } from '../quote.ts';
import { isBlank, isBlankOrEnd, isBreak, Yaml11Cursor } from './yaml11-cursor.ts';
import { skipAnchorName, skipTag } from './yaml11-properties.ts';
import {
  isPlainStart,
  refuseSeparator,
  skipBlockScalar,
  skipPlainScalar,
  skipQuotedScalar,
} from './yaml11-scalars.ts';

/** An implicit key may be this long. */
const SIMPLE_KEY_LENGTH = 1024;

/** Where an implicit key may have started. */
interface SimpleKey {
  possible: boolean;
  /** Nothing but a key may stand there. */
  required: boolean;
  offset: number;
  line: number;
  column: number;
}

/** A flow collection that is open. */
interface FlowLevel {
  /** The entry started with `?`. */
  explicitKey: boolean;
}

export class Yaml11Scanner {
  readonly cursor: Yaml11Cursor;
  /** The column of the innermost block collection, -1 without one, and those of its parents. */
  private indent = -1;
  private readonly indents: number[] = [];
  private readonly flow: FlowLevel[] = [];
  /** One for each flow level. */
  private readonly keys: SimpleKey[] = [noKey()];
  private keyAllowed = true;
  /** The line in which a node ended that nothing but an indicator may follow, -1 without one. */
  private contentLine = -1;
  private hasToken = false;
  private rootEnded = false;

  constructor(text: string) {
    this.cursor = new Yaml11Cursor(text);
  }

  scan(): { readonly end: number; readonly rest: number | undefined } {
    const { cursor } = this;
    if (cursor.code() === 0xfeff) cursor.lineStart = ++cursor.offset;
    // js-yaml does not count the indentation of the first line.
    if (cursor.code() === 0x20) cursor.edit(cursor.offset, '\n');
    for (;;) {
      this.skipToToken();
      const start = cursor.offset;
      if (Number.isNaN(cursor.code())) {
        this.unroll(-1);
        this.dropKey();
        return { end: cursor.text.length, rest: undefined };
      }
      if (cursor.isAtDocumentMarker() && !this.skipMarker()) {
        return { end: start, rest: this.findRest() };
      }
      if (cursor.offset > start) continue;
      this.unroll(cursor.column);
      const isDone = this.rootEnded && !(this.isAtColon() && this.isKeyPossible());
      const end = isDone && cursor.isFirstInLine() ? cursor.lineStart : start;
      if (isDone) this.contentLine = -1;
      this.skipToken();
      this.hasToken = true;
      if (isDone) return { end, rest: start };
    }
  }

  /** Over blanks, comments and line breaks. */
  private skipToToken(): void {
    const { cursor } = this;
    for (;;) {
      const tabs = this.flow.length > 0 || !this.keyAllowed;
      while (cursor.code() === 0x20 || (tabs && cursor.code() === 0x09)) {
        if (cursor.code() === 0x09) cursor.edit(cursor.offset, ' ', 1);
        cursor.offset++;
      }
      if (cursor.code() === 0x23) {
        if (cursor.column > 0 && !isBlank(cursor.code(-1))) cursor.edit(cursor.offset, ' ');
        cursor.skipLine();
      }
      refuseSeparator(cursor);
      if (!isBreak(cursor.code())) break;
      cursor.skipBreak();
      if (this.flow.length === 0) this.keyAllowed = true;
    }
    if (this.flow.length > 0 && !Number.isNaN(cursor.code())) cursor.indentLine(this.indent + 2);
  }

  /** Over a `---` that opens the document; false where the marker ends it. */
  private skipMarker(): boolean {
    const { cursor } = this;
    if (this.flow.length > 0) cursor.refuse('the document ends within [] or {}');
    this.unroll(-1);
    this.dropKey();
    if (cursor.code() === 0x2e) {
      if (!this.hasToken) cursor.refuse('"..." ends a document that has not begun');
      cursor.skipLine();
      return false;
    }
    if (this.hasToken) return false;
    this.hasToken = true;
    this.keyAllowed = false;
    cursor.offset += 3;
    return true;
  }

  /** Text behind the end of the document that is neither blank nor a comment. */
  private findRest(): number | undefined {
    const content = /^[ \t]*[^ \t\r\n#]/m.exec(this.cursor.text.slice(this.cursor.offset));
    return content === null ? undefined : this.cursor.offset + content.index;
  }

  private unroll(column: number): void {
    if (this.flow.length > 0) return;
    while (this.indent > column) {
      this.indent = this.indents.pop() as number;
      if (this.indents.length === 0) this.rootEnded = true;
    }
  }

  private roll(column: number): void {
    if (this.flow.length > 0 || this.indent >= column) return;
    this.indents.push(this.indent);
    this.indent = column;
    this.rootEnded = false;
  }

  private skipToken(): void {
    const { cursor } = this;
    const code = cursor.code();
    const inFlow = this.flow.length > 0;
    const isWord = isBlankOrEnd(cursor.code(1));
    switch (code) {
      case 0x25: // %
        if (cursor.column === 0) cursor.refuse('kubectl takes no directives');
        break;
      case 0x5b: // [
      case 0x7b: // {
        return this.openFlow();
      case 0x5d: // ]
      case 0x7d: // }
        return this.closeFlow();
      case 0x2c: // ,
        return this.skipComma();
      case 0x2d: // -
        if (isWord) return this.skipDash();
        break;
      case 0x3f: // ?
        if (inFlow || isWord) return this.skipQuestion(isWord);
        break;
      case 0x3a: // :
        if (inFlow || isWord) return this.skipColon();
        break;
      case 0x2a: // *
        this.startContent();
        skipAnchorName(cursor);
        return this.endContent();
      case 0x26: // &
        this.startContent();
        return skipAnchorName(cursor);
      case 0x21: // !
        this.startContent();
        return skipTag(cursor);
      case 0x7c: // |
      case 0x3e: // >
        if (!inFlow) return this.skipBlock();
        break;
      case 0x22: // "
      case 0x27: // '
        this.startContent();
        skipQuotedScalar(cursor, this.indent + 2);
        return this.endContent();
    }
    this.skipPlain(inFlow);
  }

  private skipPlain(inFlow: boolean): void {
    const { cursor } = this;
    if (!isPlainStart(cursor, inFlow)) {
      const code = cursor.code();
      const name = code === 0x09 ? 'a tab' : quote(String.fromCharCode(code));
      cursor.refuse(`${name} cannot start a value here`);
    }
    this.startContent();
    const { line } = cursor;
    if (skipPlainScalar(cursor, this.indent + 1, inFlow) && !inFlow) this.keyAllowed = true;
    this.endContent(line);
  }

  private openFlow(): void {
    this.startContent();
    this.flow.push({ explicitKey: false });
    this.keys.push(noKey());
    this.keyAllowed = true;
    this.contentLine = -1;
    this.cursor.offset++;
  }

  private closeFlow(): void {
    this.dropKey();
    if (this.flow.pop() !== undefined) this.keys.pop();
    this.keyAllowed = false;
    this.cursor.offset++;
    this.endContent();
  }

  private skipComma(): void {
    this.dropKey();
    const level = this.flow.at(-1);
    if (level !== undefined) level.explicitKey = false;
    this.keyAllowed = true;
    this.contentLine = -1;
    this.cursor.offset++;
  }

  private skipDash(): void {
    if (this.flow.length > 0) this.cursor.refuse('"- " cannot stand within [] or {}');
    if (!this.keyAllowed) this.cursor.refuse('a list item cannot start here');
    this.roll(this.cursor.column);
    this.dropKey();
    this.keyAllowed = true;
    this.contentLine = -1;
    this.cursor.offset++;
  }

  private skipQuestion(isWord: boolean): void {
    const level = this.flow.at(-1);
    if (level === undefined) {
      if (!this.keyAllowed) this.cursor.refuse('a key cannot start here');
      this.roll(this.cursor.column);
    } else {
      if (this.contentLine >= 0) this.cursor.refuse('"," is missing');
      level.explicitKey = true;
    }
    this.dropKey();
    this.keyAllowed = level === undefined;
    this.contentLine = -1;
    this.cursor.offset++;
    if (!isWord) this.cursor.edit(this.cursor.offset, ' ');
  }

  private skipColon(): void {
    const key = this.keys.at(-1) as SimpleKey;
    const level = this.flow.at(-1);
    if (this.isKeyPossible()) {
      this.roll(key.column);
      key.possible = false;
      this.keyAllowed = false;
    } else if (level === undefined) {
      if (!this.keyAllowed) this.cursor.refuse('a mapping value cannot stand here');
      if (this.contentLine >= 0 && this.contentLine === this.cursor.line) {
        this.cursor.refuse('the key before ":" spans lines');
      }
      this.roll(this.cursor.column);
      this.keyAllowed = true;
    } else {
      if (!level.explicitKey) this.cursor.refuse('":" has no key on its line');
      this.keyAllowed = false;
    }
    this.contentLine = -1;
    this.cursor.offset++;
  }

  private skipBlock(): void {
    if (this.contentLine >= 0) this.cursor.refuse('a block of text cannot start here');
    this.dropKey();
    this.keyAllowed = true;
    this.cursor.indentLine(this.indent + 2);
    this.contentLine = this.cursor.line;
    skipBlockScalar(this.cursor, this.indent);
    if (this.indents.length === 0) this.rootEnded = true;
  }

  /** A node or its properties start, perhaps an implicit key. */
  private startContent(): void {
    this.refuseNeighbour();
    const { cursor } = this;
    if (this.keyAllowed) {
      this.dropKey();
      const key = this.keys.at(-1) as SimpleKey;
      key.possible = true;
      key.required = this.flow.length === 0 && this.indent === cursor.column;
      key.offset = cursor.offset;
      key.line = cursor.line;
      key.column = cursor.column;
    }
    this.keyAllowed = false;
  }

  private endContent(line = this.cursor.line): void {
    this.contentLine = line;
    if (this.flow.length === 0 && this.indents.length === 0) this.rootEnded = true;
  }

  private refuseNeighbour(): void {
    if (this.contentLine < 0) return;
    if (this.flow.length > 0) this.cursor.refuse('"," is missing');
    if (this.contentLine === this.cursor.line) this.cursor.refuse('two values stand side by side');
  }

  private isAtColon(): boolean {
    return this.cursor.code() === 0x3a && (this.flow.length > 0 || isBlankOrEnd(this.cursor.code(1)));
  }

  private isKeyPossible(): boolean {
    const key = this.keys.at(-1) as SimpleKey;
    if (!key.possible) return false;
    const { line, offset } = this.cursor;
    if (key.line === line && key.offset + SIMPLE_KEY_LENGTH >= offset) return true;
    this.dropKey();
    return false;
  }

  private dropKey(): void {
    const key = this.keys.at(-1) as SimpleKey;
    if (key.possible && key.required) this.cursor.refuse('":" is missing behind the key', key.offset);
    key.possible = false;
  }
}

function noKey(): SimpleKey {
  return { possible: false, required: false, offset: 0, line: 0, column: 0 };
}
