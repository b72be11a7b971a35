/**
 * The sets and maps that all service ports share. In: the service ports and the context. Out: the sets and maps, each
 * element once. Mirrors kube-proxy 1.29 to 1.37.
 */
import type { CompileContext } from './context.ts';
import { localhostRejectChain } from './localhost-node-ports.ts';
import { cutComment } from './names.ts';
import type { Verdict } from './rule.ts';
import type { Element, NamedSet, VerdictMap } from './ruleset.ts';
import { hasFirewall, internalChain, type PlannedServicePort } from './service-plan.ts';

export interface SharedElements {
  readonly sets: readonly NamedSet[];
  readonly maps: readonly VerdictMap[];
}

export function sharedElements(
  ports: readonly PlannedServicePort[],
  context: CompileContext,
): SharedElements {
  const collections = collect(ports, context);
  return { sets: sets(collections, context), maps: maps(collections, context) };
}

/**
 * Elements by their key. Service ports may share an address and a port, though they should not; then kube-proxy replaces
 * an element where its verdict differs. It walks service ports in no order, we by name.
 */
class Collection<T extends Element = Element> {
  private readonly byKey = new Map<string, T>();

  add(element: T): void {
    const key = element.key.join(' . ');
    const known = this.byKey.get(key);
    if (known === undefined || !isSame(known.verdict, element.verdict)) this.byKey.set(key, element);
  }

  elements(): readonly T[] {
    return [...this.byKey.values()];
  }
}

function isSame(a: Verdict | undefined, b: Verdict | undefined): boolean {
  return a?.kind === b?.kind && chainOf(a) === chainOf(b);
}

function chainOf(verdict: Verdict | undefined): string | undefined {
  return verdict !== undefined && 'chain' in verdict ? verdict.chain : undefined;
}

type MapElement = Element & { readonly verdict: Verdict };

class Collections {
  readonly clusterIPs = new Collection();
  readonly hairpins = new Collection();
  readonly firewalled = new Collection();
  readonly firewallAllowed = new Collection();
  readonly services = new Collection<MapElement>();
  readonly nodePorts = new Collection<MapElement>();
  readonly withoutEndpoints = new Collection<MapElement>();
  readonly nodePortsWithoutEndpoints = new Collection<MapElement>();
  readonly firewalls = new Collection<MapElement>();
  readonly rejectedOnLocalhost = new Collection<MapElement>();
}

function collect(ports: readonly PlannedServicePort[], context: CompileContext): Collections {
  const into = new Collections();
  for (const port of ports) {
    addAddresses(into, port);
    addNodePort(into, port, context);
    if (hasFirewall(port)) {
      if (context.features.firewallChains) addFirewall(into, port, context);
      else addFirewallSets(into, port);
    }
    if (context.features.inlineEndpoints) addHairpins(into, port);
  }
  return into;
}

function goingTo(chain: string): Verdict {
  return { kind: 'goto', chain };
}

/** Without any endpoint clients are told; with endpoints on other nodes only, a load balancer should try those. */
function unavailable({ servicePort, traffic }: PlannedServicePort): Omit<MapElement, 'key'> {
  return {
    comment: cutComment(servicePort.name),
    verdict: traffic.hasEndpoints ? { kind: 'drop' } : goingTo('reject-chain'),
  };
}

/** Cluster IP, external IPs and load balancer addresses. */
function addAddresses(into: Collections, port: PlannedServicePort): void {
  const { servicePort, traffic, transport, chains } = port;
  const keyOf = (address: string) => [address, transport, `${servicePort.port}`];
  into.clusterIPs.add({ key: [servicePort.clusterIP] });
  // 10.96.0.10 . tcp . 80 : goto service-…
  // 10.96.0.10 . tcp . 80 comment "ns/svc:p" : goto reject-chain
  const key = keyOf(servicePort.clusterIP);
  if (traffic.internal.available) into.services.add({ key, verdict: goingTo(internalChain(port)) });
  else into.withoutEndpoints.add({ key, ...unavailable(port) });
  for (const address of [...servicePort.externalIPs, ...servicePort.loadBalancerVIPs]) {
    // 203.0.113.1 . tcp . 80 : goto external-…
    if (traffic.hasEndpoints) {
      into.services.add({ key: keyOf(address), verdict: goingTo(chains.external) });
    }
    // 203.0.113.1 . tcp . 80 comment "ns/svc:p" : drop
    if (!traffic.external.available) {
      into.withoutEndpoints.add({ key: keyOf(address), ...unavailable(port) });
    }
  }
}

/** Node ports are not subject to source ranges. */
function addNodePort(into: Collections, port: PlannedServicePort, context: CompileContext): void {
  const { servicePort, traffic, transport, chains } = port;
  if (servicePort.nodePort === 0) return;
  const key = [transport, `${servicePort.nodePort}`];
  // tcp . 30080 : goto external-…
  if (traffic.hasEndpoints) into.nodePorts.add({ key, verdict: goingTo(chains.external) });
  // tcp . 30080 comment "ns/svc:p" : goto reject-chain
  if (!traffic.external.available) into.nodePortsWithoutEndpoints.add({ key, ...unavailable(port) });
  if (context.rejectedOnLocalhost.includes(transport)) {
    // tcp . 30080 : goto localhost-nodeport-reject-tcp
    into.rejectedOnLocalhost.add({ key, verdict: goingTo(localhostRejectChain(transport)) });
  }
}

function addFirewall(into: Collections, port: PlannedServicePort, { features }: CompileContext): void {
  const { servicePort, transport, chains } = port;
  for (const address of servicePort.loadBalancerVIPs) {
    // 192.0.2.1 . tcp . 80 : goto firewall-…
    into.firewalls.add({
      key: [address, transport, `${servicePort.port}`],
      ...(features.firewallComments ? { comment: cutComment(servicePort.name) } : {}),
      verdict: goingTo(chains.firewall),
    });
  }
}

/**
 * Up to 1.29. Of overlapping ranges the kernel wants the narrower ones first; where they are not, it refuses the whole
 * transaction, kube-proxy's as well as ours.
 */
function addFirewallSets(into: Collections, { servicePort, transport }: PlannedServicePort): void {
  const comment = cutComment(servicePort.name);
  for (const address of servicePort.loadBalancerVIPs) {
    const key = [address, transport, `${servicePort.port}`];
    // 192.0.2.1 . tcp . 80 comment "ns/svc:p"
    into.firewalled.add({ key, comment });
    // 192.0.2.1 . tcp . 80 . 198.51.100.0/24 comment "ns/svc:p"
    for (const range of servicePort.loadBalancerSourceRanges) {
      into.firewallAllowed.add({ key: [...key, range], comment });
    }
    // Where the load balancer's address is also the node's own, the node's requests carry it as their source.
    if (servicePort.sourceRangesAllowNode) into.firewallAllowed.add({ key: [...key, address] });
  }
}

/** Connections of a Pod of this node to itself. */
function addHairpins(into: Collections, { traffic, transport }: PlannedServicePort): void {
  for (const { local, ip, port } of traffic.reachableEndpoints) {
    // 10.244.1.3 . 10.244.1.3 . tcp . 9153
    if (local) into.hairpins.add({ key: [ip, ip, transport, `${port}`] });
  }
}

function sets(collections: Collections, context: CompileContext): readonly NamedSet[] {
  const { addressType, features, nodePortIPs } = context;
  const made: NamedSet[] = [];
  const add = (
    name: string,
    comment: string,
    type: NamedSet['type'],
    elements: readonly Element[],
    flags: NamedSet['flags'] = [],
  ) => made.push({ name, type, flags, comment, elements });
  if (features.clusterIPsCheck) {
    add('cluster-ips', 'Active ClusterIPs', [addressType], collections.clusterIPs.elements());
  }
  if (features.inlineEndpoints) {
    const type = [addressType, addressType, 'inet_proto', 'inet_service'] as const;
    add('hairpin-connections', 'service hairpin connections', type, collections.hairpins.elements());
  }
  if (nodePortIPs !== undefined) {
    const addresses = nodePortIPs.map((address) => ({ key: [address] }));
    add('nodeport-ips', 'IPs that accept NodePort traffic', [addressType], addresses);
  }
  if (!features.firewallChains) {
    const subject = 'destinations that are subject to LoadBalancerSourceRanges';
    const allowed = 'destinations+sources that are allowed by LoadBalancerSourceRanges';
    const type = [addressType, 'inet_proto', 'inet_service'] as const;
    add('firewall', subject, type, collections.firewalled.elements());
    add('firewall-allow', allowed, [...type, addressType], collections.firewallAllowed.elements(), [
      'interval',
    ]);
  }
  return made;
}

function maps(collections: Collections, context: CompileContext): readonly VerdictMap[] {
  const ofPorts: VerdictMap['type'] = ['inet_proto', 'inet_service'];
  const ofAddresses: VerdictMap['type'] = [context.addressType, ...ofPorts];
  const made: VerdictMap[] = [
    {
      name: 'no-endpoint-nodeports',
      type: ofPorts,
      comment: 'vmap to drop or reject packets to service nodeports with no endpoints',
      elements: collections.nodePortsWithoutEndpoints.elements(),
    },
    {
      name: 'no-endpoint-services',
      type: ofAddresses,
      comment: 'vmap to drop or reject packets to services with no endpoints',
      elements: collections.withoutEndpoints.elements(),
    },
    {
      name: 'service-ips',
      type: ofAddresses,
      comment: 'ClusterIP, ExternalIP and LoadBalancer IP traffic',
      elements: collections.services.elements(),
    },
    {
      name: 'service-nodeports',
      type: ofPorts,
      comment: 'NodePort traffic',
      elements: collections.nodePorts.elements(),
    },
  ];
  if (context.features.firewallChains) {
    made.push({
      name: 'firewall-ips',
      type: ofAddresses,
      comment: 'destinations that are subject to LoadBalancerSourceRanges',
      elements: collections.firewalls.elements(),
    });
  }
  if (context.rejectedOnLocalhost.length > 0) {
    made.push({
      name: 'localhost-nodeport-reject-ports',
      type: ofPorts,
      comment: 'localhost NodePorts rejected by kube-proxy',
      elements: collections.rejectedOnLocalhost.elements(),
    });
  }
  return made;
}
