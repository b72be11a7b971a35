/**
 * Compares kube-proxy's own chains, exactly and without meaning. In: the intended rules and those of a host. Out: each
 * chain whose rules differ, with the rules that are missing and those that are too many.
 *
 * In chains that Services share, the order between Services is kube-proxy's walk through a map and counts for nothing; in
 * all others it decides. A chain that is not there does what an empty one does.
 */
import type { SavedRule } from '../../backends/iptables/saved.ts';
import { subtract } from '../subtract.ts';
import { protocolName, ruleKey } from './rule-key.ts';
import { HOOKS, type RuleTables } from './rule-tables.ts';

/** A `Difference` of this mode. */
export interface ChainDifference {
  readonly table: string;
  readonly chain: string;
  readonly missing: readonly SavedRule[];
  readonly extra: readonly SavedRule[];
  readonly reordered: boolean;
}

/** Chains to which each Service adds rules. */
export const SHARED_CHAINS: ReadonlySet<string> = new Set([
  'KUBE-SERVICES',
  'KUBE-NODEPORTS',
  'KUBE-EXTERNAL-SERVICES',
  'KUBE-PROXY-FIREWALL',
]);

const LOCALNET_RULE = ' ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m  ! ctstate DNAT,ESTABLISHED,RELATED -j DROP';
const MARK_DROP_RULE = ` -m  mark ${0x8000}/${0x8000} -j DROP`;

/** What kubelet writes into KUBE-FIREWALL, which it had before kube-proxy; unless its mark is the one that kube-proxy uses. */
export function kubeletRules(intended: RuleTables): ReadonlySet<string> {
  const marks = intended.get('nat')?.get('KUBE-MARK-MASQ')?.rules ?? [];
  const isTaken = marks.some(({ target }) => target?.kind === 'mark' && (target.value & 0x8000) !== 0);
  return new Set(isTaken ? [LOCALNET_RULE] : [LOCALNET_RULE, MARK_DROP_RULE]);
}

const NO_RULES: readonly SavedRule[] = [];
const NO_KEYS: ReadonlySet<string> = new Set();

/** @param same chains that need no comparison, by `nat KUBE-SERVICES` */
export function compareChains(
  intended: RuleTables,
  actual: RuleTables,
  same: ReadonlySet<string> = NO_KEYS,
  shared: ReadonlySet<string> = SHARED_CHAINS,
): readonly ChainDifference[] {
  const differences: ChainDifference[] = [];
  const kubelets = kubeletRules(intended);
  for (const [table, chains] of intended) {
    for (const { name, rules } of chains.values()) {
      if (HOOKS.has(name) || same.has(`${table} ${name}`)) continue;
      const found = actual.get(table)?.get(name)?.rules ?? NO_RULES;
      const difference = shared.has(name)
        ? compareShared(table, name, rules, found)
        : compareChain(table, name, rules, found, kubelets);
      if (difference !== undefined) differences.push(difference);
    }
  }
  return differences;
}

function compareChain(
  table: string,
  chain: string,
  intended: readonly SavedRule[],
  actual: readonly SavedRule[],
  kubelets: ReadonlySet<string>,
): ChainDifference | undefined {
  if (
    intended.length === actual.length &&
    intended.every((rule, i) => isSame(rule, actual[i] as SavedRule))
  ) {
    return undefined;
  }
  const others = chain === 'KUBE-FIREWALL' ? kubelets : NO_KEYS;
  const { missing, extra } = subtract(intended, actual, ruleKey);
  const strange = extra.filter((rule) => !others.has(ruleKey(rule)));
  if (others !== NO_KEYS && missing.length === 0 && strange.length === 0) return undefined;
  return { table, chain, missing, extra: strange, reordered: missing.length + strange.length === 0 };
}

/** Spelled alike nearly always; then the keys need not be made. */
function isSame(a: SavedRule, b: SavedRule): boolean {
  return ruleKey(a) === ruleKey(b);
}

function compareShared(
  table: string,
  chain: string,
  intended: readonly SavedRule[],
  actual: readonly SavedRule[],
): ChainDifference | undefined {
  const wanted = withoutCounting(intended);
  const found = withoutCounting(actual);
  const { missing, extra } = subtract(wanted, found, ruleKey);
  if (missing.length + extra.length > 0) return { table, chain, missing, extra, reordered: false };
  const reordered = !tailIsLast(wanted, found) || markingMoved(wanted, found);
  return reordered ? { table, chain, missing, extra, reordered } : undefined;
}

/** A rule that counts node-port traffic from the host itself, and leads where the next rule leads anyway. */
function withoutCounting(rules: readonly SavedRule[]): readonly SavedRule[] {
  const counts = ({ destination, matches }: SavedRule) =>
    destination?.network === '127.0.0.0/8' && matches.some(({ kind }) => kind === 'nfacct');
  if (!rules.some(counts)) return rules;
  const keys = new Set(rules.filter((rule) => !counts(rule)).map(ruleKey));
  return rules.filter((rule) => {
    if (!counts(rule)) return true;
    const { destination: _, ...general } = rule;
    return !keys.has(ruleKey(general));
  });
}

/** What belongs to no Service stands behind all that does. */
function tailIsLast(wanted: readonly SavedRule[], found: readonly SavedRule[]): boolean {
  const tail = new Set(wanted.filter((rule) => capturedSocket(rule) === undefined).map(ruleKey));
  if (tail.size === 0) return true;
  const first = found.findIndex((rule) => tail.has(ruleKey(rule)));
  return found.slice(first).every((rule) => tail.has(ruleKey(rule)));
}

/** Up to 1.8 traffic is marked in the shared chain, before the rule that leads on. */
function markingMoved(wanted: readonly SavedRule[], found: readonly SavedRule[]): boolean {
  const sequences = (rules: readonly SavedRule[]) => {
    const bySocket = new Map<string, string>();
    for (const rule of rules) {
      const socket = capturedSocket(rule);
      if (socket === undefined) continue;
      bySocket.set(socket, `${bySocket.get(socket) ?? ''}\n${ruleKey(rule)}`);
    }
    return bySocket;
  };
  const marks = (rule: SavedRule) => rule.target?.kind === 'jump' && rule.target.chain === 'KUBE-MARK-MASQ';
  if (!wanted.some(marks)) return false;
  const before = sequences(wanted);
  return [...sequences(found)].some(
    ([socket, sequence]) => sequence.includes('KUBE-MARK-MASQ') && before.get(socket) !== sequence,
  );
}

/**
 * Where the traffic goes that a rule catches: `10.96.0.10 tcp 80`, or `* tcp 30080` for a node port; undefined for rules
 * that name no single port.
 */
export function capturedSocket({ destination, protocol, matches }: SavedRule): string | undefined {
  if (protocol === undefined || protocol.negated === true) return undefined;
  for (const match of matches) {
    if (match.kind !== 'transport' || match.destinationPort === undefined) continue;
    const { first, last, negated } = match.destinationPort;
    if (first !== last || negated === true || destination?.negated === true) return undefined;
    const network = destination?.network.replace(/\/(32|128)$/, '') ?? '*';
    return `${network} ${protocolName(protocol.name)} ${first}`;
  }
  return undefined;
}

/** The same, and of a range of ports the first and the last. */
export function caughtSockets(rule: SavedRule): readonly string[] {
  const socket = capturedSocket(rule);
  if (socket !== undefined) return [socket];
  return rule.matches.flatMap((match) => {
    if (match.kind !== 'transport' || match.destinationPort === undefined) return [];
    const { first, last } = match.destinationPort;
    return [first, last].flatMap((port) => {
      const single = { ...match, destinationPort: { first: port, last: port } };
      return capturedSocket({ ...rule, matches: [single] }) ?? [];
    });
  });
}
