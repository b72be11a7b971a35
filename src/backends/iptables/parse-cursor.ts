/**
 * Walks along a line of a dump, word by word. In: the dump and the place of a line. Out: words and where they end.
 *
 * Looks at words where they stand, and cuts out only what is kept: dumps have 300,000 rules.
 */
import { TEXT_OPTIONS, wordEnd } from './parse-words.ts';

const BLANK = 0x20;
const BANG = 0x21;
const QUOTE = 0x22;
const DASH = 0x2d;

/** The letters of the options that start a part of a rule. */
export const PART = { match: 0x6d, jump: 0x6a, goto: 0x67 } as const;

export class LineCursor {
  protected readonly text: string;
  /** Where the blank before the next word stands. */
  protected at = 0;
  protected end = 0;
  /** Whether the last option was. */
  protected negated = false;

  constructor(text: string) {
    this.text = text;
  }

  /** Whether the word stands here. */
  protected isWord(word: string): boolean {
    const after = this.at + word.length;
    if (after > this.end || !this.text.startsWith(word, this.at)) return false;
    return after === this.end || this.text.charCodeAt(after) === BLANK;
  }

  /** Steps over ` -s`, or ` ! -s`. */
  protected isOption(letter: string): boolean {
    const { text, at } = this;
    if (at >= this.end) return false;
    const bang = text.charCodeAt(at + 1) === BANG;
    const dash = bang ? at + 3 : at + 1;
    if (text.charCodeAt(dash) !== DASH || text.charCodeAt(dash + 1) !== letter.charCodeAt(0)) return false;
    if (bang && text.charCodeAt(at + 2) !== BLANK) return false;
    const after = dash + 2;
    if (after > this.end || (after < this.end && text.charCodeAt(after) !== BLANK)) return false;
    this.at = after;
    this.negated = bang;
    return true;
  }

  /** A word without quotes, and steps over it. */
  protected plainWord(from: number): string | undefined {
    let at = from;
    for (; at < this.end; at++) {
      const char = this.text.charCodeAt(at);
      if (char === BLANK) break;
      if (char < BLANK || char === QUOTE) return undefined;
    }
    this.at = at;
    return at > from ? this.text.slice(from, at) : undefined;
  }

  /** Whether ` -m `, ` -j ` or ` -g ` comes. */
  protected isPart(letter: number): boolean {
    const { text, at } = this;
    return (
      at + 3 < this.end &&
      text.charCodeAt(at + 1) === DASH &&
      text.charCodeAt(at + 2) === letter &&
      text.charCodeAt(at + 3) === BLANK
    );
  }

  /** Where the next part starts, or the rule ends; -1 if that is unclear. */
  protected matchEnd(from: number): number {
    const { text, end } = this;
    let previous = from;
    for (let at = wordEnd(text, from, end); at >= 0; ) {
      if (at >= end) return end;
      const word = at + 1;
      const after = wordEnd(text, word, end);
      if (after === word + 2 && this.isPartStart(word, previous)) return at;
      if (after > word) previous = word;
      at = after;
    }
    return -1;
  }

  /** A value may be spelled like an option (libxtables quotes no dash), but no name of an extension or chain is. */
  protected isPartStart(word: number, previous: number): boolean {
    const { text } = this;
    if (text.charCodeAt(word) !== DASH || text.charCodeAt(word + 2) !== BLANK) return false;
    const letter = text.charCodeAt(word + 1);
    if (letter !== PART.match && letter !== PART.jump && letter !== PART.goto) return false;
    const next = text.charCodeAt(word + 3);
    if (word + 3 >= this.end || next === DASH || next === BANG || next === QUOTE || next === BLANK)
      return false;
    return text.charCodeAt(previous) !== DASH || !TEXT_OPTIONS.has(text.slice(previous, word).trimEnd());
  }
}
