/** The tables, chains and rules of one IP family. */
import type { IPFamily } from '../../apiserver/objects.ts';
import { type Chain, syncChain, type TableName } from '../iptables-chain.ts';
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

/** All chains of a table, the built-in ones first. */
export function* chainsOfTable(
  { fixed, shared, ownChains }: Table,
  ports: readonly PlannedServicePort[],
): Generator<Chain> {
  yield* fixed;
  for (const { name, rulesOf, tail } of shared) yield syncChain(name, [...ports.flatMap(rulesOf), ...tail]);
  for (const port of ports) yield* ownChains(port);
}

export function sharedChain(
  name: string,
  rulesOf: SharedChain['rulesOf'],
  tail: readonly Rule[] = [],
): SharedChain {
  return { name, rulesOf, tail };
}
