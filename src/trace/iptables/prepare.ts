/**
 * Makes a dump quick to walk, once for many packets. In: a SavedDump of one family, and the host. Out: chains by table
 * and name, whose rules have their addresses read and are found by destination; made when a packet first comes to them.
 *
 * What could not be read becomes a rule that nobody can tell anything about, so that it is never passed over.
 */
import type { SavedDump, SavedRule, SavedTable, SavedText } from '../../backends/iptables/saved.ts';
import type { Balancer } from '../ipvs/balance.ts';
import type { Host, Packet, PreparedHost } from '../packet.ts';
import { prepareHost } from '../packet.ts';
import { type IndexedRules, indexRules } from './rule-index.ts';

export interface PreparedRules {
  readonly tables: ReadonlyMap<string, ReadonlyMap<string, Chain>>;
  readonly host: PreparedHost;
  readonly sets: SetLookup | undefined;
  /** Of a host with IPVS. */
  readonly balancer: Balancer | undefined;
}

/** Whether a packet is in an ipset; undefined if that is unknown. `packet` is as it is now, behind a translation as well. */
export type SetLookup = (
  set: string,
  directions: readonly ('src' | 'dst')[],
  packet: AskedPacket,
) => boolean | undefined;

/** Without a source where that is one of the host's addresses, of which no more is known. */
export type AskedPacket = Pick<Packet, 'protocol' | 'sourcePort' | 'destination' | 'destinationPort'> &
  Partial<Pick<Packet, 'source'>>;

export interface Chain {
  readonly name: string;
  /** Of a built-in chain. */
  readonly policy: string | undefined;
  /** Reads them when called first. */
  readonly rules: () => IndexedRules;
}

/**
 * Prepares rules for `trace`.
 * @param dump of one family, IPv4 or IPv6.
 * @throws Error if the host has text that is no address or network.
 */
export function prepareRules(
  dump: SavedDump,
  host: Host,
  sets?: SetLookup,
  balancer?: Balancer,
): PreparedRules {
  const tables = new Map<string, ReadonlyMap<string, Chain>>();
  for (const part of dump.parts) {
    if (part.kind === 'text') continue;
    const again = `the table ${part.name} occurs twice: this is more than one dump`;
    tables.set(part.name, tables.has(part.name) ? unreadableTable(part.line, again) : readChains(part));
  }
  for (const text of lostTexts(dump)) {
    const named = /^# Table `(.*?)'/.exec(text.text)?.[1];
    for (const name of named === undefined ? TABLES : [named]) {
      if (!tables.has(name)) tables.set(name, unreadableTable(text.line, text.problem ?? ''));
    }
  }
  return { tables, host: prepareHost(host), sets, balancer };
}

const TABLES = ['raw', 'mangle', 'nat', 'filter', 'security'] as const;
const HOOKS = ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'] as const;

/** Texts in which a whole table may be lost: heads and rules outside of tables, and the rest behind an open quote. */
function lostTexts(dump: SavedDump): SavedText[] {
  const lost = (text: SavedText, inTable: boolean) =>
    text.problem !== undefined &&
    (text.text.includes('\n') || text.text.startsWith('*') || (!inTable && /^[-:[#]/.test(text.text)));
  return dump.parts.flatMap((part) =>
    part.kind === 'text'
      ? [part].filter((text) => lost(text, false))
      : part.entries.filter((entry): entry is SavedText => entry.kind === 'text' && lost(entry, true)),
  );
}

function unreadableTable(line: number, problem: string): Map<string, Chain> {
  return new Map(
    HOOKS.map((hook) => [hook, lazyChain(hook, undefined, [unreadableRule(line, problem, hook)])]),
  );
}

function readChains(table: SavedTable): Map<string, Chain> {
  const declared = new Map<string, { policy: string | undefined; rules: SavedRule[] }>();
  const chainOf = (name: string) => {
    const chain = declared.get(name) ?? { policy: undefined, rules: [] };
    declared.set(name, chain);
    return chain;
  };
  let last: string | undefined;
  for (const entry of table.entries) {
    if (entry.kind === 'chain') chainOf(entry.name).policy = entry.policy;
    else if (entry.kind === 'rule') {
      chainOf(entry.chain).rules.push(entry);
      last = entry.chain;
    } else if (entry.problem !== undefined) {
      const reason = `the line cannot be read: ${entry.problem}`;
      for (const name of chainsOfText(entry, declared.keys())) {
        chainOf(name).rules.push(unreadableRule(entry.line, reason, name));
      }
    }
  }
  if (!table.committed) {
    const line = (table.entries.at(-1)?.line ?? table.line) + 1;
    for (const name of chainsCutOff([...declared.keys()], last)) {
      chainOf(name).rules.push(unreadableRule(line, 'the dump ends before COMMIT', name));
    }
  }
  return new Map([...declared].map(([name, chain]) => [name, lazyChain(name, chain.policy, chain.rules)]));
}

/** The chain to which a line that cannot be read would have added a rule, or else every chain so far. */
function chainsOfText(text: SavedText, known: Iterable<string>): readonly string[] {
  const named = /^(?:\[\d+:\d+\] )?-A (\S+)/.exec(text.text)?.[1];
  return named === undefined ? [...known] : [named];
}

/** Stands for rules that may be there: the tracer knows neither what they match nor what they do. */
function unreadableRule(line: number, reason: string, chain: string): SavedRule {
  return {
    kind: 'rule',
    line,
    chain,
    matches: [{ kind: 'unknown', module: '', arguments: reason }],
    target: { kind: 'unknown', name: '', arguments: '' },
  };
}

/**
 * Chains are declared first, then rules printed chain by chain: of a dump cut off, the chain of the last rule and those
 * behind it may lack some.
 */
function chainsCutOff(declared: readonly string[], last: string | undefined): readonly string[] {
  if (last === undefined) return [...new Set([...declared, ...HOOKS])];
  return declared.slice(declared.indexOf(last));
}

function lazyChain(name: string, policy: string | undefined, rules: readonly SavedRule[]): Chain {
  let indexed: IndexedRules | undefined;
  return {
    name,
    policy,
    rules: () => {
      indexed ??= indexRules(rules);
      return indexed;
    },
  };
}
