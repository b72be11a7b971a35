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
import { SimpleKeys } from './yaml11-simple-keys.ts';

const TAB = 0x09;
const SPACE = 0x20;
const HASH = 0x23;
const DOT = 0x2e;
const COLON = 0x3a;
const BYTE_ORDER_MARK = 0xfeff;

/** A flow collection that is open. */
interface FlowLevel {
  /** Of its opening bracket. */
  readonly offset: number;
  /** The entry started with `?`. */
  explicitKey: boolean;
}

/**
 * Goes over the tokens of one document. A node that starts where an implicit key is allowed may turn out to be one as
 * long as its line lasts; go-yaml and js-yaml decide that in different ways.
 */
export class Yaml11Scanner {
  readonly cursor: Yaml11Cursor;
  /** The column of the innermost block collection, -1 without one, and those of its parents. */
  private indent = -1;
  private readonly indents: number[] = [];
  private readonly flow: FlowLevel[] = [];
  private readonly keys: SimpleKeys;
  private keyAllowed = true;
  /** The line in which a node ended that nothing but an indicator may follow, -1 without one. */
  private contentLine = -1;
  private hasToken = false;
  private rootEnded = false;

  constructor(text: string) {
    this.cursor = new Yaml11Cursor(text);
    this.keys = new SimpleKeys(this.cursor);
  }

  /** @throws RefusedYaml */
  scan(): { readonly end: number; readonly rest: number | undefined } {
    const { cursor } = this;
    if (cursor.code() === BYTE_ORDER_MARK) cursor.lineStart = ++cursor.offset;
    // js-yaml does not count the indentation of the first line, and takes an indented "---" for a marker.
    if (/^\ufeff? +---/.test(cursor.text)) cursor.edit(cursor.offset, '\n');
    for (;;) {
      this.skipToToken();
      const start = cursor.offset;
      if (Number.isNaN(cursor.code())) {
        const open = this.flow.at(-1);
        if (open !== undefined) cursor.refuse('the bracket is never closed', open.offset);
        this.unroll(-1);
        this.keys.drop();
        return { end: cursor.text.length, rest: undefined };
      }
      if (cursor.isAtDocumentMarker() && !this.skipMarker()) {
        return { end: start, rest: this.findRest() };
      }
      if (cursor.offset > start) continue;
      this.unroll(cursor.column);
      const isDone = this.rootEnded && !(this.isAtColon() && this.keys.isPossible());
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
      while (cursor.code() === SPACE || (tabs && cursor.code() === TAB)) {
        if (cursor.code() === TAB) cursor.edit(cursor.offset, ' ', 1);
        cursor.offset++;
      }
      if (cursor.code() === HASH) {
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
    this.keys.drop();
    if (cursor.code() === DOT) {
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
    if (!this.skipIndicator()) this.skipContent();
  }

  /** False at anything but an indicator of structure. */
  private skipIndicator(): boolean {
    const { cursor } = this;
    const inFlow = this.flow.length > 0;
    const isWord = isBlankOrEnd(cursor.code(1));
    switch (cursor.text[cursor.offset]) {
      case '%':
        if (cursor.column === 0) cursor.refuse('kubectl takes no directives');
        return false;
      case '[':
      case '{':
        this.openFlow();
        return true;
      case ']':
      case '}':
        this.closeFlow();
        return true;
      case ',':
        this.skipComma();
        return true;
      case '-':
        if (isWord) this.skipDash();
        return isWord;
      case '?':
        if (inFlow || isWord) this.skipQuestion(isWord);
        return inFlow || isWord;
      case ':':
        if (inFlow || isWord) this.skipColon();
        return inFlow || isWord;
      default:
        return false;
    }
  }

  /** Over a scalar, an alias or a property of a node. */
  private skipContent(): void {
    const { cursor } = this;
    const inFlow = this.flow.length > 0;
    const first = cursor.text[cursor.offset];
    if ((first === '|' || first === '>') && !inFlow) {
      this.skipBlock();
      return;
    }
    switch (first) {
      case '*':
        this.startContent();
        skipAnchorName(cursor);
        this.endContent();
        break;
      case '&':
        this.startContent();
        skipAnchorName(cursor);
        break;
      case '!':
        this.startContent();
        skipTag(cursor);
        break;
      case '"':
      case "'":
        this.startContent();
        skipQuotedScalar(cursor, this.indent + 2);
        this.endContent();
        break;
      default:
        this.skipPlain(inFlow);
    }
  }

  private skipPlain(inFlow: boolean): void {
    const { cursor } = this;
    if (!isPlainStart(cursor, inFlow)) {
      const code = cursor.code();
      const name = code === TAB ? 'a tab' : quote(String.fromCharCode(code));
      cursor.refuse(`${name} cannot start a value here`);
    }
    this.startContent();
    const { line } = cursor;
    if (skipPlainScalar(cursor, this.indent + 1, inFlow) && !inFlow) this.keyAllowed = true;
    this.endContent(line);
  }

  private openFlow(): void {
    this.startContent();
    this.flow.push({ offset: this.cursor.offset, explicitKey: false });
    this.keys.push();
    this.keyAllowed = true;
    this.contentLine = -1;
    this.cursor.offset++;
  }

  private closeFlow(): void {
    this.keys.drop();
    if (this.flow.pop() !== undefined) this.keys.pop();
    this.keyAllowed = false;
    this.cursor.offset++;
    this.endContent();
  }

  private skipComma(): void {
    this.keys.drop();
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
    this.keys.drop();
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
    this.keys.drop();
    this.keyAllowed = level === undefined;
    this.contentLine = -1;
    this.cursor.offset++;
    if (!isWord) this.cursor.edit(this.cursor.offset, ' ');
  }

  private skipColon(): void {
    const level = this.flow.at(-1);
    if (this.keys.isPossible()) {
      this.roll(this.keys.take());
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
    this.keys.drop();
    this.keyAllowed = true;
    this.cursor.indentLine(this.indent + 2);
    this.contentLine = this.cursor.line;
    skipBlockScalar(this.cursor, this.indent);
    if (this.indents.length === 0) this.rootEnded = true;
  }

  /** A node or its properties start, perhaps an implicit key. */
  private startContent(): void {
    this.refuseNeighbour();
    if (this.keyAllowed) this.keys.start(this.flow.length === 0 && this.indent === this.cursor.column);
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
    return this.cursor.code() === COLON && (this.flow.length > 0 || isBlankOrEnd(this.cursor.code(1)));
  }
}
