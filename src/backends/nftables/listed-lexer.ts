/**
 * Takes what `nft list` prints apart. In: the text. Out: words, strings, signs and ends of lines, one by one, or those of a
 * whole rule or element at once. Each character is looked at a fixed number of times, whatever the text says.
 */

export type TokenKind = 'word' | 'string' | 'sign' | 'newline' | 'end';

/** Longer than any comment or log prefix of the kernel's; a string over several lines that is longer is none. */
const LONGEST_STRING = 512;

const [NEWLINE, SPACE, TAB, RETURN, QUOTE] = [10, 32, 9, 13, 34];

/** What no word holds: blanks, `"`, and the signs `( ) , ; { }`. */
const ENDS_WORD = new Uint8Array(128);
const IS_SIGN = new Uint8Array(128);
for (const sign of '(),;{}') IS_SIGN[sign.charCodeAt(0)] = ENDS_WORD[sign.charCodeAt(0)] = 1;
for (const code of [NEWLINE, SPACE, TAB, RETURN, QUOTE]) ENDS_WORD[code] = 1;

export class ListedLexer {
  readonly text: string;
  kind: TokenKind = 'newline';
  /** Of a string, what stands between its quotation marks. */
  word = '';
  /** Whether it follows the token before without a blank. */
  isGlued = false;
  /** Where the token begins, and the line of that place, 1-based. */
  start = 0;
  line = 1;
  /** Where the next one is looked for. */
  at = 0;
  #nextLine = 1;
  #newlineAt = -1;

  constructor(text: string) {
    this.text = text;
  }

  next(): TokenKind {
    const { text } = this;
    let { at } = this;
    let code = text.charCodeAt(at);
    while (code === SPACE || code === TAB || code === RETURN) code = text.charCodeAt(++at);
    this.isGlued = at === this.at;
    this.start = at;
    this.line = this.#nextLine;
    if (at >= text.length) return this.#take('end', '', at);
    if (code === NEWLINE) {
      this.#nextLine++;
      return this.#take('newline', '\n', at + 1);
    }
    if (code === QUOTE) return this.#takeString(at);
    if (IS_SIGN[code] === 1) return this.#take('sign', text.charAt(at), at + 1);
    do code = text.charCodeAt(++at);
    while (at < text.length && ENDS_WORD[code] !== 1);
    return this.#take('word', text.slice(this.start, at), at);
  }

  #take(kind: TokenKind, word: string, at: number): TokenKind {
    this.kind = kind;
    this.word = word;
    this.at = at;
    return kind;
  }

  /** nft knows no escapes in strings, and lets them go over several lines. One that is not closed is a word up to the end of its line. */
  #takeString(at: number): TokenKind {
    const { text } = this;
    const closing = text.indexOf('"', at + 1);
    const lineEnd = this.endOfLine(at);
    if (closing < 0 || (closing > lineEnd && closing - at > LONGEST_STRING)) {
      return this.#take('word', text.slice(at, lineEnd), lineEnd);
    }
    const inside = text.slice(at + 1, closing);
    if (closing > lineEnd) this.#nextLine += inside.split('\n').length - 1;
    return this.#take('string', inside, closing + 1);
  }

  /** Where the line ends in which `at` stands. */
  endOfLine(at: number): number {
    if (this.#newlineAt < at) {
      const found = this.text.indexOf('\n', at);
      this.#newlineAt = found < 0 ? this.text.length : found;
    }
    return this.#newlineAt;
  }

  /** Goes back to a token seen before. */
  goTo(start: number, line: number): void {
    this.at = start;
    this.#nextLine = line;
    this.#newlineAt = -1;
  }

  /** Leaves out the rest of the line; what comes next is its end. */
  skipLine(): void {
    this.at = this.endOfLine(this.at);
  }
}

/** The words of a rule or an element, to be read with a look ahead. */
export class ListedWords {
  readonly words: string[] = [];
  readonly isString: boolean[] = [];
  readonly #isGlued: boolean[] = [];
  at = 0;

  clear(): void {
    this.words.length = 0;
    this.isString.length = 0;
    this.#isGlued.length = 0;
    this.at = 0;
  }

  push({ word, kind, isGlued }: Pick<ListedLexer, 'word' | 'kind' | 'isGlued'>): void {
    this.words.push(word);
    this.isString.push(kind === 'string');
    this.#isGlued.push(isGlued);
  }

  get isAtEnd(): boolean {
    return this.at >= this.words.length;
  }

  /** The word at `ahead` from here unless it is a string; `''` behind the end. */
  peek(ahead = 0): string {
    const i = this.at + ahead;
    return i < this.words.length && this.isString[i] !== true ? (this.words[i] as string) : '';
  }

  /** Steps over a word if it is the next. */
  take(word: string): boolean {
    if (this.peek() !== word) return false;
    this.at++;
    return true;
  }

  /** The next word or string, which is stepped over; undefined at the end. */
  takeAny(): string | undefined {
    return this.words[this.at++];
  }

  /** What stands between two places, with single blanks, and without what counters say. */
  textBetween(from: number, to: number): string {
    let text = '';
    for (let i = from; i < to; i++) {
      const word = this.words[i] as string;
      const isString = this.isString[i] === true;
      if (i > from && this.#isGlued[i] !== true) text += ' ';
      text += isString ? `"${word}"` : word;
      if (!isString && word === 'counter' && this.words[i + 1] === 'packets' && this.words[i + 3] === 'bytes')
        i += 4;
    }
    return text;
  }

  /** Steps behind the bracket that closes the one here. False, at the end, where none does. */
  skipBrackets(): boolean {
    let depth = 0;
    while (!this.isAtEnd) {
      const word = this.peek();
      this.at++;
      if (word === '{' || word === '(') depth++;
      else if ((word === '}' || word === ')') && --depth === 0) return true;
    }
    return false;
  }
}
