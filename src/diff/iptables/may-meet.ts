/**
 * Which rules can have nothing to do with Services. In: a rule of a built-in chain, and where Service traffic goes. Out: false
 * only where it is certain from the rule itself; all others are decided by tracing.
 */
import type { SavedRule } from '../../backends/iptables/saved.ts';
import { isHarmless } from '../../trace/iptables/target.ts';
import type { TrafficReach } from '../traffic-reach.ts';
import { DOCKER_BRIDGE } from './other-owners.ts';
import { networkKey, protocolName, ruleKey } from './rule-key.ts';
import type { TableRules } from './rule-tables.ts';

export interface Surroundings {
  readonly table: TableRules;
  readonly reach: TrafficReach;
  /** What kubelet writes, by `ruleKey`. */
  readonly kubelets: ReadonlySet<string>;
}

/** False only where it is certain that no packet to a Service, or from it to an endpoint, matches the rule and is changed. */
export function mayMeet(rule: SavedRule, around: Surroundings, within: readonly string[] = []): boolean {
  const { target } = rule;
  const { table, reach, kubelets } = around;
  if (isHarmless(target) || kubelets.has(ruleKey(rule)) || !headerMayMeet(rule, reach)) return false;
  if (!matchesMayMeet(rule, reach)) return false;
  // Behind `goto`, the rest of the chain is passed over.
  if (target?.kind !== 'jump' || target.goto === true) return true;
  const chain = table.get(target.chain);
  // A chain that is missing or calls itself is not understood: the tracer says so.
  if (chain === undefined || within.includes(target.chain)) return true;
  const inside = [...within, target.chain];
  return chain.rules.some((inner) => inner.target?.kind !== 'return' && mayMeet(inner, around, inside));
}

function headerMayMeet(
  { protocol, destination, inInterface, outInterface }: SavedRule,
  reach: TrafficReach,
): boolean {
  if (protocol !== undefined && protocol.negated !== true) {
    const name = protocolName(protocol.name);
    if (!['tcp', 'udp', 'sctp', 'all', '0'].includes(name)) return false;
  }
  const bridges = [inInterface, outInterface].some(
    (field) => field !== undefined && field.negated !== true && DOCKER_BRIDGE.test(field.name),
  );
  if (bridges) return false;
  if (destination === undefined || destination.negated === true) return true;
  return reach.hasAddressIn(networkKey(destination.network));
}

function matchesMayMeet({ matches, target }: SavedRule, reach: TrafficReach): boolean {
  return matches.every((match) => {
    switch (match.kind) {
      case 'transport': {
        const { destinationPort } = match;
        if (destinationPort === undefined || destinationPort.negated === true) return true;
        return reach.hasPortIn(destinationPort);
      }
      case 'multiport':
        return match.side !== 'destination' || match.negated === true || match.ports.some(reach.hasPortIn);
      case 'conntrack': {
        // What lets the packets of known connections pass does not touch new ones.
        const known = match.states.every((state) => state === 'RELATED' || state === 'ESTABLISHED');
        return !(known && match.negated !== true && (target?.kind === 'accept' || target?.kind === 'return'));
      }
      default:
        return true;
    }
  });
}
