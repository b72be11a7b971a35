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
  /**
   * Built-in chains in the order of their hooks, then others in no particular order. Each walk compiles them anew, one
   * service port after the other, so that a big cluster's rules are never in memory all at once.
   */
  readonly chains: Iterable<Chain>;
}

export type TableName = 'filter' | 'mangle' | 'nat';

/**
 * Who writes a chain: the kernel has the built-in ones, where kube-proxy prepends its jumps; `setup` chains are made
 * when kube-proxy starts; `sync` chains are rewritten by each iptables-restore.
 */
export type ChainWriter = 'kernel' | 'setup' | 'sync';

export interface Chain {
  readonly name: string;
  readonly writer: ChainWriter;
  readonly rules: readonly Rule[];
}

/** A table whose chains `compile` makes for each walk. */
export function table(name: TableName, compile: () => Iterable<Chain>): Table {
  return { name, chains: { [Symbol.iterator]: () => compile()[Symbol.iterator]() } };
}

/** Built-in chains by table, in the order of their hooks. */
export const BUILTIN_CHAINS: Readonly<Record<TableName, readonly string[]>> = {
  filter: ['INPUT', 'FORWARD', 'OUTPUT'],
  mangle: ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'],
  nat: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
};

/** A chain that each sync rewrites. */
export function syncChain(name: string, rules: readonly Rule[]): Chain {
  return { name, writer: 'sync', rules };
}
