/**
 * What stands in the built-in chains. In: the intended rules and those of a host. Out: kube-proxy's jumps that are missing,
 * and the rules of others that may meet Service traffic; what no such packet can match is left out.
 *
 * Whether one of the others does any harm is not decided here, but by tracing.
 */
import type { SavedDump, SavedRule } from '../backends/iptables/saved.ts';
import { isHarmless } from '../trace/iptables/target.ts';
import { type ChainDifference, KUBELET_RULES } from './compare-chains.ts';
import { networkKey, protocolName, ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables, type TableRules } from './rule-tables.ts';
import type { TrafficReach } from './traffic-reach.ts';

export interface BuiltInChains {
  /** kube-proxy's jumps that are missing. */
  readonly missing: readonly ChainDifference[];
  /** Rules of others in built-in chains that may meet Service traffic. */
  readonly foreign: readonly SavedRule[];
  /** Rules of others in built-in chains that cannot, or that are left to their owner. */
  readonly passedOver: ReadonlySet<SavedRule>;
  /** `filter FORWARD`: chains with a policy other than ACCEPT. */
  readonly policies: readonly string[];
  /** Something else than missing rules makes it necessary to trace: foreign rules, policies, another order of jumps. */
  readonly suspicious: boolean;
}

export function compareBuiltIn(intended: RuleTables, actual: RuleTables, reach: TrafficReach): BuiltInChains {
  const missing: ChainDifference[] = [];
  const foreign: SavedRule[] = [];
  const passedOver = new Set<SavedRule>();
  const policies: string[] = [];
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
        if (isLeftToOthers(rule, name, hook) || !mayMeet(rule, table, reach)) passedOver.add(rule);
        else foreign.push(rule);
      }
      const policy = table.get(hook)?.policy;
      if (policy !== undefined && policy !== 'ACCEPT' && !isDockers(table, name, hook))
        policies.push(`${name} ${hook}`);
    }
  }
  return {
    missing,
    foreign,
    passedOver,
    policies,
    suspicious: moved || foreign.length > 0 || policies.length > 0,
  };
}

/** The jumps that both have stand in another order. */
function isMoved(keys: readonly string[], found: readonly string[]): boolean {
  const places = keys.map((key) => found.indexOf(key)).filter((place) => place >= 0);
  return places.some((place, i) => i > 0 && place < (places[i - 1] as number));
}

/** Docker shuts FORWARD and leaves it to whoever else routes to let its own traffic pass. */
function isDockers(table: TableRules, name: string, hook: string): boolean {
  return name === 'filter' && hook === 'FORWARD' && (table.has('DOCKER') || table.has('DOCKER-USER'));
}

/** Chains of programs that decide by themselves which connections a network lets pass, and how Pods reach the outside. */
export const OTHER_CHAIN =
  /^(cali-|felix-|CILIUM_|OLD_CILIUM_|FLANNEL-|DOCKER|CNI-|KUBE-ROUTER-|KUBE-POD-FW-|KUBE-NWPLCY-|WEAVE|ANTREA-|LIBVIRT_|IP-MASQ|AWS-|OVN-KUBE-|KUBE-KUBELET-CANARY$|KUBE-IPTABLES-HINT$)/;

/** Address translation in PREROUTING and OUTPUT competes with kube-proxy's; all else of other owners is their business. */
function isLeftToOthers({ target }: SavedRule, table: string, hook: string): boolean {
  if (target?.kind !== 'jump' || !OTHER_CHAIN.test(target.chain)) return false;
  return !(table === 'nat' && (hook === 'PREROUTING' || hook === 'OUTPUT'));
}

/** Bridges of Docker, by the names that it gives them. */
const DOCKER_BRIDGE = /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/;

/** False only where it is certain that no packet to a Service, or from it to an endpoint, matches the rule and is changed. */
export function mayMeet(
  rule: SavedRule,
  table: TableRules,
  reach: TrafficReach,
  within: readonly string[] = [],
): boolean {
  const { target } = rule;
  if (isHarmless(target) || KUBELET_RULES.has(ruleKey(rule)) || !headerMayMeet(rule, reach)) return false;
  if (!matchesMayMeet(rule, reach)) return false;
  if (target?.kind !== 'jump') return true;
  const chain = table.get(target.chain);
  // A chain that is missing or calls itself is not understood: the tracer says so.
  if (chain === undefined || within.includes(target.chain)) return true;
  return chain.rules.some(
    (inner) => inner.target?.kind !== 'return' && mayMeet(inner, table, reach, [...within, target.chain]),
  );
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

/** A dump without rules that are known to do nothing to Service traffic. */
export function withoutRules(dump: SavedDump, left: ReadonlySet<SavedRule>): SavedDump {
  if (left.size === 0) return dump;
  const parts = dump.parts.map((part) => {
    if (part.kind === 'text') return part;
    const hasAny = part.entries.some((entry) => entry.kind === 'rule' && left.has(entry));
    if (!hasAny) return part;
    return { ...part, entries: part.entries.filter((entry) => entry.kind !== 'rule' || !left.has(entry)) };
  });
  return { ...dump, parts };
}
