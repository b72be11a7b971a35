/**
 * The chains and sets that belong to one service port: external-, firewall-, service- and local-, and an endpoint- and
 * affinity- for each endpoint where there is need of them. Mirrors kube-proxy 1.29 to 1.37.
 */
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import { type CompileContext, localTraffic } from './context.ts';
import {
  anyOf,
  commented,
  DROP,
  differs,
  type Endpoint,
  goTo,
  header,
  inSet,
  isLocal,
  L4PROTO,
  matches,
  type Rule,
  rule,
  type Statement,
} from './rule.ts';
import type { Chain, NamedSet } from './ruleset.ts';
import { hasFirewall, type PlannedEndpoint, type PlannedServicePort, planEndpoints } from './service-plan.ts';

/** What the kernel gives a set without a size of its own that rules add to. */
const DYNAMIC_SET_SIZE = 65535;

/** The sets that keep clients with their endpoints. */
export function serviceSets(
  planned: PlannedServicePort,
  { addressType }: CompileContext,
): readonly NamedSet[] {
  const { affinitySeconds } = planned.servicePort;
  if (affinitySeconds === 0) return [];
  return planEndpoints(planned).map(
    ({ affinitySet }): NamedSet => ({
      name: affinitySet,
      type: [addressType],
      size: DYNAMIC_SET_SIZE,
      flags: ['dynamic', 'timeout'],
      timeoutSeconds: affinitySeconds,
      elements: [],
    }),
  );
}

/** In no particular order. */
export function serviceChains(planned: PlannedServicePort, context: CompileContext): readonly Chain[] {
  const { servicePort, traffic, chains } = planned;
  const made: Chain[] = [];
  if (traffic.hasEndpoints && servicePort.externallyAccessible) {
    made.push({ name: chains.external, rules: externalRules(planned, context) });
  }
  if (context.features.firewallChains && hasFirewall(planned)) {
    made.push({ name: chains.firewall, rules: [firewallRule(planned, context)] });
  }
  const usesChains = !context.features.inlineEndpoints || servicePort.affinitySeconds > 0;
  const endpoints = usesChains ? planEndpoints(planned) : [];
  for (const policy of ['Cluster', 'Local'] as const) {
    const chosen = policy === 'Local' ? traffic.localEndpoints : traffic.clusterEndpoints;
    if (chosen.length === 0) continue;
    made.push({
      name: policy === 'Local' ? chains.localPolicy : chains.clusterPolicy,
      rules: usesChains
        ? [
            ...clusterIPMasquerade(planned, policy, context),
            ...balanceOverChains(planned, chosen, endpoints, context),
          ]
        : [translate(planned, chosen, context)],
    });
  }
  for (const endpoint of endpoints) {
    made.push({ name: endpoint.chain, rules: endpointRules(planned, endpoint, context) });
  }
  return made;
}

/** external-: traffic to external addresses, before a policy chain spreads it over endpoints. */
function externalRules({ traffic, chains }: PlannedServicePort, context: CompileContext): readonly Rule[] {
  const { markForMasquerade, features } = context;
  const rules: Rule[] = [];
  if (traffic.external.policy === 'Cluster') {
    // The endpoint may be on another node, which would answer the client directly.
    // meta mark set meta mark | 0x00004000 comment "masquerade"
    // jump mark-for-masquerade
    rules.push(
      features.inlineEndpoints ? commented('masquerade', markForMasquerade) : rule(markForMasquerade),
    );
  } else {
    // What starts on this node counts as having gone out and come back in: policy Local is for the outside.
    const isFromPods = localTraffic(context, true);
    const toAll = goTo(chains.clusterPolicy);
    if (isFromPods !== undefined) {
      // ip saddr 10.244.0.0/16 goto service-… comment "short-circuit pod traffic"
      rules.push(commented('short-circuit pod traffic', isFromPods, toAll));
    }
    // fib saddr type local meta mark set meta mark | 0x00004000 comment "masquerade local traffic"
    rules.push(commented('masquerade local traffic', isLocal('saddr'), markForMasquerade));
    // fib saddr type local goto service-… comment "short-circuit local traffic"
    rules.push(commented('short-circuit local traffic', isLocal('saddr'), toAll));
  }
  if (traffic.external.available) {
    // goto service-… or local-…
    const chain = traffic.external.policy === 'Local' ? chains.localPolicy : chains.clusterPolicy;
    rules.push(rule(goTo(chain)));
  }
  return rules;
}

/** firewall-: drops what does not come from the source ranges. */
function firewallRule({ servicePort }: PlannedServicePort, { word }: CompileContext): Rule {
  const ranges = [...servicePort.loadBalancerSourceRanges];
  // Where the load balancer's address is also the node's own, the node's requests carry it as their source.
  if (servicePort.sourceRangesAllowNode) ranges.push(...servicePort.loadBalancerVIPs);
  // ip saddr != { 198.51.100.0/24, 203.0.113.9 } drop
  return rule(differs(header(word, 'saddr'), anyOf(ranges)), DROP);
}

/** Somebody outside may route the service range to this node, which then has to see the replies. */
function clusterIPMasquerade(
  { servicePort, traffic, transport }: PlannedServicePort,
  policy: 'Cluster' | 'Local',
  context: CompileContext,
): readonly Rule[] {
  const { features, view, word, markForMasquerade } = context;
  if (features.inlineEndpoints || !traffic.internal.available || traffic.internal.policy !== policy)
    return [];
  const isFromOutside = localTraffic(context, false);
  const { masqueradeAll } = view.configuration.nftables;
  if (!masqueradeAll && isFromOutside === undefined) return [];
  const dport = { kind: 'payload', protocol: transport, field: 'dport' } as const;
  // ip daddr 10.96.0.10 tcp dport 80 ip saddr != 10.244.0.0/16 jump mark-for-masquerade
  return [
    rule(
      matches(header(word, 'daddr'), { kind: 'network', network: servicePort.clusterIP }),
      ...(features.masqueradeNamesPort ? [matches(dport, { kind: 'port', port: servicePort.port })] : []),
      ...(masqueradeAll || isFromOutside === undefined ? [] : [isFromOutside]),
      markForMasquerade,
    ),
  ];
}

/** Clients that are known stay where they are; others go to any endpoint. */
function balanceOverChains(
  { servicePort, traffic }: PlannedServicePort,
  chosen: readonly EndpointInfo[],
  endpoints: readonly PlannedEndpoint[],
  { word }: CompileContext,
): readonly Rule[] {
  const planned = chosen === traffic.reachableEndpoints ? endpoints : pick(endpoints, chosen);
  // ip saddr @affinity-… goto endpoint-…
  const kept =
    servicePort.affinitySeconds > 0
      ? planned.map(({ affinitySet, chain }) => rule(inSet(header(word, 'saddr'), affinitySet), goTo(chain)))
      : [];
  // numgen random mod 2 vmap { 0 : goto endpoint-…, 1 : goto endpoint-… }
  return [...kept, rule({ kind: 'numgen-goto', chains: planned.map(({ chain }) => chain) })];
}

/** The planned endpoints of those chosen, in the order of those. */
function pick(
  endpoints: readonly PlannedEndpoint[],
  chosen: readonly EndpointInfo[],
): readonly PlannedEndpoint[] {
  const byEndpoint = new Map(endpoints.map((planned) => [planned.endpoint, planned]));
  return chosen.map((endpoint) => byEndpoint.get(endpoint) as PlannedEndpoint);
}

function isTransport({ transport }: PlannedServicePort): Statement {
  return matches(L4PROTO, { kind: 'word', word: transport });
}

function translate(
  planned: PlannedServicePort,
  chosen: readonly EndpointInfo[],
  { word, features }: CompileContext,
): Rule {
  const to = chosen.map(({ ip, port }): Endpoint => ({ address: ip, port }));
  const [first] = to;
  // meta l4proto tcp dnat to 10.244.1.3:9153
  if (first !== undefined && to.length === 1 && features.plainSingleEndpoint) {
    return rule(isTransport(planned), { kind: 'dnat', to: first });
  }
  // meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.244.1.3 . 9153, 1 : 10.244.2.3 . 9153 }
  return rule(isTransport(planned), { kind: 'numgen-dnat', family: word, to });
}

/** endpoint-: remembers the client, and translates the destination. */
function endpointRules(
  planned: PlannedServicePort,
  { endpoint, affinitySet }: PlannedEndpoint,
  { word, features, markForMasquerade }: CompileContext,
): readonly Rule[] {
  const saddr = header(word, 'saddr');
  const rules: Rule[] = [];
  if (!features.inlineEndpoints) {
    // A Pod that reaches itself would answer itself directly.
    // ip saddr 10.244.1.3 jump mark-for-masquerade
    rules.push(rule(matches(saddr, { kind: 'network', network: endpoint.ip }), markForMasquerade));
  }
  // update @affinity-… { ip saddr }
  if (planned.servicePort.affinitySeconds > 0) {
    rules.push(rule({ kind: 'update', set: affinitySet, key: saddr }));
  }
  // meta l4proto tcp dnat to 10.244.1.3:9153
  const to = { address: endpoint.ip, port: endpoint.port };
  rules.push(rule(isTransport(planned), { kind: 'dnat', to }));
  return rules;
}
