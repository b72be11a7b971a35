/**
 * Rules that do not depend on any Service: the jumps from the built-in chains, and KUBE-FIREWALL. Mirrors kube-proxy 1.25 to
 * 1.37.
 */
import type { Release } from '../../proxy/release.ts';
import type { TableName } from '../iptables-chain.ts';
import { comment, DROP, jump, type Match, type Rule } from '../iptables-rule.ts';

/** A rule that kube-proxy puts at the head of a built-in chain when it starts. */
interface Jump {
  readonly table: TableName;
  readonly from: string;
  readonly rule: Rule;
}

function jumpRule(
  table: TableName,
  from: string,
  to: string,
  purpose: string | undefined,
  newConnectionsOnly = false,
): Jump {
  const matches: Match[] = [];
  if (newConnectionsOnly) matches.push({ kind: 'conntrack', states: ['NEW'] });
  if (purpose !== undefined) matches.push(comment(purpose));
  return { table, from, rule: { matches, target: jump(to) } };
}

const PORTALS = 'kubernetes service portals';
const EXTERNAL_PORTALS = 'kubernetes externally-visible service portals';
const FIREWALL = 'kubernetes load balancer firewall';

const SERVICE_JUMPS: readonly Jump[] = [
  jumpRule('filter', 'INPUT', 'KUBE-EXTERNAL-SERVICES', EXTERNAL_PORTALS, true),
  jumpRule('filter', 'FORWARD', 'KUBE-EXTERNAL-SERVICES', EXTERNAL_PORTALS, true),
  jumpRule('filter', 'INPUT', 'KUBE-NODEPORTS', 'kubernetes health check service ports'),
  jumpRule('filter', 'FORWARD', 'KUBE-SERVICES', PORTALS, true),
  jumpRule('filter', 'OUTPUT', 'KUBE-SERVICES', PORTALS, true),
  jumpRule('filter', 'FORWARD', 'KUBE-FORWARD', 'kubernetes forwarding rules'),
  jumpRule('filter', 'INPUT', 'KUBE-PROXY-FIREWALL', FIREWALL, true),
  jumpRule('filter', 'OUTPUT', 'KUBE-PROXY-FIREWALL', FIREWALL, true),
  jumpRule('filter', 'FORWARD', 'KUBE-PROXY-FIREWALL', FIREWALL, true),
  jumpRule('nat', 'OUTPUT', 'KUBE-SERVICES', PORTALS),
  jumpRule('nat', 'PREROUTING', 'KUBE-SERVICES', PORTALS),
  jumpRule('nat', 'POSTROUTING', 'KUBE-POSTROUTING', 'kubernetes postrouting rules'),
];

const KUBE_FIREWALL_JUMPS: readonly Jump[] = [
  jumpRule('filter', 'INPUT', 'KUBE-FIREWALL', undefined),
  jumpRule('filter', 'OUTPUT', 'KUBE-FIREWALL', undefined),
];

/** The rules at the head of a built-in chain: each was prepended, so the last one made stands first. */
export function jumpsFrom(table: TableName, from: string, release: Release): readonly Rule[] {
  const jumps = release.kubeFirewall ? [...SERVICE_JUMPS, ...KUBE_FIREWALL_JUMPS] : SERVICE_JUMPS;
  return jumps
    .filter((candidate) => candidate.table === table && candidate.from === from)
    .map((candidate) => candidate.rule)
    .reverse();
}

/** Chain KUBE-FIREWALL: mends what route_localnet opens (CVE-2020-8558). */
export function localnetFirewallRules(): readonly Rule[] {
  // -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections"
  //    -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
  return [
    {
      source: { address: '127.0.0.0/8', negated: true },
      destination: { address: '127.0.0.0/8' },
      matches: [
        comment('block incoming localnet connections'),
        { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED', 'DNAT'], negated: true },
      ],
      target: DROP,
    },
  ];
}
