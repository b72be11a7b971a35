/**
 * What stands in the built-in chains. In: the intended rules and those of a host. Out: kube-proxy's jumps that are missing,
 * and the rules of others that may meet Service traffic; what no such packet can match is left out.
 *
 * Whether one of the others does any harm is not decided here, but by tracing.
 */
import type { SavedDump, SavedRule, SavedTable } from '../../backends/iptables/saved.ts';
import type { TrafficReach } from '../traffic-reach.ts';
import { type ChainDifference, kubeletRules } from './compare-chains.ts';
import { mayMeet } from './may-meet.ts';
import { isLeftToOthers, isPolicyOfOthers } from './other-owners.ts';
import { ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables } from './rule-tables.ts';

export interface BuiltInChains {
  /** kube-proxy's jumps that are missing. */
  readonly missing: readonly ChainDifference[];
  /** Rules of others in built-in chains that may meet Service traffic. */
  readonly foreign: readonly SavedRule[];
  /** Rules of others in built-in chains that cannot, or that are left to their owner. */
  readonly passedOver: ReadonlySet<SavedRule>;
  /** `filter FORWARD`: chains with a policy other than ACCEPT. */
  readonly policies: readonly string[];
  /** The same, where it is left to its owner. */
  readonly passedPolicies: ReadonlySet<string>;
  /** Something else than missing rules makes it necessary to trace: foreign rules, policies, another order of jumps. */
  readonly suspicious: boolean;
}

export function compareBuiltIn(intended: RuleTables, actual: RuleTables, reach: TrafficReach): BuiltInChains {
  const missing: ChainDifference[] = [];
  const foreign: SavedRule[] = [];
  const passedOver = new Set<SavedRule>();
  const policies: string[] = [];
  const passedPolicies = new Set<string>();
  const kubelets = kubeletRules(intended);
  let moved = false;
  for (const name of new Set([...intended.keys(), ...actual.keys()])) {
    const table = actual.get(name) ?? new Map();
    for (const hook of HOOKS) {
      const jumps = intended.get(name)?.get(hook)?.rules ?? [];
      const keys = jumps.map(ruleKey);
      const rules: readonly SavedRule[] = table.get(hook)?.rules ?? [];
      const found = rules.map(ruleKey);
      const lost = jumps.filter((_, i) => !found.includes(keys[i] as string));
      if (lost.length > 0)
        missing.push({ table: name, chain: hook, missing: lost, extra: [], reordered: false });
      moved ||= isMoved(keys, found);
      for (const [i, rule] of rules.entries()) {
        if (keys.includes(found[i] as string)) continue;
        if (isLeftToOthers(rule, name, hook) || !mayMeet(rule, { table, reach, kubelets }))
          passedOver.add(rule);
        else foreign.push(rule);
      }
      const policy = table.get(hook)?.policy;
      if (policy === undefined || policy === 'ACCEPT') continue;
      if (isPolicyOfOthers(table, name, hook)) passedPolicies.add(`${name} ${hook}`);
      else policies.push(`${name} ${hook}`);
    }
  }
  return {
    missing,
    foreign,
    passedOver,
    policies,
    passedPolicies,
    suspicious: moved || foreign.length > 0 || policies.length > 0,
  };
}

/** The jumps that both have stand in another order. */
function isMoved(keys: readonly string[], found: readonly string[]): boolean {
  const places = keys.map((key) => found.indexOf(key)).filter((place) => place >= 0);
  return places.some((place, i) => i > 0 && place < (places[i - 1] as number));
}

/** A dump without rules and policies that are known to do nothing to Service traffic, or are left to others. */
export function withoutRules(
  dump: SavedDump,
  left: ReadonlySet<unknown>,
  policies: ReadonlySet<string> = new Set(),
): SavedDump {
  if (left.size + policies.size === 0) return dump;
  const isLeft = (entry: Entry, table: string) =>
    (entry.kind === 'rule' && left.has(entry)) ||
    (entry.kind === 'chain' && policies.has(`${table} ${entry.name}`));
  const parts = dump.parts.map((part) => {
    if (part.kind === 'text' || !part.entries.some((entry) => isLeft(entry, part.name))) return part;
    const entries = part.entries.flatMap((entry): Entry[] => {
      if (!isLeft(entry, part.name)) return [entry];
      return entry.kind === 'chain' ? [{ ...entry, policy: 'ACCEPT' }] : [];
    });
    return { ...part, entries };
  });
  return { ...dump, parts };
}

type Entry = SavedTable['entries'][number];
