/**
 * The words of `iptables-save` lines. In: the text behind an extension's name. Out: its words or options; and words in the
 * quotes that the kernel's tools put around them.
 *
 * Mirrors `add_param_to_argv` of iptables-restore (what a word is) and `xtables_save_string` of libxtables (what is quoted).
 */

/** `[! ]--name value …` */
export interface Option {
  readonly name: string;
  readonly values: readonly string[];
  readonly negated: boolean;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANK = 0x20;

/** Where the quote that opens at `from` closes, or -1 when it is open at `end`. */
export function closingQuote(text: string, from: number, end: number): number {
  for (let at = from + 1; at < end; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) return at;
    if (char === BACKSLASH) at++;
  }
  return -1;
}

/** Whether a quote is open at the end of the line. */
export function leavesQuoteOpen(text: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    if (text.charCodeAt(at) !== QUOTE) continue;
    at = closingQuote(text, at, end);
    if (at < 0) return true;
  }
  return false;
}

/**
 * The end of the word that starts at `from`; -1 when it has an open quote, or a character that separates words or lines for
 * some reader, though the kernel's tools never print it there.
 */
export function wordEnd(text: string, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const char = text.charCodeAt(at);
    if (char === BLANK) return at;
    if (char < BLANK) return -1;
    if (char === QUOTE) {
      at = closingQuote(text, at, end);
      if (at < 0) return -1;
    }
  }
  return end;
}

/** The words as iptables-restore reads them, without their quotes; undefined if they cannot be told apart. */
export function readWords(text: string): string[] | undefined {
  const words: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = wordEnd(text, from, text.length);
    if (end < 0) return undefined;
    if (end > from) words.push(unquoted(text.slice(from, end)));
    from = end + 1;
  }
  return words;
}

/** A word without its quotes and the backslashes within them. */
export function unquoted(word: string): string {
  if (!word.includes('"')) return word;
  let text = '';
  let inQuotes = false;
  for (let at = 0; at < word.length; at++) {
    const char = word.charCodeAt(at);
    if (char === QUOTE) inQuotes = !inQuotes;
    else text += inQuotes && char === BACKSLASH ? word.charAt(++at) : word.charAt(at);
  }
  return text;
}

/** libxtables quotes whatever has other characters than these, and escapes single quotes as well. */
export function quoted(text: string): string {
  return /^[-_0-9A-Za-z]+$/.test(text) ? text : `"${text.replaceAll(/["\\']/g, '\\$&')}"`;
}

/** Options of which no word is quoted; undefined for all else. */
export function readOptions(text: string): Option[] | undefined {
  if (text === '') return [];
  if (text.includes('"')) return undefined;
  const options: { name: string; values: string[]; negated: boolean }[] = [];
  let negated = false;
  for (const word of text.split(' ')) {
    const option = options.at(-1);
    if (word === '!' && !negated) negated = true;
    else if (word.startsWith('--')) {
      options.push({ name: word, values: [], negated });
      negated = false;
    } else if (option !== undefined && !negated) option.values.push(word);
    else return undefined;
  }
  return negated ? undefined : options;
}

/** No name of an extension or chain looks like an option or a negation, or needs quotes. */
export function isExtensionName(word: string): boolean {
  return word !== '' && !word.startsWith('-') && word !== '!' && !word.includes('"');
}

/** Options whose value is anybody's text, which may look like an option. */
export const TEXT_OPTIONS: ReadonlySet<string> = new Set([
  '--comment',
  '--log-prefix',
  '--nflog-prefix',
  '--ulog-prefix',
  '--name',
  '--hashlimit-name',
  '--match-set',
  '--add-set',
  '--del-set',
  '--map-set',
  '--nfacct-name',
  '--string',
  '--helper',
  '--label',
  '--rateest',
  '--cgroup',
  '--path',
]);

const HEADER_OPTIONS: ReadonlySet<string> = new Set(
  (
    '--source --src --destination --dst --protocol --in-interface --out-interface --fragments --fragment --append ' +
    '--table --ipv4 --ipv6 --set-counters --modprobe'
  ).split(' '),
);
const PART_OPTIONS = ['--jump', '--goto', '--match'] as const;

/**
 * Whether the words are an extension's options alone. A rule that somebody wrote may go on with `-s` or `--jump` behind
 * them: read as options of the extension they would hide what the rule does.
 */
export function areOwnOptions(words: readonly string[]): boolean {
  return words.every((word, i) => {
    if (!isHeaderOption(word)) return true;
    const next = words[i + 1];
    return TEXT_OPTIONS.has(words[i - 1] ?? '') && (next === undefined || /^(--|!$)/.test(next));
  });
}

function isHeaderOption(word: string): boolean {
  if (!word.startsWith('-')) return false;
  if (!word.startsWith('--')) return /^-[A-Za-z46]/.test(word);
  const name = word.split('=', 1)[0] as string;
  // getopt takes abbreviations.
  return HEADER_OPTIONS.has(name) || PART_OPTIONS.some((option) => option.startsWith(name));
}
