/** Compares the rules of two sides by the way of their mode. In: rules of one family. Out: what differs before tracing. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { NodeRules } from '../trace/node-rules.ts';
import type { Compared } from './compared.ts';
import { compareIptables } from './iptables/compare.ts';
import { compareIpvs } from './ipvs/compare.ts';
import { compareNftables } from './nftables/compare.ts';
import type { TrafficReach } from './traffic-reach.ts';

export function compareRules(
  family: IPFamily,
  intended: NodeRules,
  actual: NodeRules,
  reach: TrafficReach,
): Compared {
  if (intended.kind === 'iptables' && actual.kind === 'iptables')
    return compareIptables(family, intended, actual, reach);
  if (intended.kind === 'nftables' && actual.kind === 'nftables')
    return compareNftables(family, intended, actual, reach);
  if (intended.kind === 'ipvs' && actual.kind === 'ipvs') return compareIpvs(family, intended, actual, reach);
  return ofTwoModes(intended, actual);
}

/** Nothing is spelled alike; packets have to tell. */
function ofTwoModes(intended: NodeRules, actual: NodeRules): Compared {
  return {
    isOneMode: false,
    differences: [],
    foreign: [],
    suspects: [],
    policies: [],
    suspicious: true,
    stale: [],
    unreadable: [],
    isShared: () => false,
    isBeforeTranslation: () => false,
    owners: () => new Map(),
    hasChains: () => true,
    intended: () => intended,
    actual: () => actual,
    chainLines: () => {
      throw new Error('rules of two modes have no lines in common');
    },
  };
}
