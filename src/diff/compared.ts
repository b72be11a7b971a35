/**
 * What comparing two sets of rules of one mode comes to, before any packet is followed. In: nothing; this file is the shape
 * that each mode fills and that all that follows asks.
 */
import type { FamilyView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import type { NodeRules } from '../trace/node-rules.ts';
import type { MetRule } from '../trace/step.ts';
import type { ChainLines, StaleChain, Unknown } from './change.ts';
import type { Line } from './line.ts';

export interface Difference {
  readonly table: string;
  /** The chain, set or map in which the lines stand. */
  readonly chain: string;
  /** Of the intended rules. */
  readonly missing: readonly Line[];
  /** Of the host's. */
  readonly extra: readonly Line[];
  /** The same lines stand in another order, or stand more or less often. */
  readonly reordered: boolean;
}

export interface Compared {
  /** Otherwise nothing is spelled alike, and packets have to tell all. */
  readonly isOneMode: boolean;
  /** Of kube-proxy's own lines. */
  readonly differences: readonly Difference[];
  /** Kube-proxy's own table, where the host does not have it at all. */
  readonly lostTable?: string | undefined;
  /** Rules of others that may meet Service traffic. */
  readonly foreign: readonly Line[];
  /** Those, and the rules to which they lead. */
  readonly suspects: readonly Line[];
  /** `filter FORWARD`, `inet guard forward`: chains with a policy that nobody intended. */
  readonly policies: readonly string[];
  /** Something else than lines that differ makes it necessary to trace all Services. */
  readonly suspicious: boolean;
  readonly stale: readonly StaleChain[];
  readonly unreadable: readonly Unknown[];
  /** Where each Service has lines of its own. */
  readonly isShared: (chain: string) => boolean;
  /** Whether nothing that is bound for an endpoint comes to a table's lines before it is translated. */
  readonly isBeforeTranslation: (table: string) => boolean;
  /** The chains with hashed names. */
  readonly owners: (family: FamilyView) => ReadonlyMap<string, { readonly servicePort: ServicePortView }>;
  /** Whether the host has chains of the service port. */
  readonly hasChains: (view: ServicePortView) => boolean;
  /** To be followed. */
  readonly intended: () => NodeRules;
  /** The same of the host, without what is left to others and without these. */
  readonly actual: (passedOver: ReadonlySet<MetRule>) => NodeRules;
  /** @param foreign texts of rules of others that are part of the answer */
  readonly chainLines: (
    place: { readonly table: string; readonly chain: string },
    foreign: ReadonlySet<string>,
  ) => ChainLines;
}

export function countDiffering(differences: readonly Difference[]): number {
  return differences.reduce(
    (sum, { missing, extra, reordered }) => sum + missing.length + extra.length + (reordered ? 1 : 0),
    0,
  );
}
