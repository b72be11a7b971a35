/**
 * A dump's rules by table and chain. In: a SavedDump. Out: its chains with their rules in order, and which of them a
 * packet can come to. Lines that are no rules are left out: `problems` of the parser tells of those.
 */
import type { SavedDump, SavedRule } from '../../backends/iptables/saved.ts';

export interface ChainRules {
  readonly name: string;
  /** Of a built-in chain. */
  readonly policy: string | undefined;
  readonly rules: readonly SavedRule[];
}

export type TableRules = ReadonlyMap<string, ChainRules>;
/** By the names of tables, then of chains. */
export type RuleTables = ReadonlyMap<string, TableRules>;

interface OpenChain extends ChainRules {
  policy: string | undefined;
  readonly rules: SavedRule[];
}

export const HOOKS: ReadonlySet<string> = new Set([
  'PREROUTING',
  'INPUT',
  'FORWARD',
  'OUTPUT',
  'POSTROUTING',
]);

export function ruleTables(dump: SavedDump): RuleTables {
  const tables = new Map<string, Map<string, OpenChain>>();
  for (const part of dump.parts) {
    if (part.kind === 'text') continue;
    const chains = tables.get(part.name) ?? new Map<string, OpenChain>();
    tables.set(part.name, chains);
    let last: OpenChain | undefined;
    const chainOf = (name: string): OpenChain => {
      if (last?.name === name) return last;
      last = chains.get(name) ?? { name, policy: undefined, rules: [] };
      chains.set(name, last);
      return last;
    };
    for (const entry of part.entries) {
      if (entry.kind === 'rule') chainOf(entry.chain).rules.push(entry);
      else if (entry.kind === 'chain') chainOf(entry.name).policy = entry.policy;
    }
  }
  return tables;
}

/** The chains that can be reached from built-in ones, those included. */
export function reachableChains(table: TableRules): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...table.keys()].filter((name) => HOOKS.has(name));
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    for (const { target } of table.get(name)?.rules ?? []) {
      if (target?.kind === 'jump' && !reached.has(target.chain)) open.push(target.chain);
    }
  }
  return reached;
}
