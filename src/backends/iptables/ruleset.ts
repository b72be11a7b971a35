/** The tables, chains and rules of one IP family, in the order in which they are printed. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { Rule } from './rule.ts';

export interface Ruleset {
  readonly family: IPFamily;
  /** Sorted by name. */
  readonly tables: readonly Table[];
}

export interface Table {
  readonly name: TableName;
  /** Built-in chains in the order of their hooks, then the others by name. */
  readonly chains: readonly Chain[];
}

export type TableName = 'filter' | 'mangle' | 'nat';

/**
 * Who writes a chain: the kernel has the built-in ones, where kube-proxy prepends its jumps; `setup` chains are made
 * when kube-proxy starts; `sync` chains are rewritten by each iptables-restore.
 */
export type ChainWriter = 'kernel' | 'setup' | 'sync';

/** `rules` may be computed when it is read: a big cluster's rules are never in memory all at once. */
export interface Chain {
  readonly name: string;
  readonly writer: ChainWriter;
  readonly rules: readonly Rule[];
}

/** Built-in chains by table, in the order of their hooks. */
export const BUILTIN_CHAINS: Readonly<Record<TableName, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
};

/** A chain whose rules are made anew each time they are read. */
export function chain(name: string, writer: ChainWriter, rules: () => readonly Rule[]): Chain {
  return new ComputedChain(name, writer, rules);
}

class ComputedChain implements Chain {
  readonly name: string;
  readonly writer: ChainWriter;
  private readonly compute: () => readonly Rule[];

  constructor(name: string, writer: ChainWriter, compute: () => readonly Rule[]) {
    this.name = name;
    this.writer = writer;
    this.compute = compute;
  }

  get rules(): readonly Rule[] {
    return this.compute();
  }
}

/** Sorts the chains that are not built in. */
export function table(name: TableName, builtin: readonly Chain[], others: readonly Chain[]): Table {
  // Sorting plain strings takes half the time of sorting by a comparison of names.
  const byName = new Map(others.map((each) => [each.name, each]));
  const names = [...byName.keys()].sort();
  return { name, chains: [...builtin, ...names.map((each) => byName.get(each) as Chain)] };
}
