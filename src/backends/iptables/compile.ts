/**
 * Compiles the rules of mode iptables for one IP family.
 *
 * In: what a node knows of the Services. Out: every chain that is in the kernel after kube-proxy's first sync on a clean
 * host, with its rules. Mirrors kube-proxy 1.25 to 1.37.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import { BUILTIN_CHAINS, type Chain, setupChain, syncChain, type TableName } from '../iptables-chain.ts';
import { comment, jump, type Rule } from '../iptables-rule.ts';
import { forwardRules, markMasqRules, postroutingRules } from '../masquerade-rules.ts';
import { type Ruleset, sharedChain, type Table } from './ruleset.ts';
import { type ChainContext, serviceChains } from './service-chains.ts';
import type { PlannedServicePort } from './service-plan.ts';
import {
  captureRules,
  clusterIPFilterRules,
  externalFilterRules,
  firewallFilterRules,
  healthCheckRules,
  nodePortRules,
} from './service-rules.ts';
import { jumpsFrom, localnetFirewallRules } from './static-rules.ts';

/** Above this number of endpoints kube-proxy leaves out comments to save memory. */
const LARGE_CLUSTER_ENDPOINTS = 1000;
const CANARY = 'KUBE-PROXY-CANARY';

/** @param servicePorts those of the view's family, planned */
export type CompileFamily = (
  view: NodeView,
  ipFamily: IPFamily,
  servicePorts: readonly PlannedServicePort[],
) => Ruleset;

export const compileIptables: CompileFamily = (view, ipFamily, servicePorts) => {
  const family = view.families[ipFamily];
  const context: ChainContext = { view, family, largeCluster: isLargeCluster(family) };
  return {
    family: ipFamily,
    servicePorts,
    tables: [filterTable(context), mangleTable(view), natTable(context)],
  };
};

export function isLargeCluster({ endpointCount }: FamilyView): boolean {
  return endpointCount > LARGE_CLUSTER_ENDPOINTS;
}

function builtinChains(table: TableName, { release }: NodeView): Chain[] {
  return BUILTIN_CHAINS[table].map((name) => ({
    name,
    writer: 'kernel',
    rules: jumpsFrom(table, name, release),
  }));
}

function mangleTable(view: NodeView): Table {
  const fixed = [...builtinChains('mangle', view), setupChain(CANARY)];
  return { name: 'mangle', fixed, shared: [], ownChains: () => [] };
}

function filterTable({ view, family }: ChainContext): Table {
  const { release, configuration, nfacct } = view;
  const open = nodePortsAreOpen(view, family);
  const dropInvalid = !(release.conntrackTCPLiberal && configuration.conntrackTCPBeLiberal);
  const fixed = [
    ...builtinChains('filter', view),
    setupChain(CANARY),
    syncChain('KUBE-FORWARD', forwardRules(masqueradeMark(view), dropInvalid, nfacct)),
  ];
  if (release.kubeFirewall) {
    const isWritten = family.localhostNodePorts;
    fixed.push(isWritten ? syncChain('KUBE-FIREWALL', localnetFirewallRules()) : setupChain('KUBE-FIREWALL'));
  }
  return {
    name: 'filter',
    fixed,
    shared: [
      sharedChain('KUBE-EXTERNAL-SERVICES', (port) => externalFilterRules(port, open)),
      sharedChain('KUBE-NODEPORTS', healthCheckRules),
      sharedChain('KUBE-PROXY-FIREWALL', firewallFilterRules),
      sharedChain('KUBE-SERVICES', clusterIPFilterRules),
    ],
    ownChains: () => [],
  };
}

function natTable(context: ChainContext): Table {
  const { view, family } = context;
  const mark = masqueradeMark(view);
  const open = nodePortsAreOpen(view, family);
  return {
    name: 'nat',
    fixed: [
      ...builtinChains('nat', view),
      setupChain(CANARY),
      syncChain('KUBE-MARK-MASQ', markMasqRules(mark)),
      syncChain('KUBE-POSTROUTING', postroutingRules(mark)),
    ],
    shared: [
      sharedChain('KUBE-NODEPORTS', (port) =>
        open ? nodePortRules(port, view, family.localhostNodePorts) : [],
      ),
      sharedChain('KUBE-SERVICES', captureRules, nodePortJumps(view, family)),
    ],
    ownChains: (port) => serviceChains(port, context),
  };
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
