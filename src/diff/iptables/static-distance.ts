/**
 * How far two sets of rules are from each other in what does not depend on Services. In: the rules of a release without any
 * Service, and those of a host. Out: a count of differences.
 */
import type { IptablesRules } from '../../trace/node-rules.ts';
import { compareChains, SHARED_CHAINS } from './compare-chains.ts';
import { ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables, ruleTables } from './rule-tables.ts';

export function staticDistance(wanted: IptablesRules, found: IptablesRules): number {
  const [intended, actual] = [ruleTables(wanted.dump), ruleTables(found.dump)];
  const own = compareChains(intended, actual).filter(({ chain }) => !SHARED_CHAINS.has(chain));
  let count = own.reduce((sum, { missing, extra }) => sum + missing.length + extra.length, 0);
  count += jumpDistance(intended, actual);
  for (const [name, table] of actual)
    if (table.has('KUBE-FIREWALL') !== (intended.get(name)?.has('KUBE-FIREWALL') ?? false)) count++;
  return count;
}

/** How many of kube-proxy's jumps in built-in chains only one of them has. */
export function jumpDistance(intended: RuleTables, actual: RuleTables): number {
  let count = 0;
  for (const name of actual.keys()) {
    for (const hook of HOOKS) {
      const jumps = (tables: RuleTables) =>
        (tables.get(name)?.get(hook)?.rules ?? []).filter(leadsToKubeProxy).map(ruleKey);
      const [ours, theirs] = [jumps(intended), jumps(actual)];
      count += ours.filter((key) => !theirs.includes(key)).length;
      count += theirs.filter((key) => !ours.includes(key)).length;
      // kube-proxy prepends its jumps when it starts, each release in an order of its own.
      if (ours.join('\n') !== theirs.join('\n')) count++;
    }
  }
  return count;
}

function leadsToKubeProxy({
  target,
}: {
  readonly target?: { readonly kind: string; readonly chain?: string };
}): boolean {
  return target?.kind === 'jump' && target.chain?.startsWith('KUBE-') === true;
}
