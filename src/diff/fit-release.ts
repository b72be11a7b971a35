/**
 * Which release of kube-proxy wrote the rules of a host. In: the rules that do not depend on Services, of each release, and
 * those of the host. Out: the releases that fit best. Releases differ little: several fit alike.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { Release } from '../proxy/release.ts';
import type { NodeRules } from '../trace/node-rules.ts';
import { compareRules } from './compare-rules.ts';
import { countDiffering, type Difference } from './compared.ts';
import { staticDistance } from './iptables/static-distance.ts';
import { ipvsStaticDistance } from './ipvs/static-distance.ts';
import type { TrafficReach } from './traffic-reach.ts';

export type RulesByFamily = Readonly<Partial<Record<IPFamily, NodeRules>>>;

export interface ReleaseCandidate {
  readonly release: Release;
  /** Compiled without any Service. */
  readonly rules: RulesByFamily;
}

/** @returns those that differ least, in the order in which they are given; all of them where there are no rules to go by */
export function fittingReleases(
  candidates: readonly ReleaseCandidate[],
  actual: RulesByFamily,
): readonly Release[] {
  const counted = candidates.map(({ release, rules }) => ({
    release,
    count: sum(rules, actual, (family, wanted, found) => {
      if (wanted.kind === 'iptables' && found.kind === 'iptables') return staticDistance(wanted, found);
      if (wanted.kind === 'ipvs' && found.kind === 'ipvs') return ipvsStaticDistance(wanted, found);
      const { differences, isShared } = compareRules(family, wanted, found, NOWHERE);
      return countDiffering(differences.filter(({ chain }) => !isShared(chain)).map(withoutElements));
    }),
  }));
  const least = Math.min(...counted.map(({ count }) => count));
  return counted.filter(({ count }) => count === least).map(({ release }) => release);
}

/** How many lines of kube-proxy's own differ. */
export function countDifferences(intended: RulesByFamily, actual: RulesByFamily): number {
  return sum(intended, actual, (family, wanted, found) =>
    countDiffering(compareRules(family, wanted, found, NOWHERE).differences),
  );
}

/** Rules of others do not tell the release. */
const NOWHERE: TrafficReach = { hasAddressIn: () => false, hasPortIn: () => false };

/** What Services put into a set is not a release's. */
function withoutElements(difference: Difference): Difference {
  const isStatic = ({ kind }: { readonly kind: string }) => kind !== 'nft-element';
  return {
    ...difference,
    missing: difference.missing.filter(isStatic),
    extra: difference.extra.filter(isStatic),
  };
}

function sum(
  intended: RulesByFamily,
  actual: RulesByFamily,
  count: (family: IPFamily, wanted: NodeRules, found: NodeRules) => number,
): number {
  let total = 0;
  for (const family of ['IPv4', 'IPv6'] as const) {
    const [wanted, found] = [intended[family], actual[family]];
    if (wanted !== undefined && found !== undefined) total += count(family, wanted, found);
  }
  return total;
}
