/** Chains of iptables, and the tables in which they are. The same types serve what is compiled and what is printed. */
import type { Rule } from './iptables-rule.ts';

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

/** A chain that kube-proxy makes when it starts. */
export function setupChain(name: string, rules: readonly Rule[] = []): Chain {
  return { name, writer: 'setup', rules };
}
