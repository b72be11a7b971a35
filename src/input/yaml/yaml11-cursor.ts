/** The place in a YAML 1.1 document that is being read, and what has to be changed in it (see `rewrite-yaml11.ts`). */

/** `remove` UTF-16 code units at `at` are replaced by `insert`. */
export interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
}

/** Unwinds the reading of a document that kubectl refuses; caught where the document is read. */
export class RefusedYaml extends Error {
  /** Where in the document's text. */
  readonly offset: number;
  /** What it offends: the syntax, or a limit of `limits.ts`. */
  readonly offends: 'syntax' | 'nesting' | 'aliasing' | 'aliases' | 'mergeKeys';

  constructor(reason: string, offset: number, offends: RefusedYaml['offends'] = 'syntax') {
    super(reason);
    this.offset = offset;
    this.offends = offends;
  }
}

export class Yaml11Cursor {
  readonly text: string;
  /** Sorted by `at`. */
  readonly edits: Edit[] = [];
  offset = 0;
  line = 0;
  lineStart = 0;
  private indentedLine = -1;

  constructor(text: string) {
    this.text = text;
  }

  get column(): number {
    return this.offset - this.lineStart;
  }

  /** The UTF-16 code unit `ahead` of the cursor, NaN beyond the end. */
  code(ahead = 0): number {
    return this.text.charCodeAt(this.offset + ahead);
  }

  /** Over one line break. */
  skipBreak(): void {
    this.offset += this.code() === 0x0d && this.code(1) === 0x0a ? 2 : 1;
    this.line++;
    this.lineStart = this.offset;
  }

  /** To the end of the line. */
  skipLine(): void {
    while (!isBreakOrEnd(this.code())) this.offset++;
  }

  skipBlanks(): void {
    while (isBlank(this.code())) this.offset++;
  }

  /** Whether the line starts with `---` or `...` as a word of its own. */
  isAtDocumentMarker(): boolean {
    const code = this.code();
    return (
      this.offset === this.lineStart &&
      (code === 0x2d || code === 0x2e) &&
      this.code(1) === code &&
      this.code(2) === code &&
      isBlankOrEnd(this.code(3))
    );
  }

  /** Whether only blanks stand before the cursor in its line. */
  isFirstInLine(): boolean {
    let at = this.lineStart;
    while (at < this.offset && isBlank(this.text.charCodeAt(at))) at++;
    return at === this.offset;
  }

  edit(at: number, insert: string, remove = 0): void {
    this.edits.push({ at, remove, insert });
  }

  /** js-yaml wants continuation lines of quoted scalars and flow collections indented; go-yaml does not. */
  indentLine(columns: number): void {
    // Only the first call for a line can matter.
    if (this.indentedLine === this.line) return;
    this.indentedLine = this.line;
    if (!this.isFirstInLine()) return;
    let spaces = 0;
    while (spaces < columns && this.text.charCodeAt(this.lineStart + spaces) === 0x20) spaces++;
    if (spaces < columns) this.edit(this.lineStart, ' '.repeat(columns - spaces));
  }

  refuse(reason: string, offset = this.offset): never {
    throw new RefusedYaml(reason, offset);
  }
}

export function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** YAML 1.1 also breaks lines at U+2028 and U+2029 (and at U+0085, which is replaced before). */
export function isBreak(code: number): boolean {
  return code === 0x0a || code === 0x0d || code === 0x2028 || code === 0x2029;
}

export function isBreakOrEnd(code: number): boolean {
  return isBreak(code) || Number.isNaN(code);
}

export function isBlankOrEnd(code: number): boolean {
  return isBlank(code) || isBreakOrEnd(code);
}

/** `,[]{}` */
export function isFlowIndicator(code: number): boolean {
  return code === 0x2c || code === 0x5b || code === 0x5d || code === 0x7b || code === 0x7d;
}
