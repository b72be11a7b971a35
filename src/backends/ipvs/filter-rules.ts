/**
 * Table filter of mode ipvs. In: the ipsets, and load balancers that are closed to the node. Out: typed chains. Mirrors kube-proxy
 * 1.28 to 1.37. Only rules that match an ipset with an asterisk need it to have entries.
 */
import { compareStrings } from '../../shared/ordering.ts';
import { type Chain, syncChain } from '../iptables-chain.ts';
import { ACCEPT, comment, DROP, jump, REJECT, RETURN, type Rule } from '../iptables-rule.ts';
import { forwardRules } from '../masquerade-rules.ts';
import { printKernelRule } from '../print-kernel-rule.ts';
import { checkedWord } from './checked-word.ts';
import { type RulesContext, setMatch, setRule } from './rules-context.ts';

export function filterChains(context: RulesContext): readonly Chain[] {
  const chains = [
    syncChain('KUBE-FORWARD', forwardRules(context.mark, false, false)),
    syncChain('KUBE-IPVS-FILTER', ipvsFilterRules(context)),
    syncChain('KUBE-NODE-PORT', healthCheckRules(context)),
    syncChain('KUBE-PROXY-FIREWALL', firewallRules(context)),
    syncChain('KUBE-SOURCE-RANGES-FIREWALL', sourceRangesRules(context)),
  ];
  if (context.hasOutFilter) chains.splice(2, 0, syncChain('KUBE-IPVS-OUT-FILTER', outFilterRules(context)));
  return chains;
}

/** No port of the host itself is reachable by an address of a Service. */
function ipvsFilterRules({ sets }: RulesContext): readonly Rule[] {
  // -A KUBE-IPVS-FILTER -m set --match-set KUBE-LOAD-BALANCER dst,dst -j RETURN
  const passed = (['LOAD-BALANCER', 'CLUSTER-IP', 'EXTERNAL-IP', 'EXTERNAL-IP-LOCAL'] as const).map(
    (role): Rule => ({ matches: [setMatch(sets[role], 'dst', 'dst')], target: RETURN }),
  );
  return [
    ...passed,
    // -A KUBE-IPVS-FILTER -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN
    { matches: [setMatch(sets['HEALTH-CHECK-NODE-PORT'], 'dst')], target: RETURN },
    // -A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable
    {
      matches: [{ kind: 'conntrack', states: ['NEW'] }, setMatch(sets['IPVS-IPS'], 'dst')],
      target: REJECT,
    },
  ];
}

/**
 * What the node sends to a load balancer has the load balancer's address as its source, too. kube-proxy adds the rules in no
 * order; here they stand in that of their text.
 */
function outFilterRules({ closedToNode, family }: RulesContext): readonly Rule[] {
  // -A KUBE-IPVS-OUT-FILTER -s 192.0.2.10/32 -m ipvs --vproto 6 --vaddr 192.0.2.10 --vport 443 -j DROP
  const rules = closedToNode.map(({ protocol, port, ...entry }): Rule => {
    // The one address in these rules that comes from an object.
    const address = checkedWord(entry.address);
    return { source: { address }, matches: [{ kind: 'ipvs', address, protocol, port }], target: DROP };
  });
  const textOf = (rule: Rule) => printKernelRule(rule, family);
  return rules.sort((a, b) => compareStrings(textOf(a), textOf(b)));
}

function healthCheckRules({ sets }: RulesContext): readonly Rule[] {
  const set = sets['HEALTH-CHECK-NODE-PORT'];
  // -A KUBE-NODE-PORT -m comment --comment "Kubernetes health check node port" -m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j ACCEPT
  return [{ matches: [comment(set.comment), setMatch(set, 'dst')], target: ACCEPT }];
}

function firewallRules({ sets }: RulesContext): readonly Rule[] {
  // * -A KUBE-PROXY-FIREWALL -m comment --comment "…" -m set --match-set KUBE-LOAD-BALANCER-FW dst,dst -j KUBE-SOURCE-RANGES-FIREWALL
  return setRule(sets['LOAD-BALANCER-FW'], ['dst', 'dst'], jump('KUBE-SOURCE-RANGES-FIREWALL'));
}

function sourceRangesRules({ sets }: RulesContext): readonly Rule[] {
  return [
    // * -A KUBE-SOURCE-RANGES-FIREWALL -m comment --comment "…" -m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN
    ...setRule(sets['LOAD-BALANCER-SOURCE-CIDR'], ['dst', 'dst', 'src'], RETURN),
    // * -A KUBE-SOURCE-RANGES-FIREWALL -m comment --comment "…" -m set --match-set KUBE-LOAD-BALANCER-SOURCE-IP dst,dst,src -j RETURN
    ...setRule(sets['LOAD-BALANCER-SOURCE-IP'], ['dst', 'dst', 'src'], RETURN),
    // -A KUBE-SOURCE-RANGES-FIREWALL -j DROP
    { matches: [], target: DROP },
  ];
}
