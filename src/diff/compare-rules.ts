/** Compares the rules of two sides by the way of their mode. In: rules of one family. Out: what differs before tracing. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { NodeRules } from '../trace/node-rules.ts';
import type { Compared } from './compared.ts';
import { compareIptables } from './iptables/compare.ts';
import type { TrafficReach } from './traffic-reach.ts';

export function compareRules(
  family: IPFamily,
  intended: NodeRules,
  actual: NodeRules,
  reach: TrafficReach,
): Compared {
  return compareIptables(family, intended, actual, reach);
}
