/**
 * Matches as `iptables-save` prints them: for each kind, how it is read and how it is printed, side by side.
 * In: the text behind ` -m `, or a match. Out: the other of the two, without loss.
 *
 * Mirrors the extensions' `save` functions of iptables 1.8. A spelling that would not be printed back as it came, such as one
 * of an older release, stays text in a match of kind `unknown`.
 */
import {
  areOwnOptions,
  isExtensionName,
  type Option,
  quoted,
  readOptions,
  readWords,
  unquoted,
} from './parse-words.ts';
import type { Negatable, PortRange, SavedMatch } from './saved.ts';

export type MatchKind = SavedMatch['kind'];
type MatchOf<K extends MatchKind> = Extract<SavedMatch, { readonly kind: K }>;

export interface MatchFormat<M extends SavedMatch> {
  /** The names behind `-m`. */
  readonly modules: readonly string[];
  /** Undefined for what is not understood. May be lenient: what is not printed back alike is dropped. */
  readonly parse: (text: string, module: string) => M | undefined;
  /** The text behind `-m `. */
  readonly print: (match: M) => string;
}

export const MATCH_FORMATS: { readonly [K in MatchKind]: MatchFormat<MatchOf<K>> } = {
  comment: {
    modules: ['comment'],
    parse: (text) =>
      text.startsWith('--comment ')
        ? { kind: 'comment', text: unquoted(text.slice('--comment '.length)) }
        : undefined,
    print: ({ text }) => `comment --comment ${quoted(text)}`,
  },
  transport: {
    modules: ['tcp', 'udp', 'sctp'],
    parse: (text, module) => {
      const given = distinct(text, '--sport', '--dport');
      if (given === undefined) return undefined;
      const sourcePort = optionalPort(given.get('--sport'));
      const destinationPort = optionalPort(given.get('--dport'));
      if (sourcePort === undefined || destinationPort === undefined) return undefined;
      const protocol = module as 'tcp' | 'udp' | 'sctp';
      return {
        kind: 'transport',
        protocol,
        ...named('sourcePort', sourcePort),
        ...named('destinationPort', destinationPort),
      };
    },
    print: ({ protocol, sourcePort, destinationPort }) => {
      const source = sourcePort ? `${not(sourcePort)} --sport ${printPorts(sourcePort)}` : '';
      const destination = destinationPort
        ? `${not(destinationPort)} --dport ${printPorts(destinationPort)}`
        : '';
      return `${protocol}${source}${destination}`;
    },
  },
  multiport: {
    modules: ['multiport'],
    parse: (text) => {
      const option = single(text, '--sports', '--dports', '--ports');
      const ports = option?.values[0]?.split(',').map(parsePorts);
      if (option === undefined || ports === undefined || !allDefined(ports)) return undefined;
      const side = SIDE_OF_PORTS[option.name] as 'source' | 'destination' | 'either';
      return { kind: 'multiport', side, ports, ...negation(option) };
    },
    print: (match) => {
      const name = { source: '--sports', destination: '--dports', either: '--ports' }[match.side];
      return `multiport${not(match)} ${name} ${match.ports.map(printPorts).join(',')}`;
    },
  },
  addrtype: {
    modules: ['addrtype'],
    parse: (text) => {
      const given = distinct(text, '--src-type', '--dst-type');
      if (given === undefined || given.size === 0) return undefined;
      const [source, destination] = [given.get('--src-type'), given.get('--dst-type')].map(
        (option) => option && { types: option.values[0]?.split(',') ?? [], ...negation(option) },
      );
      return { kind: 'addrtype', ...named('sourceTypes', source), ...named('destinationTypes', destination) };
    },
    print: ({ sourceTypes, destinationTypes }) => {
      const source = sourceTypes ? `${not(sourceTypes)} --src-type ${sourceTypes.types}` : '';
      const destination = destinationTypes
        ? `${not(destinationTypes)} --dst-type ${destinationTypes.types}`
        : '';
      return `addrtype${source}${destination}`;
    },
  },
  conntrack: {
    modules: ['conntrack', 'state'],
    parse: (text, module) => {
      const option = single(text, module === 'state' ? '--state' : '--ctstate');
      const states = option?.values[0]?.split(',');
      if (option === undefined || !states?.every((state) => CONNTRACK_STATES.has(state))) return undefined;
      return { kind: 'conntrack', module: module as 'conntrack' | 'state', states, ...negation(option) };
    },
    print: (match) =>
      `${match.module}${not(match)} ${match.module === 'state' ? '--state' : '--ctstate'} ${match.states}`,
  },
  mark: {
    modules: ['mark'],
    parse: (text) => {
      const option = single(text, '--mark');
      const [value, mask] = (option?.values[0]?.split('/') ?? []).map(parseHex);
      if (option === undefined || value === undefined) return undefined;
      return { kind: 'mark', value, mask: mask ?? 0xffffffff, ...negation(option) };
    },
    print: (match) =>
      `mark${not(match)} --mark ${printHex(match.value)}${match.mask === 0xffffffff ? '' : `/${printHex(match.mask)}`}`,
  },
  random: {
    modules: ['statistic'],
    parse: (text) => {
      const given = distinct(text, '--mode', '--probability');
      const probability = given?.get('--probability');
      const share = probability?.values[0];
      if (probability === undefined || share === undefined || !/^(0\.\d+|1\.0+)$/.test(share))
        return undefined;
      const parts = Math.round(Number(share) * 2 ** 31);
      return { kind: 'random', parts, text: share, ...negation(probability) };
    },
    print: (match) => `statistic --mode random${not(match)} --probability ${match.text}`,
  },
  recent: { modules: ['recent'], parse: parseRecent, print: printRecent },
  nfacct: {
    modules: ['nfacct'],
    // Two blanks, as libxt_nfacct prints them.
    parse: (text) =>
      text.startsWith('--nfacct-name  ')
        ? { kind: 'nfacct', counter: unquoted(text.slice('--nfacct-name  '.length)) }
        : undefined,
    print: ({ counter }) => `nfacct --nfacct-name  ${quoted(counter)}`,
  },
  'physdev-is-in': {
    modules: ['physdev'],
    parse: (text) => {
      const option = readOptions(text)?.[0];
      return option && { kind: 'physdev-is-in', ...negation(option) };
    },
    print: (match) => `physdev${not(match)} --physdev-is-in`,
  },
  set: {
    modules: ['set'],
    parse: (text) => {
      const option = readOptions(text)?.[0];
      const [set, flags] = option?.values ?? [];
      const directions = flags?.split(',');
      if (option === undefined || set === undefined || !directions?.every(isDirection)) return undefined;
      return { kind: 'set', set, directions, ...negation(option) };
    },
    print: (match) => `set${not(match)} --match-set ${match.set} ${match.directions}`,
  },
  unknown: {
    modules: [],
    parse: (text, module) => {
      const words = readWords(text);
      return words && areOwnOptions(words) ? { kind: 'unknown', module, arguments: text } : undefined;
    },
    print: (match) => (match.arguments === '' ? match.module : `${match.module} ${match.arguments}`),
  },
};

const FORMAT_OF_MODULE: ReadonlyMap<string, MatchFormat<SavedMatch>> = new Map(
  Object.values(MATCH_FORMATS).flatMap((format) =>
    format.modules.map((module) => [module, format as unknown as MatchFormat<SavedMatch>] as const),
  ),
);

/** @returns undefined for text that is not one match. */
export function parseMatch(text: string): SavedMatch | undefined {
  const blank = text.indexOf(' ');
  const module = blank < 0 ? text : text.slice(0, blank);
  if (!isExtensionName(module)) return undefined;
  const rest = blank < 0 ? '' : text.slice(blank + 1);
  const match = FORMAT_OF_MODULE.get(module)?.parse(rest, module);
  if (match !== undefined && printMatch(match) === text) return match;
  const unknown = MATCH_FORMATS.unknown.parse(rest, module);
  return unknown !== undefined && printMatch(unknown) === text ? unknown : undefined;
}

/** The text behind `-m `. */
export function printMatch(match: SavedMatch): string {
  return (MATCH_FORMATS[match.kind] as unknown as MatchFormat<SavedMatch>).print(match);
}

function parseRecent(text: string): MatchOf<'recent'> | undefined {
  const [first, ...others] = readOptions(text) ?? [];
  const operation = first?.name.slice('--'.length);
  if (first === undefined || !isRecentOperation(operation)) return undefined;
  const given = new Map(others.map((option) => [option.name, option]));
  const seconds = given.get('--seconds')?.values[0];
  const list = given.get('--name')?.values[0];
  if (list === undefined || (seconds !== undefined && !/^[1-9]\d{0,9}$/.test(seconds))) return undefined;
  return {
    kind: 'recent',
    operation,
    reap: given.has('--reap'),
    list,
    side: given.has('--rdest') ? 'destination' : 'source',
    ...negation(first),
    ...named('seconds', seconds === undefined ? undefined : Number(seconds)),
    ...named('mask', given.get('--mask')?.values[0]),
  };
}

function printRecent(match: MatchOf<'recent'>): string {
  const seconds = match.seconds === undefined ? '' : ` --seconds ${match.seconds}`;
  const mask = match.mask === undefined ? '' : ` --mask ${match.mask}`;
  const side = match.side === 'source' ? '--rsource' : '--rdest';
  const reap = match.reap ? ' --reap' : '';
  return `recent${not(match)} --${match.operation}${seconds}${reap} --name ${match.list}${mask} ${side}`;
}

function isRecentOperation(text: string | undefined): text is 'set' | 'rcheck' | 'update' | 'remove' {
  return text === 'set' || text === 'rcheck' || text === 'update' || text === 'remove';
}

const SIDE_OF_PORTS: Readonly<Record<string, 'source' | 'destination' | 'either'>> = {
  '--sports': 'source',
  '--dports': 'destination',
  '--ports': 'either',
};

const CONNTRACK_STATES: ReadonlySet<string> = new Set(
  'INVALID NEW RELATED ESTABLISHED UNTRACKED SNAT DNAT'.split(' '),
);

function isDirection(text: string): text is 'src' | 'dst' {
  return text === 'src' || text === 'dst';
}

/** The one option, if it has one of the names. */
function single(text: string, ...names: readonly string[]): Option | undefined {
  const options = readOptions(text);
  const option = options?.[0];
  return options?.length === 1 && option && names.includes(option.name) ? option : undefined;
}

/** The options by name, if they have no other names than these. */
function distinct(text: string, ...names: readonly string[]): ReadonlyMap<string, Option> | undefined {
  const options = readOptions(text);
  if (!options?.every((option) => names.includes(option.name))) return undefined;
  return new Map(options.map((option) => [option.name, option]));
}

/** Undefined for one that is not understood, null for one that is not given. */
function optionalPort(option: Option | undefined): (PortRange & Negatable) | null | undefined {
  if (option === undefined) return null;
  const ports = parsePorts(option.values[0] ?? '');
  return ports && { ...ports, ...negation(option) };
}

function parsePorts(text: string): PortRange | undefined {
  const [first, last = first] = text.split(':').map(Number);
  if (first === undefined || last === undefined || !(first <= last && last <= 0xffff)) return undefined;
  return { first, last };
}

function printPorts({ first, last }: PortRange): string {
  return first === last ? `${first}` : `${first}:${last}`;
}

/** Marks have 32 bits. */
export function parseHex(text: string): number | undefined {
  return /^0x[0-9a-f]{1,8}$/.test(text) ? Number(text) : undefined;
}

export function printHex(value: number): string {
  return `0x${value.toString(16)}`;
}

function not({ negated }: Negatable): string {
  return negated ? ' !' : '';
}

function negation({ negated }: Option): Negatable {
  return negated ? { negated: true } : {};
}

function named<K extends string, T>(key: K, value: T | null | undefined): { readonly [P in K]?: T } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { readonly [P in K]?: T };
}

function allDefined<T>(items: readonly (T | undefined)[]): items is readonly T[] {
  return !items.includes(undefined);
}
