/**
 * Compiles mode ipvs for one IP family.
 *
 * In: what a node knows of the Services. Out: virtual servers, ipsets, addresses of the dummy device and the rules of iptables
 * that are in the kernel after kube-proxy's first sync on a clean host, or a later one. Mirrors kube-proxy 1.28 to 1.37.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { type IpvsFeatures, releasesWith } from '../../proxy/release.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compareStrings } from '../../shared/ordering.ts';
import { BUILTIN_CHAINS, type Chain } from '../iptables-chain.ts';
import { comment, jump, type Rule } from '../iptables-rule.ts';
import { filterChains } from './filter-rules.ts';
import { natChains } from './nat-rules.ts';
import type { RulesContext } from './rules-context.ts';
import type { FamilyRuleset } from './ruleset.ts';
import { collectEntries } from './service-entries.ts';

/** @throws OperationalError for a release whose mode ipvs is not compiled. */
export function compileIpvs(view: NodeView, family: IPFamily): FamilyRuleset {
  const { outFilter } = featuresOf(view);
  const first = collectEntries(view, family);
  // Node ports bind no address, so a third sync sees what the second one saw.
  const { virtualServers, sets, addresses, closedToNode } =
    view.ipvsSyncs > 1 ? collectEntries(view, family, first.addresses) : first;
  const { masqueradeBit, masqueradeAll } = view.configuration.iptables;
  const { localTraffic } = view.families[family];
  const context: RulesContext = {
    family,
    mark: 2 ** masqueradeBit,
    masqueradeAll,
    localTraffic,
    hasOutFilter: outFilter,
    sets,
    closedToNode,
  };
  return {
    family,
    virtualServers,
    sets: Object.values(sets).sort((a, b) => compareStrings(a.name, b.name)),
    addresses,
    tables: [
      { name: 'filter', chains: [...builtinChains('filter', outFilter), ...filterChains(context)] },
      { name: 'nat', chains: [...builtinChains('nat', outFilter), ...natChains(context)] },
    ],
  };
}

/** @throws OperationalError for a release whose mode ipvs is not compiled. */
export function featuresOf({ release }: NodeView): IpvsFeatures {
  if (release.ipvs !== undefined) return release.ipvs;
  const having = releasesWith(({ ipvs }) => ipvs !== undefined);
  throw new OperationalError(
    `mode ipvs of kube-proxy ${release.name} cannot be compiled; the releases of which it can are ${having.join(', ')}`,
  );
}

function jumpRule(purpose: string, to: string): Rule {
  return { matches: [comment(purpose)], target: jump(to) };
}

const PORTALS = 'kubernetes service portals';
const ACCESS = 'kubernetes ipvs access filter';
const FIREWALL = 'kube-proxy firewall rules';

/** kube-proxy prepends its jumps, so the last one made stands first. Other built-in chains are empty. */
const JUMPS: Readonly<Record<'filter' | 'nat', Readonly<Record<string, readonly Rule[]>>>> = {
  filter: {
    // -A INPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-FILTER
    INPUT: [
      jumpRule(ACCESS, 'KUBE-IPVS-FILTER'),
      jumpRule(FIREWALL, 'KUBE-PROXY-FIREWALL'),
      jumpRule('kubernetes health check rules', 'KUBE-NODE-PORT'),
    ],
    FORWARD: [
      jumpRule(FIREWALL, 'KUBE-PROXY-FIREWALL'),
      jumpRule('kubernetes forwarding rules', 'KUBE-FORWARD'),
    ],
  },
  nat: {
    PREROUTING: [jumpRule(PORTALS, 'KUBE-SERVICES')],
    OUTPUT: [jumpRule(PORTALS, 'KUBE-SERVICES')],
    POSTROUTING: [jumpRule('kubernetes postrouting rules', 'KUBE-POSTROUTING')],
  },
};

function builtinChains(table: 'filter' | 'nat', outFilter: boolean): readonly Chain[] {
  return BUILTIN_CHAINS[table].map((name) => {
    const isOut = outFilter && table === 'filter' && name === 'OUTPUT';
    // -A OUTPUT -m comment --comment "kubernetes ipvs access filter" -j KUBE-IPVS-OUT-FILTER
    const rules = isOut ? [jumpRule(ACCESS, 'KUBE-IPVS-OUT-FILTER')] : (JUMPS[table][name] ?? []);
    return { name, writer: 'kernel', rules };
  });
}
