/**
 * Rules around the mark for masquerading: KUBE-FORWARD, KUBE-POSTROUTING and KUBE-MARK-MASQ, which modes iptables and ipvs have
 * in common. In: the mark. Out: typed rules. Mirrors kube-proxy 1.25 to 1.37.
 */
import { ACCEPT, comment, DROP, type Match, RETURN, type Rule } from './iptables-rule.ts';

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
