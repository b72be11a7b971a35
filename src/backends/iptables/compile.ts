/**
 * Compiles the rules of mode iptables for one IP family.
 *
 * In: what a node knows of the Services. Out: every chain that is in the kernel after kube-proxy's first sync on a clean
 * host, with its rules. Mirrors kube-proxy 1.25 to 1.37.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import type { IptablesMemo } from './memo.ts';
import { comment, jump, type Rule } from './rule.ts';
import { BUILTIN_CHAINS, type Chain, chain, type Ruleset, type Table, type TableName } from './ruleset.ts';
import { type ChainContext, serviceChains } from './service-chains.ts';
import { type PlannedServicePort, planServicePort } from './service-plan.ts';
import {
  captureRules,
  clusterIPFilterRules,
  externalFilterRules,
  firewallFilterRules,
  healthCheckRules,
  nodePortRules,
} from './service-rules.ts';
import {
  forwardRules,
  jumpsFrom,
  localnetFirewallRules,
  markMasqRules,
  postroutingRules,
} from './static-rules.ts';

/** Above this number of endpoints kube-proxy leaves out comments to save memory. */
const LARGE_CLUSTER_ENDPOINTS = 1000;
const CANARY = 'KUBE-PROXY-CANARY';

/** @param memo of earlier compilations for the same family */
export function compileIptables(
  view: NodeView,
  ipFamily: IPFamily,
  memo: IptablesMemo | undefined = undefined,
): Ruleset {
  const family = view.families[ipFamily];
  const context: ChainContext = {
    view,
    family,
    largeCluster: family.endpointCount > LARGE_CLUSTER_ENDPOINTS,
  };
  memo?.validFor(
    JSON.stringify([
      view.release,
      view.configuration,
      view.nfacct,
      family.localTraffic,
      context.largeCluster,
    ]),
  );
  const planned = family.servicePorts.map(
    (port) => memo?.plan(port, planServicePort) ?? planServicePort(port),
  );
  return {
    family: ipFamily,
    tables: [filterTable(view, family, planned), mangleTable(view), natTable(planned, context, memo)],
  };
}

function builtinChains(name: TableName, view: NodeView): Chain[] {
  return BUILTIN_CHAINS[name].map((from) => chain(from, 'kernel', () => jumpsFrom(name, from, view.release)));
}

function mangleTable(view: NodeView): Table {
  return { name: 'mangle', chains: [...builtinChains('mangle', view), chain(CANARY, 'setup', () => [])] };
}

function filterTable(view: NodeView, family: FamilyView, planned: readonly PlannedServicePort[]): Table {
  const { release, configuration, nfacct } = view;
  const open = nodePortsAreOpen(view, family);
  const dropInvalid = !(release.conntrackTCPLiberal && configuration.conntrackTCPBeLiberal);
  const chains = [
    chain(CANARY, 'setup', () => []),
    chain('KUBE-EXTERNAL-SERVICES', 'sync', () => planned.flatMap((port) => externalFilterRules(port, open))),
    chain('KUBE-FORWARD', 'sync', () => forwardRules(masqueradeMark(view), dropInvalid, nfacct)),
    chain('KUBE-NODEPORTS', 'sync', () => planned.flatMap(healthCheckRules)),
    chain('KUBE-PROXY-FIREWALL', 'sync', () => planned.flatMap(firewallFilterRules)),
    chain('KUBE-SERVICES', 'sync', () => planned.flatMap(clusterIPFilterRules)),
  ];
  if (release.kubeFirewall) {
    chains.push(
      family.localhostNodePorts
        ? chain('KUBE-FIREWALL', 'sync', localnetFirewallRules)
        : chain('KUBE-FIREWALL', 'setup', () => []),
    );
  }
  return { name: 'filter', chains: [...builtinChains('filter', view), ...chains] };
}

function natTable(
  planned: readonly PlannedServicePort[],
  context: ChainContext,
  memo: IptablesMemo | undefined,
): Table {
  const { view, family } = context;
  const mark = masqueradeMark(view);
  const chains = [
    chain(CANARY, 'setup', () => []),
    chain('KUBE-MARK-MASQ', 'sync', () => markMasqRules(mark)),
    chain('KUBE-NODEPORTS', 'sync', () =>
      nodePortsAreOpen(view, family)
        ? planned.flatMap((port) => nodePortRules(port, view, family.localhostNodePorts))
        : [],
    ),
    chain('KUBE-POSTROUTING', 'sync', () => postroutingRules(mark)),
    chain('KUBE-SERVICES', 'sync', () => [...planned.flatMap(captureRules), ...nodePortJumps(view, family)]),
  ];
  const own = planned.flatMap((port) => {
    const compute = () => serviceChains(port, context);
    return memo?.chainsOf(port, compute) ?? compute();
  });
  return { name: 'nat', chains: [...builtinChains('nat', view), ...chains, ...own] };
}

function masqueradeMark({ configuration }: NodeView): number {
  return 2 ** configuration.iptables.masqueradeBit;
}

function nodePortsAreOpen({ release }: NodeView, { nodePortAddresses }: FamilyView): boolean {
  if (!release.nodePortsNeedNodeAddress || nodePortAddresses.kind === 'all') return true;
  return nodePortAddresses.addresses.length > 0;
}

/** The end of KUBE-SERVICES: what is bound for the node itself may be for a node port. */
function nodePortJumps({ release }: NodeView, family: FamilyView): readonly Rule[] {
  const isIPv6 = family.family === 'IPv6';
  const toNodePorts = {
    matches: [comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain')],
    target: jump('KUBE-NODEPORTS'),
  };
  if (family.nodePortAddresses.kind === 'some') {
    const isUsable = (address: string) =>
      isIPv6
        ? !release.localhostNodePortsOption || address !== '::1'
        : family.localhostNodePorts || !address.startsWith('127.');
    // -A KUBE-SERVICES -d 192.168.10.10/32 -m comment --comment "kubernetes service nodeports; …" -j KUBE-NODEPORTS
    return family.nodePortAddresses.addresses
      .filter(isUsable)
      .map((address) => ({ destination: { address }, ...toNodePorts }));
  }
  let excluded: string | undefined;
  if (release.localhostNodePortsOption) {
    if (isIPv6) excluded = '::1/128';
    else if (!family.localhostNodePorts) excluded = '127.0.0.0/8';
  }
  // -A KUBE-SERVICES [! -d ::1/128] -m comment --comment "kubernetes service nodeports; …" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
  return [
    {
      ...(excluded === undefined ? {} : { destination: { address: excluded, negated: true } }),
      ...toNodePorts,
      matches: [...toNodePorts.matches, { kind: 'addrtype', side: 'destination' }],
    },
  ];
}
