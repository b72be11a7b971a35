/**
 * Which release of kube-proxy wrote the rules of a host. In: the rules that do not depend on Services, of each release, and
 * those of the host. Out: the releases that fit best. Releases differ little: several fit alike.
 */
import type { Release } from '../../proxy/release.ts';
import { compareChains, SHARED_CHAINS } from './compare-chains.ts';
import { ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables } from './rule-tables.ts';

export interface ReleaseCandidate {
  readonly release: Release;
  /** Of each family that is compared, compiled without any Service. */
  readonly rules: readonly RuleTables[];
}

/**
 * @param actual the host's rules of the same families, in the same order
 * @returns those that differ least, in the order in which they are given; all of them where there are no rules to go by
 */
export function fittingReleases(
  candidates: readonly ReleaseCandidate[],
  actual: readonly RuleTables[],
): readonly Release[] {
  const counted = candidates.map(({ release, rules }) => ({
    release,
    count: rules.reduce((sum, tables, i) => sum + countStatic(tables, actual[i] as RuleTables), 0),
  }));
  const least = Math.min(...counted.map(({ count }) => count));
  return counted.filter(({ count }) => count === least).map(({ release }) => release);
}

function countStatic(intended: RuleTables, actual: RuleTables): number {
  const own = compareChains(intended, actual).filter(({ chain }) => !SHARED_CHAINS.has(chain));
  let count = own.reduce((sum, { missing, extra }) => sum + missing.length + extra.length, 0);
  for (const [name, table] of actual) {
    for (const hook of HOOKS) {
      const jumps = (tables: RuleTables) =>
        (tables.get(name)?.get(hook)?.rules ?? []).filter(leadsToKubeProxy).map(ruleKey);
      const [wanted, found] = [jumps(intended), jumps(actual)];
      count += wanted.filter((key) => !found.includes(key)).length;
      count += found.filter((key) => !wanted.includes(key)).length;
      // kube-proxy prepends its jumps when it starts, each release in an order of its own.
      if (wanted.join('\n') !== found.join('\n')) count++;
    }
    if (table.has('KUBE-FIREWALL') !== (intended.get(name)?.has('KUBE-FIREWALL') ?? false)) count++;
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

/** How many rules of kube-proxy's own chains differ. */
export function countDifferences(intended: RuleTables, actual: RuleTables): number {
  return compareChains(intended, actual).reduce(
    (sum, { missing, extra, reordered }) => sum + missing.length + extra.length + (reordered ? 1 : 0),
    0,
  );
}
