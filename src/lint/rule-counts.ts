/**
 * What an input costs a node. In: the cluster. Out: for modes iptables and nftables the number of rules and elements, by compiling
 * them, and how far the first packet of a connection is compared with one rule after the other.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { compileIptables } from '../backends/iptables/compile.ts';
import { chainsOfTable } from '../backends/iptables/ruleset.ts';
import { planServicePort } from '../backends/iptables/service-plan.ts';
import { compileNftables } from '../backends/nftables/compile.ts';
import { DEFAULT_CONFIGURATION } from '../proxy/configuration.ts';
import { buildNodeView, type NodeView } from '../proxy/node-view.ts';
import { newestRelease } from '../proxy/release.ts';
import type { LintedCluster } from './linted-cluster.ts';

export interface RuleCounts {
  readonly iptables: number;
  /** Rules of the chain through which every first packet goes that is for the last Service, or for none. */
  readonly walk: number;
  readonly nftables: number;
}

/** Of the family that has more. The node is the first of the input: all nodes have the same but for local endpoints. */
export function countRules(cluster: LintedCluster): RuleCounts {
  const view = buildNodeView(cluster.state, {
    release: newestRelease(),
    configuration: DEFAULT_CONFIGURATION,
    node: { addresses: [] },
    nfacct: false,
  });
  const [ipv4, ipv6] = (['IPv4', 'IPv6'] as const).map((family) => ({
    ...countIptables(view, family),
    nftables: countNftables(view, family),
  })) as [RuleCounts, RuleCounts];
  return ipv4.walk >= ipv6.walk ? ipv4 : ipv6;
}

function countIptables(view: NodeView, family: IPFamily): Pick<RuleCounts, 'iptables' | 'walk'> {
  const ports = view.families[family].servicePorts.map(planServicePort);
  let [iptables, walk] = [0, 0];
  for (const table of compileIptables(view, family, ports).tables) {
    for (const { name, rules } of chainsOfTable(table, ports)) {
      iptables += rules.length;
      // nat for what has endpoints, filter for what has none: a first packet goes through both.
      if (name === 'KUBE-SERVICES') walk += rules.length;
    }
  }
  return { iptables, walk };
}

function countNftables(view: NodeView, family: IPFamily): number {
  const { chains, sets, maps, servicePorts, ownChains, ownSets } = compileNftables(view, family);
  let count = 0;
  for (const { rules } of chains) count += rules.length;
  for (const { elements } of [...sets, ...maps]) count += elements.length;
  for (const port of servicePorts) {
    for (const { rules } of ownChains(port)) count += rules.length;
    for (const { elements } of ownSets(port)) count += elements.length;
  }
  return count;
}
