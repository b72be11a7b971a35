/**
 * Compiles the rules that kube-proxy 1.8 made. Read in that release's source, as no such kube-proxy runs any more.
 *
 * Against later releases: one rule masquerades, without returning first; masquerading of traffic to cluster IPs stands in
 * KUBE-SERVICES; there is no KUBE-EXT, node ports and external IPs jump to KUBE-SVC directly, or to KUBE-XLB under policy
 * Local; addresses always carry a mask; probabilities have five digits; terminating endpoints are not known. What is to be
 * dropped is marked by the kubelet's KUBE-MARK-DROP: the kubelet's chains are among those of the host, though no part of
 * what kube-proxy restores.
 */
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import { BUILTIN_CHAINS, type Chain, setupChain, syncChain } from '../iptables-chain.ts';
import { comment, DROP, jump, type Match, REJECT, type Rule } from '../iptables-rule.ts';
import type { CompileFamily } from './compile.ts';
import { sharedChain, type Table } from './ruleset.ts';
import { chainsOf, endpointChains, type PlannedServicePort } from './service-plan.ts';

interface Context {
  readonly view: NodeView;
  readonly family: FamilyView;
}

const MARK_MASQ = jump('KUBE-MARK-MASQ');
const MARK_DROP = jump('KUBE-MARK-DROP');
const PORTALS: Rule = { matches: [comment('kubernetes service portals')], target: jump('KUBE-SERVICES') };
const POSTROUTING: Rule = {
  matches: [comment('kubernetes postrouting rules')],
  target: jump('KUBE-POSTROUTING'),
};

/** Bit 15: packets that the kubelet's KUBE-FIREWALL drops. */
const DROP_MARK = 0x8000;
const KUBELET_FIREWALL: Rule = { matches: [], target: jump('KUBE-FIREWALL') };

/** Prepended when the kubelet and kube-proxy start. */
const JUMPS: Readonly<Record<'filter' | 'nat', Readonly<Record<string, readonly Rule[]>>>> = {
  filter: { INPUT: [KUBELET_FIREWALL, PORTALS], OUTPUT: [KUBELET_FIREWALL, PORTALS] },
  nat: { PREROUTING: [PORTALS], OUTPUT: [PORTALS], POSTROUTING: [POSTROUTING] },
};

export const compileClassic: CompileFamily = (view, ipFamily, servicePorts) => ({
  family: ipFamily,
  servicePorts,
  tables: [filterTable(), natTable({ view, family: view.families[ipFamily] })],
});

function builtinChains(table: keyof typeof JUMPS): Chain[] {
  return BUILTIN_CHAINS[table].map((name) => ({ name, writer: 'kernel', rules: JUMPS[table][name] ?? [] }));
}

function filterTable(): Table {
  return {
    name: 'filter',
    fixed: [...builtinChains('filter'), setupChain('KUBE-FIREWALL', [firewallRule()])],
    shared: [sharedChain('KUBE-SERVICES', rejectRules)],
    ownChains: () => [],
  };
}

function natTable(context: Context): Table {
  const mark = 2 ** context.view.configuration.iptables.masqueradeBit;
  const marking = (bits: number): Rule => ({
    matches: [],
    target: { kind: 'mark', operation: 'set', mark: bits },
  });
  return {
    name: 'nat',
    fixed: [
      ...builtinChains('nat'),
      setupChain('KUBE-MARK-DROP', [marking(DROP_MARK)]),
      syncChain('KUBE-MARK-MASQ', [marking(mark)]),
      syncChain('KUBE-POSTROUTING', [masqueradeRule(mark)]),
    ],
    shared: [
      sharedChain('KUBE-NODEPORTS', nodePortRules),
      sharedChain('KUBE-SERVICES', (port) => captureRules(port, context), [nodePortJump()]),
    ],
    ownChains: (port) => serviceChains(port, context),
  };
}

function masqueradeRule(mark: number): Rule {
  return {
    matches: [comment('kubernetes service traffic requiring SNAT'), { kind: 'mark', mark }],
    target: { kind: 'masquerade', randomFully: false },
  };
}

function firewallRule(): Rule {
  return {
    matches: [comment('kubernetes firewall for dropping marked packets'), { kind: 'mark', mark: DROP_MARK }],
    target: DROP,
  };
}

function nodePortJump(): Rule {
  return {
    matches: [
      comment('kubernetes service nodeports; NOTE: this must be the last rule in this chain'),
      { kind: 'addrtype', side: 'destination' },
    ],
    target: jump('KUBE-NODEPORTS'),
  };
}

function withMask(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`;
}

function xlbChain({ chains }: PlannedServicePort): string {
  return chains.clusterPolicy.replace('KUBE-SVC-', 'KUBE-XLB-');
}

/** Header fields and matches of traffic to one address of the service port. */
function toAddress({ servicePort, transport }: PlannedServicePort, address: string, what: string) {
  const matches: Match[] = [
    comment(`${servicePort.name} ${what}`),
    { kind: 'transport', protocol: transport, destinationPort: servicePort.port },
  ];
  return { destination: { address: withMask(address) }, protocol: transport, matches };
}

/** Chain KUBE-SERVICES of table nat. */
function captureRules(planned: PlannedServicePort, { view, family }: Context): Rule[] {
  const { servicePort, chains } = planned;
  const toClusterIP = toAddress(planned, servicePort.clusterIP, 'cluster IP');
  const rules: Rule[] = [];
  if (view.configuration.iptables.masqueradeAll) rules.push({ ...toClusterIP, target: MARK_MASQ });
  else if (family.localTraffic?.kind === 'cidr') {
    rules.push({
      ...toClusterIP,
      source: { address: family.localTraffic.cidr, negated: true },
      target: MARK_MASQ,
    });
  }
  rules.push({ ...toClusterIP, target: jump(chains.clusterPolicy) });
  for (const ip of servicePort.externalIPs) {
    const toExternalIP = toAddress(planned, ip, 'external IP');
    rules.push({ ...toExternalIP, target: MARK_MASQ });
    // Neither what a bridge brings in nor what starts here: that is the outside.
    const fromOutside: Match[] = [
      { kind: 'physdev-is-in', negated: true },
      { kind: 'addrtype', side: 'source', negated: true },
    ];
    rules.push({
      ...toExternalIP,
      matches: [...toExternalIP.matches, ...fromOutside],
      target: jump(chains.clusterPolicy),
    });
    rules.push({
      ...toExternalIP,
      matches: [...toExternalIP.matches, { kind: 'addrtype', side: 'destination' }],
      target: jump(chains.clusterPolicy),
    });
  }
  for (const ip of servicePort.loadBalancerVIPs) {
    rules.push({ ...toAddress(planned, ip, 'loadbalancer IP'), target: jump(chains.firewall) });
  }
  return rules;
}

/** Chain KUBE-NODEPORTS. */
function nodePortRules(planned: PlannedServicePort): Rule[] {
  const { servicePort, chains, transport } = planned;
  if (servicePort.nodePort === 0) return [];
  const toNodePort = {
    protocol: transport,
    matches: [
      comment(servicePort.name),
      { kind: 'transport', protocol: transport, destinationPort: servicePort.nodePort } as const,
    ],
  };
  if (servicePort.externalPolicyLocal) return [{ ...toNodePort, target: jump(xlbChain(planned)) }];
  return [
    { ...toNodePort, target: MARK_MASQ },
    { ...toNodePort, target: jump(chains.clusterPolicy) },
  ];
}

/** Chain KUBE-SERVICES of table filter: addresses of a service port without any endpoint. */
function rejectRules(planned: PlannedServicePort): Rule[] {
  const { servicePort, traffic, transport } = planned;
  if (traffic.hasEndpoints) return [];
  const why = 'has no endpoints';
  const rules: Rule[] = servicePort.externalIPs.map((ip) => ({
    ...toAddress(planned, ip, why),
    target: REJECT,
  }));
  if (servicePort.nodePort !== 0) {
    rules.push({
      protocol: transport,
      matches: [
        comment(`${servicePort.name} ${why}`),
        { kind: 'addrtype', side: 'destination' },
        { kind: 'transport', protocol: transport, destinationPort: servicePort.nodePort },
      ],
      target: REJECT,
    });
  }
  rules.push({ ...toAddress(planned, servicePort.clusterIP, why), target: REJECT });
  return rules;
}

function* serviceChains(planned: PlannedServicePort, context: Context): Generator<Chain> {
  const { servicePort, traffic, chains } = planned;
  const names = endpointChains(planned);
  yield syncChain(chains.clusterPolicy, balancingRules(planned, names));
  if (servicePort.loadBalancerVIPs.length > 0) yield syncChain(chains.firewall, firewallRules(planned));
  if (servicePort.externalPolicyLocal) {
    yield syncChain(xlbChain(planned), traffic.hasEndpoints ? localRules(planned, names, context) : []);
  }
  for (const [i, endpoint] of traffic.reachableEndpoints.entries()) {
    const name = names[i] as string;
    yield syncChain(name, endpointRules(planned, endpoint, name));
  }
}

/** KUBE-SVC. */
function balancingRules(planned: PlannedServicePort, names: readonly string[]): Rule[] {
  const { servicePort, traffic } = planned;
  const rules: Rule[] = [];
  const chains = chainsOf(planned, traffic.clusterEndpoints, names);
  if (servicePort.affinitySeconds > 0) {
    for (const list of chains) {
      rules.push({
        matches: [
          comment(servicePort.name),
          { kind: 'recent-check', list, seconds: servicePort.affinitySeconds },
        ],
        target: jump(list),
      });
    }
  }
  for (const [i, name] of chains.entries()) {
    rules.push({ matches: [comment(servicePort.name), ...share(chains.length - i)], target: jump(name) });
  }
  return rules;
}

function share(oneIn: number): Match[] {
  return oneIn > 1 ? [{ kind: 'statistic', oneIn, digits: 5 }] : [];
}

/** KUBE-FW. */
function firewallRules(planned: PlannedServicePort): Rule[] {
  const { servicePort, chains } = planned;
  const matches = [comment(`${servicePort.name} loadbalancer IP`)];
  const target = jump(servicePort.externalPolicyLocal ? xlbChain(planned) : chains.clusterPolicy);
  const rules: Rule[] = [];
  if (!servicePort.externalPolicyLocal) rules.push({ matches, target: MARK_MASQ });
  if (servicePort.loadBalancerSourceRanges.length === 0) rules.push({ matches, target });
  for (const address of servicePort.loadBalancerSourceRanges)
    rules.push({ source: { address }, matches, target });
  if (servicePort.sourceRangesAllowNode) {
    for (const ip of servicePort.loadBalancerVIPs) {
      rules.push({ source: { address: withMask(ip) }, matches, target });
    }
  }
  rules.push({ matches, target: MARK_DROP });
  return rules;
}

/** KUBE-XLB: policy Local. */
function localRules(planned: PlannedServicePort, names: readonly string[], { family }: Context): Rule[] {
  const { servicePort, traffic, chains } = planned;
  const rules: Rule[] = [];
  if (family.localTraffic?.kind === 'cidr') {
    rules.push({
      source: { address: family.localTraffic.cidr },
      matches: [comment('Redirect pods trying to reach external loadbalancer VIP to clusterIP')],
      target: jump(chains.clusterPolicy),
    });
  }
  const local = chainsOf(planned, traffic.localEndpoints, names);
  if (local.length === 0) {
    rules.push({ matches: [comment(`${servicePort.name} has no local endpoints`)], target: MARK_DROP });
  }
  for (const [i, name] of local.entries()) {
    const matches = [comment(`Balancing rule ${i} for ${servicePort.name}`), ...share(local.length - i)];
    rules.push({ matches, target: jump(name) });
  }
  return rules;
}

/** KUBE-SEP. */
function endpointRules(
  { servicePort, transport }: PlannedServicePort,
  endpoint: EndpointInfo,
  name: string,
): Rule[] {
  const matches: Match[] = [comment(servicePort.name)];
  if (servicePort.affinitySeconds > 0) matches.push({ kind: 'recent-set', list: name });
  matches.push({ kind: 'transport', protocol: transport });
  return [
    { source: { address: withMask(endpoint.ip) }, matches: [comment(servicePort.name)], target: MARK_MASQ },
    { protocol: transport, matches, target: { kind: 'dnat', to: endpoint.address } },
  ];
}
