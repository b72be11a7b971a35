/** The tables, chains and rules of one IP family. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { Rule } from './rule.ts';

export interface Ruleset {
  readonly family: IPFamily;
  /** Sorted by name. */
  readonly tables: readonly Table[];
}

export interface Table {
  readonly name: TableName;
  /** In the order in which they were compiled; `namesInOrder` gives the one in which they are printed. */
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

/** Names of chains: the built-in ones in the order of their hooks, then the others sorted. */
export function namesInOrder(table: TableName, names: Iterable<string>): readonly string[] {
  const builtin = BUILTIN_CHAINS[table];
  const present = new Set(names);
  // Plain strings sort twice as fast without a comparison of one's own, and by code units, as is wanted.
  const others = [...present].filter((name) => !builtin.includes(name)).sort();
  return [...builtin.filter((name) => present.has(name)), ...others];
}
