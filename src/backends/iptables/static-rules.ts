/**
 * Rules that do not depend on any Service: the jumps from the built-in chains, KUBE-FORWARD, KUBE-POSTROUTING,
 * KUBE-MARK-MASQ and KUBE-FIREWALL. Mirrors kube-proxy 1.25 to 1.37.
 */
import type { Release } from '../../proxy/release.ts';
import { ACCEPT, comment, DROP, jump, type Match, RETURN, type Rule } from './rule.ts';
import type { TableName } from './ruleset.ts';

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

/** Chain KUBE-FORWARD. */
export function forwardRules(masqueradeMark: number, dropInvalid: boolean, nfacct: boolean): readonly Rule[] {
  const rules: Rule[] = [];
  if (dropInvalid) {
    // -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
    const matches: Match[] = [{ kind: 'conntrack', states: ['INVALID'] }];
    if (nfacct) matches.push({ kind: 'nfacct', counter: 'ct_state_invalid_dropped_pkts' });
    rules.push({ matches, target: DROP });
  }
  // -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
  rules.push({
    matches: [comment('kubernetes forwarding rules'), { kind: 'mark', mark: masqueradeMark }],
    target: ACCEPT,
  });
  // -A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
  rules.push({
    matches: [
      comment('kubernetes forwarding conntrack rule'),
      { kind: 'conntrack', states: ['RELATED', 'ESTABLISHED'] },
    ],
    target: ACCEPT,
  });
  return rules;
}

/** Chain KUBE-POSTROUTING. The mark is cleared, lest a packet that passes again be masqueraded twice. */
export function postroutingRules(masqueradeMark: number): readonly Rule[] {
  return [
    // -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
    { matches: [{ kind: 'mark', mark: masqueradeMark, negated: true }], target: RETURN },
    // -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
    { matches: [], target: { kind: 'mark', operation: 'xor', mark: masqueradeMark } },
    // -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
    {
      matches: [comment('kubernetes service traffic requiring SNAT')],
      target: { kind: 'masquerade', randomFully: true },
    },
  ];
}

/** Chain KUBE-MARK-MASQ. */
export function markMasqRules(masqueradeMark: number): readonly Rule[] {
  // -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
  return [{ matches: [], target: { kind: 'mark', operation: 'or', mark: masqueradeMark } }];
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
