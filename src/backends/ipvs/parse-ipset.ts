/**
 * Reads what `ipset save` prints. In: text of any origin. Out: sets with their entries, and the lines that could not be read
 * or that the kernel would refuse, such as an entry that is there already.
 *
 * Mirrors ipset 6 and 7. ipset takes no quote in a comment, but the kernel takes any text from other programs: from a line on
 * that leaves a quote open, nobody knows what is comment and what is not, and all the rest is one problem. Linear; never
 * throws.
 */
import { formatCIDR, formatIP, parseCIDR, parseIP } from '../../shared/ip.ts';
import type {
  ListedIPSet,
  ListedIPSets,
  ListedOption,
  ListedProblem,
  ListedSetEntry,
  ListedSetPart,
} from './listed.ts';
import { linesOf, readNumber, type TextLine } from './listed-lines.ts';

interface OpenSet extends Omit<ListedIPSet, 'entries'> {
  readonly entries: ListedSetEntry[];
  readonly taken: Set<string>;
  readonly dimensions: readonly string[];
}

export function parseIPSets(text: string): ListedIPSets {
  const sets = new Map<string, OpenSet>();
  const problems: ListedProblem[] = [];
  for (const line of linesOf(text)) {
    if (line.text.startsWith('#')) continue;
    if (leavesQuoteOpen(line.text)) {
      problems.push({ line: line.line, text: line.text, problem: OPEN_QUOTE });
      break;
    }
    const problem = line.cutOff ? 'the last line has no end: the list is cut off here' : readLine(line, sets);
    if (problem !== undefined) problems.push({ line: line.line, text: line.text, problem });
  }
  const read = [...sets.values()].map(({ taken: _, dimensions: __, ...set }): ListedIPSet => set);
  return { sets: read, problems };
}

const OPEN_QUOTE =
  'a quote is open at the end of this line: what follows may be entries or a comment, so nothing of it is read';

function leavesQuoteOpen(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++;
  return quotes % 2 === 1;
}

/** @returns what is wrong with it. */
function readLine(line: TextLine, sets: Map<string, OpenSet>): string | undefined {
  const [command, name, subject, options] = splitHead(line.text);
  if (name === undefined || subject === undefined || line.text.includes('\0'))
    return 'not a line of ipset save';
  if (command === 'create') return createSet(line, name, subject, options, sets);
  if (command !== 'add') return 'not a line of ipset save';
  const set = sets.get(name);
  if (set === undefined) return `there is no set ${name}`;
  const parts = readParts(subject, set.dimensions);
  if (parts === undefined) return `not an entry of a set of type ${set.type}`;
  const key = parts.map(partKey).join(',');
  if (set.taken.has(key)) return 'this entry occurs twice: the kernel has but one';
  set.taken.add(key);
  const read = readOptions(options, ENTRY_OPTIONS);
  const nomatch = read.options.some((option) => option.name === 'nomatch');
  set.entries.push({
    kind: 'set-entry',
    line: line.line,
    text: line.text,
    set: name,
    parts,
    nomatch,
    ...read,
  });
  return undefined;
}

/** Three words, and what follows them; undefined where not even a blank does. */
function splitHead(
  text: string,
): readonly [string, string | undefined, string | undefined, string | undefined] {
  const first = text.indexOf(' ');
  const second = first < 0 ? -1 : text.indexOf(' ', first + 1);
  if (second < 0) return [text, undefined, undefined, undefined];
  const third = text.indexOf(' ', second + 1);
  const end = third < 0 ? text.length : third;
  const words = [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1, end)] as const;
  return words.includes('') || words.some((word) => word.includes('"'))
    ? [words[0], undefined, undefined, undefined]
    : [...words, third < 0 ? undefined : text.slice(third + 1)];
}

function createSet(
  { line, text }: TextLine,
  name: string,
  type: string,
  options: string | undefined,
  sets: Map<string, OpenSet>,
): string | undefined {
  if (!/^(?:hash|bitmap|list):[a-z]+(?:,[a-z]+){0,2}$/.test(type)) return `${type} is no type of a set`;
  if (sets.has(name)) return 'this set occurs twice: the kernel has but one';
  const dimensions = type.slice(type.indexOf(':') + 1).split(',');
  const read = readOptions(options, SET_OPTIONS);
  const set: Omit<ListedIPSet, 'entries'> = { kind: 'ipset', line, text, name, type, ...read };
  sets.set(name, { ...set, entries: [], taken: new Set(), dimensions });
  return undefined;
}

/** Whether a value follows the option's name. */
type OptionTable = ReadonlyMap<string, boolean>;

const SET_OPTIONS: OptionTable = optionTable(
  'family hashsize maxelem netmask bitmask markmask range size timeout bucketsize initval',
  'counters comment skbinfo forceadd',
);
const ENTRY_OPTIONS: OptionTable = optionTable(
  'timeout packets bytes comment skbmark skbprio skbqueue before after',
  'nomatch wildcard',
);

function optionTable(valued: string, plain: string): OptionTable {
  return new Map([
    ...valued.split(' ').map((name) => [name, true] as const),
    ...plain.split(' ').map((name) => [name, false] as const),
  ]);
}

function readOptions(
  text: string | undefined,
  table: OptionTable,
): { readonly options: readonly ListedOption[]; readonly unknown?: string } {
  if (text === undefined) return { options: [] };
  const options: ListedOption[] = [];
  let at = 0;
  while (at < text.length) {
    const nameEnd = wordEnd(text, at);
    const name = text.slice(at, nameEnd);
    const valued = table.get(name);
    if (valued === undefined) return { options, unknown: text.slice(at) };
    if (!valued) {
      options.push({ name });
      at = nameEnd + 1;
      continue;
    }
    const isQuoted = name === 'comment' && text[nameEnd + 1] === '"';
    const valueEnd = isQuoted ? text.indexOf('"', nameEnd + 2) + 1 : wordEnd(text, nameEnd + 1);
    const value = isQuoted ? text.slice(nameEnd + 2, valueEnd - 1) : text.slice(nameEnd + 1, valueEnd);
    const isWhole = isQuoted
      ? valueEnd === text.length || text[valueEnd] === ' '
      : value !== '' && name !== 'comment';
    if (!isWhole) return { options, unknown: text.slice(at) };
    options.push({ name, value });
    at = valueEnd + 1;
  }
  // A blank at the end would be lost otherwise.
  return text === '' || text.endsWith(' ') ? { options, unknown: '' } : { options };
}

function wordEnd(text: string, from: number): number {
  const end = text.indexOf(' ', from);
  return end < 0 ? text.length : end;
}

function readParts(text: string, dimensions: readonly string[]): readonly ListedSetPart[] | undefined {
  const words = text.split(',', dimensions.length + 1);
  if (words.length !== dimensions.length || words.includes('')) return undefined;
  const parts: ListedSetPart[] = [];
  for (const [i, word] of words.entries()) {
    const part = readPart(word, dimensions[i] as string);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return parts;
}

function readPart(text: string, dimension: string): ListedSetPart | undefined {
  switch (dimension) {
    case 'ip':
    case 'net':
      return readNetworkPart(text);
    case 'port':
      return readPortPart(text);
    default:
      return { kind: 'other', text };
  }
}

function readNetworkPart(text: string): ListedSetPart | undefined {
  const ip = parseIP(text);
  if (ip !== undefined) {
    return { kind: 'network', text, address: formatIP(ip), prefixLength: 8 * ip.length };
  }
  const cidr = parseCIDR(text);
  if (cidr === undefined) return undefined;
  const address = formatCIDR(cidr).split('/')[0] as string;
  return { kind: 'network', text, address, prefixLength: cidr.prefixLength };
}

/** `80`, `tcp:80`, `icmp:echo-request`, `gre:0`. */
function readPortPart(text: string): ListedSetPart | undefined {
  const alone = readNumber(text, 65_535);
  if (alone !== undefined) return { kind: 'port', text, port: alone };
  const colon = text.indexOf(':');
  if (colon <= 0) return undefined;
  const protocol = text.slice(0, colon);
  if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp') return { kind: 'other', text };
  const port = readNumber(text.slice(colon + 1), 65_535);
  return port === undefined ? undefined : { kind: 'port', text, protocol, port };
}

function partKey(part: ListedSetPart): string {
  switch (part.kind) {
    case 'network':
      return `${part.address}/${part.prefixLength}`;
    case 'port':
      return `${part.protocol ?? ''}:${part.port}`;
    case 'other':
      return part.text;
    default:
      return part satisfies never;
  }
}
