/**
 * Rules of nftables that others have, beside kube-proxy's table. In: their tables, and where Service traffic goes. Out: those
 * that may meet it and do anything to it; whether they do any harm is not decided here, but by tracing.
 */
import type {
  ListedChain,
  ListedRule,
  ListedStatement,
  ListedTable,
  ListedValue,
} from '../../backends/nftables/listed.ts';
import type { TrafficReach } from '../traffic-reach.ts';

/** The tables of iptables-nft, which `iptables-save` shows, and those of programs that share a host with kube-proxy. */
const LEFT =
  /^(raw|mangle|nat|filter|security|cali.*|calico.*|cilium.*|flannel.*|docker.*|cni.*|kube-router.*|antrea.*|libvirt.*|ovn.*|hairpin|nodelocaldns.*|kindnet.*|kube-network-policies)$/i;

export function isLeftToOthers({ name }: ListedTable): boolean {
  return LEFT.test(name);
}

export interface ForeignRules {
  readonly rules: readonly ListedRule[];
  /** `inet filter input`: base chains that drop what no rule has accepted. */
  readonly policies: readonly string[];
}

export function foreignRules(tables: readonly ListedTable[], reach: TrafficReach): ForeignRules {
  const rules: ListedRule[] = [];
  const policies: string[] = [];
  for (const { family, name, chains, flags } of tables) {
    if (flags.includes('dormant')) continue;
    for (const chain of chains) {
      if (isPassive(chain)) continue;
      if (chain.hook?.policy === 'drop') policies.push(`${family} ${name} ${chain.name}`);
      rules.push(...chain.rules.filter((rule) => mayMeet(rule, reach)));
    }
  }
  return { rules, policies };
}

/** Nothing of Services passes these hooks on its way through a node. */
function isPassive({ hook }: ListedChain): boolean {
  return hook !== undefined && (hook.hook === 'ingress' || hook.hook === 'egress');
}

/** False only where it is certain that no packet to a Service matches the rule and is changed or kept from its way. */
function mayMeet({ statements }: ListedRule, reach: TrafficReach): boolean {
  return statements.some(acts) && statements.every((statement) => statementMayMeet(statement, reach));
}

function acts(statement: ListedStatement): boolean {
  switch (statement.kind) {
    case 'match':
    case 'counter':
    case 'log':
    case 'set-update':
      return false;
    case 'verdict':
      return statement.verdict.kind === 'drop';
    default:
      return true;
  }
}

function statementMayMeet(statement: ListedStatement, reach: TrafficReach): boolean {
  if (statement.kind !== 'match' || statement.operator !== '==' || statement.right.kind !== 'values')
    return true;
  const { left } = statement;
  const values = statement.right.values.flat();
  if (left.kind === 'payload' && left.field === 'daddr')
    return values.some((value) => hasAddress(value, reach));
  if (left.kind === 'payload' && left.field === 'dport') return values.some((value) => hasPort(value, reach));
  if (left.kind === 'meta' && left.key === 'l4proto') return values.some(isTransport);
  return true;
}

function hasAddress(value: ListedValue, reach: TrafficReach): boolean {
  if (value.kind === 'range') return true;
  return reach.hasAddressIn(value.kind === 'word' ? value.word : value.text);
}

function hasPort(value: ListedValue, reach: TrafficReach): boolean {
  const [first, last] =
    value.kind === 'range'
      ? [value.first, value.last]
      : value.kind === 'word'
        ? [value.word, value.word]
        : ['', ''];
  const range = { first: Number(first), last: Number(last) };
  return Number.isNaN(range.first + range.last) || first === '' || reach.hasPortIn(range);
}

function isTransport(value: ListedValue): boolean {
  return value.kind !== 'word' || ['tcp', 'udp', 'sctp', '6', '17', '132'].includes(value.word);
}
