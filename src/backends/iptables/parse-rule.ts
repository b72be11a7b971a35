/**
 * Reads the rules of one dump. In: the place of a line. Out: the rule, or why the line is none.
 *
 * Mirrors `print_rule4` of iptables: counters, chain, `-s -d -i -o -p -f` in this order with one blank between words, then
 * matches, then a target. A line in any other form is not read at all, so that what is read is printed back as it came.
 * Words are looked at where they stand in the dump, and equal matches and targets are read once: dumps have 300,000 rules.
 */
import { LineCursor, PART } from './parse-cursor.ts';
import { isExtensionName } from './parse-words.ts';
import type { Counters, Negatable, SavedMatch, SavedRule, SavedTarget } from './saved.ts';
import { parseMatch } from './saved-matches.ts';
import { parseTarget } from './saved-targets.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Named = Negatable & { readonly name: string };

const BLANK = 0x20;
const QUOTE = 0x22;
const DASH = 0x2d;
const SINGLE_QUOTE = 0x27;
const BACKSLASH = 0x5c;
const UNDERSCORE = 0x5f;

const NO_MATCHES: readonly SavedMatch[] = [];
const NO_COUNTERS: Counters = { packets: '0', bytes: '0' };
const VERDICTS: ReadonlySet<string> = new Set(['ACCEPT', 'DROP', 'RETURN', 'QUEUE']);

const COMMENT = 'comment --comment "';

const NOT_IN_FORM = 'not a rule in the form of iptables-save';

/** A line behind an open quote never gets here as a rule: no word ends then. */
export class RuleReader extends LineCursor {
  private readonly matches = new Map<string, readonly [SavedMatch]>();
  private readonly targets = new Map<string, SavedTarget>();
  private readonly names = new Map<string, Named>();
  /** The table's chains, the targets that jump to them, and where in these lists a name is. */
  private chains: string[] = [];
  private jumps: SavedTarget[] = [];
  private places = new Map<string, number>();
  /** Of the last rule's chain. */
  private place = 0;
  /** The last simple comment. */
  private comment = '';
  private commentMatch: readonly [SavedMatch] | undefined;

  startTable(): void {
    this.chains = [];
    this.jumps = [];
    this.places = new Map();
    this.place = 0;
  }

  /** What the table's rules may jump to. */
  declareChain(chain: string): void {
    this.places.set(chain, this.chains.length);
    this.chains.push(chain);
    this.jumps.push({ kind: 'jump', chain });
  }

  /** @returns the rule, or the problem. */
  read(start: number, end: number, line: number): SavedRule | string {
    this.at = start;
    this.end = end;
    const counters = this.readCounters();
    if (counters === null || !this.text.startsWith('-A ', this.at)) return NOT_IN_FORM;
    this.at += '-A '.length;
    const chain = this.readChain();
    if (chain === undefined) return NOT_IN_FORM;
    const rule: Mutable<SavedRule> = { kind: 'rule', line, chain, matches: NO_MATCHES };
    if (counters !== undefined) rule.counters = counters;
    if (!this.readHeader(rule)) return `${NOT_IN_FORM}: an address, interface or protocol cannot be read`;
    while (this.isPart(PART.match)) {
      const match = this.readMatch();
      if (match === undefined) return `${NOT_IN_FORM}: a match cannot be read`;
      rule.matches = withMatch(rule.matches, match);
    }
    if (this.at === this.end) return rule;
    const target = this.isPart(PART.goto)
      ? this.readGoto()
      : this.isPart(PART.jump)
        ? this.readTarget()
        : undefined;
    if (target === undefined) return `${NOT_IN_FORM}: what follows the matches cannot be read`;
    rule.target = target;
    return rule;
  }

  /** `[1:2] `; undefined if there are none, null if they cannot be read. */
  private readCounters(): Counters | undefined | null {
    if (!this.text.startsWith('[', this.at)) return undefined;
    const word = this.plainWord(this.at);
    this.at++;
    return (word === undefined ? undefined : readCounters(word)) ?? null;
  }

  private readChain(): string | undefined {
    if (this.at >= this.end) return undefined;
    // Rules come in the order of the chains, so most names need not be looked up.
    for (let place = this.place; place < this.place + 2; place++) {
      const chain = this.chains[place];
      if (chain === undefined || !this.isWord(chain)) continue;
      this.place = place;
      this.at += chain.length;
      return chain;
    }
    const chain = this.plainWord(this.at);
    if (chain !== undefined) this.place = this.places.get(chain) ?? this.place;
    return chain;
  }

  private readHeader(rule: Mutable<SavedRule>): boolean {
    if (this.isOption('s')) {
      const network = this.network();
      if (network === undefined) return false;
      rule.source = network;
    }
    if (this.isOption('d')) {
      const network = this.network();
      if (network === undefined) return false;
      rule.destination = network;
    }
    if (this.isOption('i')) {
      const named = this.named();
      if (named === undefined) return false;
      rule.inInterface = named;
    }
    if (this.isOption('o')) {
      const named = this.named();
      if (named === undefined) return false;
      rule.outInterface = named;
    }
    if (this.isOption('p')) {
      const named = this.named();
      if (named === undefined) return false;
      rule.protocol = named;
    }
    if (this.isOption('f')) rule.fragment = this.negated ? { negated: true } : {};
    return true;
  }

  private network(): (Negatable & { readonly network: string }) | undefined {
    const from = this.at + 1;
    for (let at = from; at < this.end && this.text.charCodeAt(at) !== BLANK; at++) {
      if (!isAddressChar(this.text.charCodeAt(at))) return undefined;
    }
    const network = this.plainWord(from);
    if (network === undefined) return undefined;
    return this.negated ? { network, negated: true } : { network };
  }

  private named(): Named | undefined {
    const name = this.plainWord(this.at + 1);
    // Before 1.4.3 the negation stands here.
    if (name === undefined || name === '!') return undefined;
    const key = this.negated ? `! ${name}` : name;
    let named = this.names.get(key);
    if (named === undefined) {
      named = this.negated ? { name, negated: true } : { name };
      this.names.set(key, named);
    }
    return named;
  }

  private readMatch(): readonly [SavedMatch] | undefined {
    const from = this.at + ' -m '.length;
    const comment = this.readComment(from);
    if (comment !== undefined) return comment;
    const to = this.matchEnd(from);
    if (to <= from) return undefined;
    this.at = to;
    const text = this.text.slice(from, to);
    const known = this.matches.get(text);
    if (known !== undefined) return known;
    const match = parseMatch(text);
    if (match === undefined) return undefined;
    const matches = [match] as const;
    this.matches.set(text, matches);
    return matches;
  }

  /** Most comments have quotes and no escapes: they are what they say, and neighbours often have the same. */
  private readComment(from: number): readonly [SavedMatch] | undefined {
    const { text, end } = this;
    if (!text.startsWith(COMMENT, from)) return undefined;
    const start = from + COMMENT.length;
    const same =
      text.startsWith(this.comment, start) && text.charCodeAt(start + this.comment.length) === QUOTE;
    const close = same ? start + this.comment.length : simpleCommentEnd(text, start, end);
    const after = close + 1;
    if (
      close < 0 ||
      (after < end && (text.charCodeAt(after) !== BLANK || !this.isPartStart(after + 1, start)))
    ) {
      return undefined;
    }
    this.at = after;
    if (!same || this.commentMatch === undefined) {
      this.comment = text.slice(start, close);
      this.commentMatch = [{ kind: 'comment', text: this.comment }];
    }
    return this.commentMatch;
  }

  private readGoto(): SavedTarget | undefined {
    const chain = this.plainWord(this.at + ' -g '.length);
    if (chain === undefined || this.at !== this.end || !isExtensionName(chain)) return undefined;
    return { kind: 'jump', chain, goto: true };
  }

  private readTarget(): SavedTarget | undefined {
    const text = this.text.slice(this.at + ' -j '.length, this.end);
    // Each endpoint is the destination of one rule.
    if (text.startsWith('DNAT ')) return parseTarget(text);
    const known = this.jump(text) ?? this.targets.get(text);
    if (known !== undefined) return known;
    const target = parseTarget(text);
    if (target !== undefined) this.targets.set(text, target);
    return target;
  }

  private jump(chain: string): SavedTarget | undefined {
    const place = VERDICTS.has(chain) ? undefined : this.places.get(chain);
    return place === undefined ? undefined : this.jumps[place];
  }
}

/** Lists are shared, copied while they are short (`push` takes room for 16 more), and then the rule's own. */
function withMatch(matches: readonly SavedMatch[], match: readonly [SavedMatch]): readonly SavedMatch[] {
  if (matches === NO_MATCHES) return match;
  if (matches.length < 8) return [...matches, match[0]];
  (matches as SavedMatch[]).push(match[0]);
  return matches;
}

/** `[1:2]` */
export function readCounters(text: string): Counters | undefined {
  if (text === '[0:0]') return NO_COUNTERS;
  const colon = text.indexOf(':');
  if (text.charCodeAt(0) !== 0x5b || text.charCodeAt(text.length - 1) !== 0x5d) return undefined;
  const packets = text.slice(1, colon);
  const bytes = text.slice(colon + 1, -1);
  return isDecimal(packets) && isDecimal(bytes) ? { packets, bytes } : undefined;
}

/** Where the comment's quote closes; -1 for one that is not simple: with escapes, or quoted though it need not be. */
function simpleCommentEnd(text: string, start: number, end: number): number {
  let needsQuotes = false;
  for (let at = start; at < end; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return needsQuotes ? at : -1;
    if (char === SINGLE_QUOTE || char === BACKSLASH) return -1;
    needsQuotes ||= !isBareChar(char);
  }
  return -1;
}

function isBareChar(char: number): boolean {
  const letter = char | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (char >= 0x30 && char <= 0x39) ||
    char === DASH ||
    char === UNDERSCORE
  );
}

function isDecimal(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char < 0x30 || char > 0x39) return false;
  }
  return text.length > 0;
}

/** `0`-`9`, `a`-`f`, `.`, `/`, `:` */
function isAddressChar(char: number): boolean {
  return (char >= 0x2e && char <= 0x3a) || (char >= 0x61 && char <= 0x66);
}
