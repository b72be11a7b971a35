/**
 * Reads a set or a map. In: the text, behind the brace that opens it. Out: the set with its elements; what is not
 * understood is handed on.
 */
import type { ListedElement, ListedSet } from './listed.ts';
import { type ListedLexer, ListedWords } from './listed-lexer.ts';
import { readElement, readNumber, readSeconds } from './listed-values.ts';

export interface SetPlace {
  readonly kind: 'set' | 'map';
  readonly line: number;
  readonly name: string;
  /** `ip kube-proxy` */
  readonly table: string;
}

/** Takes what is not understood. */
export type Refuse = (line: number, text: string, problem: string) => void;

type SetToFill = { -readonly [P in keyof ListedSet]: ListedSet[P] } & {
  elements: ListedElement[];
  options?: string[];
};

export function readSet(lexer: ListedLexer, place: SetPlace, refuse: Refuse): ListedSet {
  const { kind, line, name } = place;
  const set: SetToFill = { kind, line, name, type: [], flags: [], elements: [] };
  const words = new ListedWords();
  for (;;) {
    lexer.next();
    if (lexer.kind === 'end' || (lexer.kind === 'sign' && lexer.word === '}')) return set;
    if (lexer.kind === 'newline' || (lexer.kind === 'sign' && lexer.word === ';')) continue;
    if (lexer.kind === 'word' && lexer.word.startsWith('#')) {
      lexer.skipLine();
      continue;
    }
    const { line: start } = lexer;
    words.clear();
    if (readLine(lexer, words)) {
      readElements(lexer, place, set.elements, refuse);
    } else if (!readProperty(words, set)) {
      const text = words.textBetween(0, words.words.length);
      refuse(start, text, `not understood, in ${kind} ${name}`);
    }
  }
}

/** The words from here to the end of the line. True where they are `elements = {`. */
function readLine(lexer: ListedLexer, words: ListedWords): boolean {
  do {
    words.push(lexer);
    if (
      words.words.length === 3 &&
      words.peek() === 'elements' &&
      words.peek(1) === '=' &&
      words.peek(2) === '{'
    )
      return true;
    lexer.next();
    if (lexer.kind === 'sign' && lexer.word === '}') {
      // It closes the set.
      lexer.goTo(lexer.start, lexer.line);
      return false;
    }
  } while (
    lexer.kind !== 'newline' &&
    lexer.kind !== 'end' &&
    !(lexer.kind === 'sign' && lexer.word === ';')
  );
  return false;
}

/** Each may be there once; what is there again is not understood. */
function readProperty(words: ListedWords, set: SetToFill): boolean {
  const count = words.words.length;
  const second = words.words[1];
  switch (words.peek()) {
    case 'type':
    case 'typeof':
      return set.type.length === 0 && readType(words, set);
    case 'flags':
      if (set.flags.length > 0) return false;
      set.flags = words.words.filter((_, i) => i % 2 === 1);
      return words.words.every((word, i) => i === 0 || (i % 2 === 1 ? /^[\w-]+$/.test(word) : word === ','));
    case 'size': {
      const size = readNumber(second ?? '');
      // Behind it may be how many elements there are.
      if (set.size !== undefined || size === undefined || (count > 2 && words.peek(2) !== '#')) return false;
      set.size = size;
      return true;
    }
    case 'timeout': {
      const seconds = readSeconds(second ?? '');
      if (set.timeoutSeconds !== undefined || seconds === undefined || count > 2) return false;
      set.timeoutSeconds = seconds;
      return true;
    }
    case 'comment':
      if (set.comment !== undefined || words.isString[1] !== true || count > 2) return false;
      set.comment = second as string;
      return true;
    case 'auto-merge':
    case 'gc-interval':
    case 'policy':
    case 'counter':
    case 'limit':
    case 'quota':
    case 'ct':
    case 'last':
      set.options ??= [];
      set.options.push(words.textBetween(0, count));
      return true;
    default:
      return false;
  }
}

/** `type ipv4_addr . inet_service : verdict`, `typeof ip saddr . tcp dport` */
function readType(words: ListedWords, set: SetToFill): boolean {
  const isTypeof = words.takeAny() === 'typeof';
  const sides: string[][] = [[]];
  let from = words.at;
  for (;;) {
    const isEnd = words.isAtEnd;
    const word = words.peek();
    if (isEnd || word === '.' || word === ':') {
      if (words.at === from) return false;
      sides.at(-1)?.push(words.textBetween(from, words.at));
      if (isEnd) break;
      if (word === ':') sides.push([]);
      from = words.at + 1;
    }
    words.at++;
  }
  const [type = [], value, ...others] = sides;
  if (others.length > 0) return false;
  set.type = type;
  if (isTypeof) set.isTypeof = true;
  if (value !== undefined) set.value = value;
  return true;
}

/** Behind `elements = {`, up to the closing brace. */
function readElements(
  lexer: ListedLexer,
  { table, kind, name }: SetPlace,
  elements: ListedElement[],
  refuse: Refuse,
): void {
  const words = new ListedWords();
  let depth = 0;
  let line = 0;
  for (;;) {
    lexer.next();
    if (lexer.kind === 'newline') continue;
    const sign = lexer.kind === 'sign' ? lexer.word : '';
    const isEnd = lexer.kind === 'end' || (sign === '}' && depth === 0);
    if (isEnd || (sign === ',' && depth === 0)) {
      const count = words.words.length;
      const parts = count === 0 ? undefined : readElement(words);
      if (parts !== undefined) elements.push({ kind: 'nft-element', line, table, set: name, ...parts });
      else if (count > 0) {
        refuse(line, words.textBetween(0, count), `an element that is not understood, in ${kind} ${name}`);
      }
      words.clear();
      if (isEnd) return;
      continue;
    }
    if (sign === '{') depth++;
    if (sign === '}') depth--;
    if (words.words.length === 0) line = lexer.line;
    words.push(lexer);
  }
}
