/**
 * The chains that belong to one service port: KUBE-SVC, KUBE-SVL, KUBE-EXT, KUBE-FW and a KUBE-SEP for each endpoint,
 * all of table nat. Mirrors kube-proxy 1.25 to 1.37.
 */
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { LocalTrafficDetector } from '../../proxy/local-traffic.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import { type Chain, syncChain } from '../iptables-chain.ts';
import { comment, jump, type Match, type Rule } from '../iptables-rule.ts';
import { chainsOf, endpointChains, type PlannedServicePort } from './service-plan.ts';
import { hasFirewall } from './service-rules.ts';

export interface ChainContext {
  readonly view: NodeView;
  readonly family: FamilyView;
  /** Above 1000 endpoints kube-proxy leaves out the comments of chains that exist once an endpoint. */
  readonly largeCluster: boolean;
}

const MARK_MASQ = jump('KUBE-MARK-MASQ');

/** The chains of a service port, in no particular order. */
export function serviceChains(planned: PlannedServicePort, context: ChainContext): readonly Chain[] {
  const { servicePort, traffic, chains } = planned;
  const made: Chain[] = [];
  const add = (name: string, rules: readonly Rule[]) => made.push(syncChain(name, rules));
  if (traffic.hasEndpoints && servicePort.externallyAccessible) {
    add(chains.external, externalRules(planned, context));
  }
  if (hasFirewall(planned)) add(chains.firewall, firewallRules(planned, context));
  const names = endpointChains(planned);
  if (traffic.clusterEndpoints.length > 0) {
    add(chains.clusterPolicy, policyRules(planned, 'Cluster', names, context));
  }
  if (traffic.localEndpoints.length > 0)
    add(chains.localPolicy, policyRules(planned, 'Local', names, context));
  const matches = endpointMatches(planned, context);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    add(name, endpointRules(planned, traffic.reachableEndpoints[i] as EndpointInfo, name, matches));
  }
  return made;
}

/** Header fields that match traffic of the node's own Pods, or all other traffic. */
function localTraffic(
  detector: LocalTrafficDetector,
  negated: boolean,
): Pick<Rule, 'source' | 'inInterface'> {
  const not = negated ? ({ negated: true } as const) : {};
  switch (detector.kind) {
    case 'cidr':
      return { source: { address: detector.cidr, ...not } };
    case 'interface':
      return { inInterface: { name: detector.name, ...not } };
    case 'interface-prefix':
      return { inInterface: { name: `${detector.prefix}+`, ...not } };
  }
}

/** KUBE-EXT: traffic to external addresses, before a policy chain spreads it over endpoints. */
function externalRules(
  { servicePort, traffic, chains }: PlannedServicePort,
  { family }: ChainContext,
): Rule[] {
  const rules: Rule[] = [];
  const name = servicePort.name;
  if (traffic.external.policy === 'Cluster') {
    // The endpoint may be on another node, which would answer the client directly.
    // -A KUBE-EXT-… -m comment --comment "masquerade traffic for ns/svc:p external destinations" -j KUBE-MARK-MASQ
    rules.push({
      matches: [comment(`masquerade traffic for ${name} external destinations`)],
      target: MARK_MASQ,
    });
  } else {
    // What starts on this node counts as having gone out and come back in: policy Local is for the outside.
    if (family.localTraffic !== undefined) {
      // -A KUBE-EXT-… -s 10.244.0.0/16 -m comment --comment "pod traffic for ns/svc:p external destinations" -j KUBE-SVC-…
      rules.push({
        ...localTraffic(family.localTraffic, false),
        matches: [comment(`pod traffic for ${name} external destinations`)],
        target: jump(chains.clusterPolicy),
      });
    }
    const fromNode: Match = { kind: 'addrtype', side: 'source' };
    // -A KUBE-EXT-… … "masquerade LOCAL traffic for ns/svc:p external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
    rules.push({
      matches: [comment(`masquerade LOCAL traffic for ${name} external destinations`), fromNode],
      target: MARK_MASQ,
    });
    // -A KUBE-EXT-… … "route LOCAL traffic for ns/svc:p external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-…
    rules.push({
      matches: [comment(`route LOCAL traffic for ${name} external destinations`), fromNode],
      target: jump(chains.clusterPolicy),
    });
  }
  if (traffic.external.available) {
    // -A KUBE-EXT-… -j KUBE-SVC-… or KUBE-SVL-…
    const target = traffic.external.policy === 'Local' ? chains.localPolicy : chains.clusterPolicy;
    rules.push({ matches: [], target: jump(target) });
  }
  return rules;
}

/** KUBE-FW: lets source ranges through to KUBE-EXT; the rest is not translated and KUBE-PROXY-FIREWALL drops it. */
function firewallRules({ servicePort, chains }: PlannedServicePort, { view }: ChainContext): Rule[] {
  const name = servicePort.name;
  const allow = (address: string): Rule => ({
    // -A KUBE-FW-… -s 198.51.100.0/24 -m comment --comment "ns/svc:p loadbalancer IP" -j KUBE-EXT-…
    source: { address },
    matches: [comment(`${name} loadbalancer IP`)],
    target: jump(chains.external),
  });
  const rules = servicePort.loadBalancerSourceRanges.map(allow);
  // Where the load balancer's address is also the node's own, the node's requests carry it as their source.
  if (servicePort.sourceRangesAllowNode) rules.push(...servicePort.loadBalancerVIPs.map(allow));
  if (view.release.firewallChainComment) {
    // -A KUBE-FW-… -m comment --comment "other traffic to ns/svc:p will be dropped by KUBE-PROXY-FIREWALL"
    rules.push({ matches: [comment(`other traffic to ${name} will be dropped by KUBE-PROXY-FIREWALL`)] });
  }
  return rules;
}

/** KUBE-SVC and KUBE-SVL: masquerade what needs it, keep clients with their endpoint, spread the rest evenly. */
function policyRules(
  planned: PlannedServicePort,
  policy: 'Cluster' | 'Local',
  names: readonly string[],
  { view, family, largeCluster }: ChainContext,
): Rule[] {
  const { servicePort, traffic, transport } = planned;
  const endpoints = policy === 'Local' ? traffic.localEndpoints : traffic.clusterEndpoints;
  const rules: Rule[] = [];
  const masqueradeAll = view.configuration.iptables.masqueradeAll;
  const isInternal = traffic.internal.available && traffic.internal.policy === policy;
  if (isInternal && (masqueradeAll || family.localTraffic !== undefined)) {
    // Somebody outside may route the service range to this node, which then has to see the replies.
    // -A KUBE-SVC-… ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp … "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
    rules.push({
      ...(masqueradeAll || family.localTraffic === undefined ? {} : localTraffic(family.localTraffic, true)),
      destination: { address: servicePort.clusterIP },
      protocol: transport,
      matches: [
        comment(`${servicePort.name} cluster IP`),
        { kind: 'transport', protocol: transport, destinationPort: servicePort.port },
      ],
      target: MARK_MASQ,
    });
  }
  const comments = (endpoint: EndpointInfo): Match[] =>
    largeCluster ? [] : [comment(`${servicePort.name} -> ${endpoint.address}`)];
  const chains = chainsOf(planned, endpoints, names);
  if (servicePort.affinitySeconds > 0) {
    for (const [i, endpoint] of endpoints.entries()) {
      // -A KUBE-SVC-… … "ns/svc:p -> 10.0.0.1:80" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-… -j KUBE-SEP-…
      const list = chains[i] as string;
      rules.push({
        matches: [
          ...comments(endpoint),
          { kind: 'recent-check', list, seconds: servicePort.affinitySeconds },
        ],
        target: jump(list),
      });
    }
  }
  for (let i = 0; i < endpoints.length; i++) {
    // -A KUBE-SVC-… … "ns/svc:p -> 10.0.0.1:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-…
    const share = oneIn(endpoints.length - i);
    const matches = largeCluster ? share : [...comments(endpoints[i] as EndpointInfo), ...share];
    rules.push({ matches, target: jump(chains[i] as string) });
  }
  return rules;
}

const SHARES: (readonly Match[])[] = [];

/** Matches one in `n` connections; every one without a match. */
function oneIn(n: number): readonly Match[] {
  SHARES[n] ??= n > 1 ? [{ kind: 'statistic', oneIn: n, digits: 10 }] : [];
  return SHARES[n];
}

interface EndpointMatches {
  readonly comments: readonly Match[];
  readonly transport: Match;
  readonly withoutAffinity: readonly Match[];
}

/** What the rules of all endpoints of a service port have in common. */
function endpointMatches(
  { servicePort, transport }: PlannedServicePort,
  { largeCluster }: ChainContext,
): EndpointMatches {
  const comments = largeCluster ? [] : [comment(servicePort.name)];
  const match: Match = { kind: 'transport', protocol: transport };
  return { comments, transport: match, withoutAffinity: [...comments, match] };
}

/** KUBE-SEP: translates the destination; a Pod that reaches itself is masqueraded, or it would answer itself directly. */
function endpointRules(
  { servicePort, transport }: PlannedServicePort,
  endpoint: EndpointInfo,
  name: string,
  shared: EndpointMatches,
): Rule[] {
  const matches: readonly Match[] =
    servicePort.affinitySeconds > 0
      ? [...shared.comments, { kind: 'recent-set', list: name }, shared.transport]
      : shared.withoutAffinity;
  return [
    // -A KUBE-SEP-… -s 10.0.0.1/32 -m comment --comment "ns/svc:p" -j KUBE-MARK-MASQ
    { source: { address: endpoint.ip }, matches: shared.comments, target: MARK_MASQ },
    // -A KUBE-SEP-… -p tcp -m comment --comment "ns/svc:p" [-m recent --set …] -m tcp -j DNAT --to-destination 10.0.0.1:80
    { protocol: transport, matches, target: { kind: 'dnat', to: endpoint.address } },
  ];
}
