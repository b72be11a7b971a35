/**
 * What on a host belongs to programs that share it with kube-proxy. In: rules of built-in chains. Out: whether they are left to
 * their owners: network plugins, Docker and kubelet decide by themselves which connections they let pass, and how Pods
 * reach the outside.
 */
import type { SavedRule } from '../../backends/iptables/saved.ts';
import type { TableRules } from './rule-tables.ts';

/** Chains of such programs, by the names that they give them. */
export const OTHER_CHAIN =
  /^(cali-|felix-|CILIUM_|OLD_CILIUM_|FLANNEL-|DOCKER|CNI-|KUBE-ROUTER-|KUBE-POD-FW-|KUBE-NWPLCY-|WEAVE|ANTREA-|LIBVIRT_|IP-MASQ|AWS-|OVN-KUBE-|KUBE-KUBELET-CANARY$|KUBE-IPTABLES-HINT$)/;

/** Bridges of Docker, by the names that it gives them. */
export const DOCKER_BRIDGE = /^(docker0|docker_gwbridge|br-[0-9a-f]{12})$/;

/** Address translation in PREROUTING and OUTPUT competes with kube-proxy's; all else of other owners is their business. */
export function isLeftToOthers(rule: SavedRule, table: string, hook: string): boolean {
  const { target, outInterface } = rule;
  // -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE: how Docker's containers reach the outside.
  if (hook === 'POSTROUTING' && outInterface !== undefined && DOCKER_BRIDGE.test(outInterface.name))
    return true;
  if (target?.kind !== 'jump' || !OTHER_CHAIN.test(target.chain)) return false;
  return !(table === 'nat' && (hook === 'PREROUTING' || hook === 'OUTPUT'));
}

/**
 * Whoever decides which connections pass also decides about a policy other than ACCEPT; Docker shuts FORWARD for all, and
 * leaves it to whoever else routes to let its own traffic pass.
 */
export function isPolicyOfOthers(table: TableRules, name: string, hook: string): boolean {
  const rules = table.get(hook)?.rules ?? [];
  if (rules.some((rule) => isLeftToOthers(rule, name, hook))) return true;
  return name === 'filter' && hook === 'FORWARD' && (table.has('DOCKER') || table.has('DOCKER-USER'));
}
