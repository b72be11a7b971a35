/**
 * Table nat of mode ipvs: who is masqueraded. In: the ipsets, and how the node tells its Pods. Out: typed chains. Mirrors
 * kube-proxy 1.28 to 1.37. Only rules that match an ipset with an asterisk need it to have entries.
 */
import { type Chain, syncChain } from '../iptables-chain.ts';
import { ACCEPT, jump, type Match, RETURN, type Rule, type Target } from '../iptables-rule.ts';
import { markMasqRules, postroutingRules } from '../masquerade-rules.ts';
import type { IPSet } from './ip-set.ts';
import { type RulesContext, setMatch, setRule } from './rules-context.ts';

const MARK_MASQ = jump('KUBE-MARK-MASQ');
/** Without `--random-fully`. */
const MASQUERADE: Target = { kind: 'masquerade', randomFully: false };

export function natChains(context: RulesContext): readonly Chain[] {
  const { sets, mark } = context;
  return [
    syncChain('KUBE-LOAD-BALANCER', [
      // * -A KUBE-LOAD-BALANCER -m comment --comment "…" -m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j RETURN
      ...setRule(sets['LOAD-BALANCER-LOCAL'], ['dst', 'dst'], RETURN),
      // -A KUBE-LOAD-BALANCER -j KUBE-MARK-MASQ
      { matches: [], target: MARK_MASQ },
    ]),
    syncChain('KUBE-MARK-MASQ', markMasqRules(mark)),
    syncChain('KUBE-NODE-PORT', nodePortRules(context)),
    syncChain('KUBE-POSTROUTING', [
      // * -A KUBE-POSTROUTING -m comment --comment "…" -m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE
      ...setRule(sets['LOOP-BACK'], ['dst', 'dst', 'src'], MASQUERADE),
      ...postroutingRules(mark),
    ]),
    syncChain('KUBE-SERVICES', serviceRules(context)),
  ];
}

/** Chain KUBE-NODE-PORT: policy Local keeps the client's address. */
function nodePortRules({ sets }: RulesContext): readonly Rule[] {
  const both = ['dst', 'dst'] as const;
  return [
    // * -A KUBE-NODE-PORT -p tcp -m comment --comment "…" -m set --match-set KUBE-NODE-PORT-LOCAL-TCP dst -j RETURN
    // * -A KUBE-NODE-PORT -p tcp -m comment --comment "…" -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ
    ...setRule(sets['NODE-PORT-LOCAL-TCP'], ['dst'], RETURN, { protocol: 'tcp' }),
    ...setRule(sets['NODE-PORT-TCP'], ['dst'], MARK_MASQ, { protocol: 'tcp' }),
    ...setRule(sets['NODE-PORT-LOCAL-UDP'], ['dst'], RETURN, { protocol: 'udp' }),
    ...setRule(sets['NODE-PORT-UDP'], ['dst'], MARK_MASQ, { protocol: 'udp' }),
    // * -A KUBE-NODE-PORT -p sctp -m comment --comment "…" -m set --match-set KUBE-NODE-PORT-LOCAL-SCTP-HASH dst,dst -j RETURN
    ...setRule(sets['NODE-PORT-LOCAL-SCTP-HASH'], both, RETURN, { protocol: 'sctp' }),
    ...setRule(sets['NODE-PORT-SCTP-HASH'], both, MARK_MASQ, { protocol: 'sctp' }),
  ];
}

/** Chain KUBE-SERVICES. */
function serviceRules(context: RulesContext): readonly Rule[] {
  const { sets, family } = context;
  const accepted = (set: IPSet): readonly Rule[] =>
    set.entries.length === 0 ? [] : [{ matches: [setMatch(set, 'dst', 'dst')], target: ACCEPT }];
  return [
    // -A KUBE-SERVICES -s 127.0.0.0/8 -j RETURN
    { source: { address: family === 'IPv6' ? '::1/128' : '127.0.0.0/8' }, matches: [], target: RETURN },
    // * -A KUBE-SERVICES -m comment --comment "…" -m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER
    ...setRule(sets['LOAD-BALANCER'], ['dst', 'dst'], jump('KUBE-LOAD-BALANCER')),
    ...clusterIPRules(context),
    // * -A KUBE-SERVICES -m comment --comment "…" -m set --match-set KUBE-EXTERNAL-IP dst,dst -j KUBE-MARK-MASQ
    ...setRule(sets['EXTERNAL-IP'], ['dst', 'dst'], MARK_MASQ),
    ...externalIPRules(sets['EXTERNAL-IP']),
    ...externalIPRules(sets['EXTERNAL-IP-LOCAL']),
    // -A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODE-PORT
    { matches: [{ kind: 'addrtype', side: 'destination' }], target: jump('KUBE-NODE-PORT') },
    // * -A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT
    ...accepted(sets['CLUSTER-IP']),
    ...accepted(sets['LOAD-BALANCER']),
  ];
}

/** Somebody outside may route the service range to this node, which then has to see the replies. */
function clusterIPRules({ sets, masqueradeAll, localTraffic }: RulesContext): readonly Rule[] {
  const set = sets['CLUSTER-IP'];
  if (masqueradeAll) return setRule(set, ['dst', 'dst'], MARK_MASQ);
  switch (localTraffic?.kind) {
    case undefined:
      // The node's own connections to a cluster IP may have a cluster IP as their source: the device has them all.
      // * -A KUBE-SERVICES -m comment --comment "…" -m set --match-set KUBE-CLUSTER-IP src,dst -j KUBE-MARK-MASQ
      return setRule(set, ['src', 'dst'], MARK_MASQ);
    case 'cidr':
      // * -A KUBE-SERVICES ! -s 10.244.0.0/16 -m comment --comment "…" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
      return setRule(set, ['dst', 'dst'], MARK_MASQ, {
        source: { address: localTraffic.cidr, negated: true },
      });
    case 'interface':
    case 'interface-prefix': {
      // * -A KUBE-SERVICES ! -i veth+ -m comment --comment "…" -m set --match-set KUBE-CLUSTER-IP dst,dst -j KUBE-MARK-MASQ
      const name = localTraffic.kind === 'interface' ? localTraffic.name : `${localTraffic.prefix}+`;
      return setRule(set, ['dst', 'dst'], MARK_MASQ, { inInterface: { name, negated: true } });
    }
  }
}

/** What comes from another machine, and what is for an address of this one. */
function externalIPRules(set: IPSet): readonly Rule[] {
  const fromOutside: readonly Match[] = [
    { kind: 'physdev-is-in', negated: true },
    { kind: 'addrtype', side: 'source', negated: true },
  ];
  return [
    // * -A KUBE-SERVICES … -m set --match-set KUBE-EXTERNAL-IP dst,dst -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT
    ...setRule(set, ['dst', 'dst'], ACCEPT, { more: fromOutside }),
    // * -A KUBE-SERVICES … -m set --match-set KUBE-EXTERNAL-IP dst,dst -m addrtype --dst-type LOCAL -j ACCEPT
    ...setRule(set, ['dst', 'dst'], ACCEPT, { more: [{ kind: 'addrtype', side: 'destination' }] }),
  ];
}
