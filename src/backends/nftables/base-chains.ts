/**
 * The chains through which packets come in, and where they go from there. In: what a release does where. Out: base chains,
 * whose rules are jumps only. Mirrors kube-proxy 1.29 to 1.37.
 */
import type { NftablesFeatures } from '../../proxy/release.ts';
import { IS_NEW, jump, type Rule, rule } from './rule.ts';
import type { BaseChainHook, Chain } from './ruleset.ts';

const DNAT_PRIORITY = -100;
const SNAT_PRIORITY = 100;
const FILTER_PRIORITY = 0;

const NAT_CHAINS: readonly Chain[] = [
  // type nat hook output priority -100; policy accept; jump services
  base('nat-output', 'nat', 'output', DNAT_PRIORITY, [rule(jump('services'))]),
  base('nat-prerouting', 'nat', 'prerouting', DNAT_PRIORITY, [rule(jump('services'))]),
  base('nat-postrouting', 'nat', 'postrouting', SNAT_PRIORITY, [rule(jump('masquerading'))]),
];

export function baseChains({ filterHooks }: NftablesFeatures): readonly Chain[] {
  switch (filterHooks) {
    case 'before-dnat':
      return [...filtersBeforeDNAT(), ...NAT_CHAINS];
    case 'around-dnat':
      return [...filtersAroundDNAT(), ...NAT_CHAINS];
    case 'split':
      return [...splitFilters(), ...NAT_CHAINS];
  }
}

/** Up to 1.29. */
function filtersBeforeDNAT(): readonly Chain[] {
  const priority = DNAT_PRIORITY - 1;
  const checks = newJumps('endpoints-check');
  const firewall = newJumps('firewall-check');
  return [
    base('filter-input', 'filter', 'input', priority, [...checks, ...firewall]),
    base('filter-forward', 'filter', 'forward', priority, [...checks, rule(jump('forward')), ...firewall]),
    base('filter-output', 'filter', 'output', priority, [...checks, ...firewall]),
  ];
}

/** 1.30 to 1.32: packets to cluster IPs that are still there after translation are looked at in two more chains. */
function filtersAroundDNAT(): readonly Chain[] {
  const before = DNAT_PRIORITY - 10;
  const after = DNAT_PRIORITY + 10;
  return [
    base('filter-prerouting', 'filter', 'prerouting', before, newJumps('firewall-check')),
    base(
      'filter-input',
      'filter',
      'input',
      before,
      newJumps('nodeport-endpoints-check', 'service-endpoints-check'),
    ),
    base(
      'filter-forward',
      'filter',
      'forward',
      before,
      newJumps('service-endpoints-check', 'cluster-ips-check'),
    ),
    base('filter-output', 'filter', 'output', before, newJumps('service-endpoints-check', 'firewall-check')),
    base('filter-output-post-dnat', 'filter', 'output', after, newJumps('cluster-ips-check')),
  ];
}

/** Since 1.33: only source ranges need the destination from before its translation. */
function splitFilters(): readonly Chain[] {
  const before = DNAT_PRIORITY - 10;
  return [
    base('filter-prerouting-pre-dnat', 'filter', 'prerouting', before, newJumps('firewall-check')),
    base('filter-output-pre-dnat', 'filter', 'output', before, newJumps('firewall-check')),
    base(
      'filter-input',
      'filter',
      'input',
      FILTER_PRIORITY,
      newJumps('nodeport-endpoints-check', 'service-endpoints-check'),
    ),
    base(
      'filter-forward',
      'filter',
      'forward',
      FILTER_PRIORITY,
      newJumps('service-endpoints-check', 'cluster-ips-check'),
    ),
    base(
      'filter-output',
      'filter',
      'output',
      FILTER_PRIORITY,
      newJumps('service-endpoints-check', 'cluster-ips-check'),
    ),
  ];
}

/** `ct state new jump CHAIN` for each. */
function newJumps(...chains: readonly string[]): readonly Rule[] {
  return chains.map((chain) => rule(IS_NEW, jump(chain)));
}

function base(
  name: string,
  type: BaseChainHook['type'],
  hook: BaseChainHook['hook'],
  priority: number,
  rules: readonly Rule[],
): Chain {
  return { name, hook: { type, hook, priority }, rules };
}
