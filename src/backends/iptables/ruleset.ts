/** The tables, chains and rules of one IP family. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { Rule } from '../iptables-rule.ts';
import type { PlannedServicePort } from './service-plan.ts';

export interface Ruleset {
  readonly family: IPFamily;
  /** Sorted by ServicePortName. */
  readonly servicePorts: readonly PlannedServicePort[];
  /** Sorted by name. */
  readonly tables: readonly Table[];
}

/**
 * How a table's chains follow from the service ports. Chains are compiled anew at each walk, one service port after the
 * other, so that a big cluster's rules are never in memory all at once.
 */
export interface Table {
  readonly name: TableName;
  /** Chains that depend on no service port: the built-in ones first, in the order of their hooks. */
  readonly fixed: readonly Chain[];
  readonly shared: readonly SharedChain[];
  /** The chains of one service port's own, in no particular order. */
  readonly ownChains: (port: PlannedServicePort) => Iterable<Chain>;
}

/** A sync chain to which each service port adds rules. */
export interface SharedChain {
  readonly name: string;
  readonly rulesOf: (port: PlannedServicePort) => readonly Rule[];
  /** Rules behind those of the service ports. */
  readonly tail: readonly Rule[];
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

/** All chains of a table, the built-in ones first. */
export function* chainsOfTable(
  { fixed, shared, ownChains }: Table,
  ports: readonly PlannedServicePort[],
): Generator<Chain> {
  yield* fixed;
  for (const { name, rulesOf, tail } of shared) yield syncChain(name, [...ports.flatMap(rulesOf), ...tail]);
  for (const port of ports) yield* ownChains(port);
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

export function sharedChain(
  name: string,
  rulesOf: SharedChain['rulesOf'],
  tail: readonly Rule[] = [],
): SharedChain {
  return { name, rulesOf, tail };
}
