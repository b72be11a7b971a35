/**
 * Whether a packet is in an ipset. In: the sets of a host as `ipset save` prints them. Out: a lookup for the iptables tracer,
 * undefined where the set, or what it looks at, is not known. Mirrors `ip_set_test` of Linux.
 */
import type {
  ListedIPSet,
  ListedIPSets,
  ListedProblem,
  ListedSetEntry,
  ListedSetPart,
} from '../../backends/ipvs/listed.ts';
import { formatIP, type IPBytes, parseIP } from '../../shared/ip.ts';
import type { AskedPacket, SetLookup } from '../iptables/prepare.ts';

type Direction = Parameters<SetLookup>[1][number];

interface PreparedSet {
  readonly set: ListedIPSet;
  readonly dimensions: readonly string[];
  /** Some of its entries could not be read. */
  readonly incomplete: boolean;
  /** Made when the set is first asked. */
  readonly groups: () => readonly EntryGroup[];
}

/** Entries whose networks have the same lengths, so that one key finds the one that a packet would have. */
interface EntryGroup {
  readonly lengths: readonly number[];
  /** By key, whether the entry says `nomatch`. */
  readonly entries: Map<string, boolean>;
}

/** Deeper, sets of sets are no use to anybody. */
const DEEPEST = 8;

export function setLookup({ sets, problems }: ListedIPSets): SetLookup {
  const prepared = new Map(sets.map((set) => [set.name, prepareSet(set, problems)]));
  const ask = (
    name: string,
    directions: readonly Direction[],
    packet: AskedPacket,
    depth: number,
  ): boolean | undefined => {
    const asked = prepared.get(name);
    if (asked === undefined || depth > DEEPEST) return undefined;
    if (asked.set.type === 'list:set') {
      const answers = asked.set.entries.map(({ parts }) =>
        ask(parts[0]?.text ?? '', directions, packet, depth + 1),
      );
      if (answers.includes(true)) return true;
      return answers.includes(undefined) || asked.incomplete ? undefined : false;
    }
    return isIn(asked, directions, packet);
  };
  return (name, directions, packet) => ask(name, directions, packet, 0);
}

function prepareSet(set: ListedIPSet, problems: readonly ListedProblem[]): PreparedSet {
  let groups: readonly EntryGroup[] | undefined;
  return {
    set,
    dimensions: set.type.slice(set.type.indexOf(':') + 1).split(','),
    incomplete: problems.some(({ text }) => text.startsWith(`add ${set.name} `) || text.includes('"')),
    groups: () => {
      groups ??= groupEntries(set.entries, netmaskOf(set));
      return groups;
    },
  };
}

/** The longest networks first: the kernel takes the first entry that fits. */
function groupEntries(entries: readonly ListedSetEntry[], netmask: number | undefined): EntryGroup[] {
  const groups = new Map<string, EntryGroup>();
  for (const { parts, nomatch } of entries) {
    const lengths = parts.flatMap((part) => (part.kind === 'network' ? [netmask ?? part.prefixLength] : []));
    const group = groups.get(`${lengths}`) ?? { lengths, entries: new Map<string, boolean>() };
    groups.set(`${lengths}`, group);
    group.entries.set(parts.map(entryKey).join(' '), nomatch);
  }
  return [...groups.values()].sort((a, b) => sum(b.lengths) - sum(a.lengths));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function entryKey(part: ListedSetPart): string {
  switch (part.kind) {
    case 'network':
      return part.address;
    case 'port':
      return `${part.protocol ?? ''}:${part.port}`;
    case 'other':
      return part.text;
    default:
      return part satisfies never;
  }
}

function netmaskOf({ options }: ListedIPSet): number | undefined {
  const value = options.find(({ name }) => name === 'netmask')?.value;
  return value === undefined ? undefined : Number(value);
}

function isIn(
  asked: PreparedSet,
  directions: readonly Direction[],
  packet: AskedPacket,
): boolean | undefined {
  const { set, dimensions } = asked;
  if (hasUnknown(set) || set.options.some(({ name }) => name === 'bitmask')) return undefined;
  // The kernel compares no side that the rule does not name, and asks no set of the other family.
  if (directions.length < dimensions.length) return false;
  const family = set.options.find(({ name }) => name === 'family')?.value;
  if (family !== undefined && (family === 'inet6') !== packet.destination.includes(':')) return false;
  const fields = dimensions.map((dimension, i) =>
    fieldOf(dimension, directions[i] as Direction, packet, dimensions.length === 1),
  );
  if (fields.includes('never')) return false;
  if (fields.includes(undefined)) return undefined;
  for (const { lengths, entries } of asked.groups()) {
    const nomatch = entries.get(keyIn(lengths, fields as readonly (IPBytes | string)[]));
    if (nomatch !== undefined) return !nomatch;
  }
  return asked.incomplete ? undefined : false;
}

function hasUnknown({ unknown = '' }: ListedIPSet): boolean {
  return unknown.trim() !== '';
}

/** What an entry is compared with: an address, or a key; `never` where no entry can fit, undefined where it is not known. */
function fieldOf(
  dimension: string,
  direction: Direction,
  packet: AskedPacket,
  alone: boolean,
): IPBytes | string | undefined {
  const isSource = direction === 'src';
  switch (dimension) {
    case 'ip':
    case 'net':
      return parseIP((isSource ? packet.source : packet.destination) ?? '');
    case 'port': {
      const { protocol } = packet;
      if (protocol === 'other') return undefined;
      // A set of ports alone knows those of TCP and UDP only.
      if (alone && protocol === 'sctp') return 'never';
      const port = isSource ? packet.sourcePort : packet.destinationPort;
      return port === undefined ? undefined : `${alone ? '' : protocol}:${port}`;
    }
    default:
      return undefined;
  }
}

function keyIn(lengths: readonly number[], fields: readonly (IPBytes | string)[]): string {
  let network = 0;
  return fields
    .map((field) => (typeof field === 'string' ? field : maskedText(field, lengths[network++] as number)))
    .join(' ');
}

function maskedText(ip: IPBytes, length: number): string {
  if (length >= 8 * ip.length) return formatIP(ip);
  return formatIP(ip.map((byte, i) => byte & (0xff << (8 - Math.min(8, Math.max(0, length - 8 * i))))));
}
