/**
 * What each service port adds to the virtual servers, the ipsets and the addresses of the dummy device. In: what a node knows of
 * the Services of one family. Out: all of them together. Mirrors kube-proxy 1.28 to 1.37.
 */
import type { IPFamily, Protocol } from '../../apiserver/objects.ts';
import type { EndpointInfo } from '../../proxy/endpoint.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import type { ServicePortView } from '../../proxy/service-traffic.ts';
import { compareStrings } from '../../shared/ordering.ts';
import type { TransportProtocol } from '../iptables-rule.ts';
import { type IPSet, SET_KINDS, SET_ROLES, type SetEntry, type SetRole, setName } from './ip-set.ts';
import { hostAddresses, nodePortAddresses } from './node-addresses.ts';
import type { RealServer, VirtualServer } from './ruleset.ts';

export interface ServiceEntries {
  readonly virtualServers: readonly VirtualServer[];
  readonly sets: Readonly<Record<SetRole, IPSet>>;
  readonly addresses: readonly string[];
  /** Load balancers that this node itself may not use, each as often as a service port says so. */
  readonly closedToNode: readonly Required<Omit<SetEntry, 'source'>>[];
}

const TRANSPORT: Readonly<Record<Protocol, TransportProtocol>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };

/** @param bound the addresses that an earlier sync has bound */
export function collectEntries(
  view: NodeView,
  family: IPFamily,
  bound: readonly string[] = [],
): ServiceEntries {
  const collector = new Collector(view, family, bound);
  for (const port of view.families[family].servicePorts) collector.add(port);
  return collector.finish();
}

class Collector {
  readonly #family: IPFamily;
  readonly #scheduler: string;
  readonly #hostAddresses: ReadonlySet<string>;
  readonly #nodePortAddresses: readonly string[];
  readonly #servers = new Map<string, VirtualServer>();
  readonly #sets = new Map<SetRole, Map<string, SetEntry>>();
  readonly #addresses = new Set<string>();
  readonly #closedToNode: ServiceEntries['closedToNode'][number][] = [];
  /** Service ports have the same endpoints for all of their addresses. */
  readonly #realServers = new WeakMap<readonly EndpointInfo[], readonly RealServer[]>();

  constructor(view: NodeView, family: IPFamily, bound: readonly string[]) {
    this.#family = family;
    this.#scheduler = view.configuration.ipvs.scheduler;
    this.#hostAddresses = new Set(hostAddresses(view, family));
    this.#nodePortAddresses = nodePortAddresses(view, family, bound);
  }

  add(view: ServicePortView): void {
    const { servicePort, endpointsOnNode } = view;
    const { clusterIP, port } = servicePort;
    const protocol = TRANSPORT[servicePort.protocol];
    // A client that is sent back to itself must not see its own address as the source: all endpoints, used or not.
    for (const endpoint of endpointsOnNode) {
      const { ip } = endpoint;
      this.#insert('LOOP-BACK', { address: ip, protocol, port: endpoint.port, source: ip });
    }
    this.#insert('CLUSTER-IP', { address: clusterIP, protocol, port });
    this.#serve(view, clusterIP, port, servicePort.internalPolicyLocal);
    this.#addresses.add(clusterIP);
    for (const address of servicePort.externalIPs) {
      const role = servicePort.externalPolicyLocal ? 'EXTERNAL-IP-LOCAL' : 'EXTERNAL-IP';
      this.#insert(role, { address, protocol, port });
      this.#serveOutside(view, address);
    }
    for (const address of servicePort.loadBalancerVIPs) {
      this.#addLoadBalancer(view, { address, protocol, port });
      this.#serveOutside(view, address);
    }
    // Without any address for node ports, kube-proxy goes on to the next service port.
    if (servicePort.nodePort !== 0 && this.#nodePortAddresses.length === 0) return;
    if (servicePort.nodePort !== 0) this.#addNodePort(view, protocol);
    if (servicePort.healthCheckNodePort !== 0) {
      this.#insert('HEALTH-CHECK-NODE-PORT', { port: servicePort.healthCheckNodePort });
    }
  }

  #addLoadBalancer({ servicePort }: ServicePortView, entry: ServiceEntries['closedToNode'][number]): void {
    this.#insert('LOAD-BALANCER', entry);
    if (servicePort.externalPolicyLocal) this.#insert('LOAD-BALANCER-LOCAL', entry);
    if (servicePort.loadBalancerSourceRanges.length === 0) return;
    this.#insert('LOAD-BALANCER-FW', entry);
    for (const source of servicePort.loadBalancerSourceRanges) {
      this.#insert('LOAD-BALANCER-SOURCE-CIDR', { ...entry, source });
    }
    // The node's own connections have the load balancer's address as their source, too.
    if (servicePort.sourceRangesAllowNode) {
      this.#insert('LOAD-BALANCER-SOURCE-IP', { ...entry, source: entry.address });
    } else this.#closedToNode.push(entry);
  }

  #addNodePort(view: ServicePortView, protocol: TransportProtocol): void {
    const { nodePort: port, externalPolicyLocal } = view.servicePort;
    const suffix = ({ tcp: 'TCP', udp: 'UDP', sctp: 'SCTP-HASH' } as const)[protocol];
    const entries =
      protocol === 'sctp'
        ? this.#nodePortAddresses.map((address) => ({ address, protocol, port }))
        : [{ port }];
    for (const entry of entries) {
      this.#insert(`NODE-PORT-${suffix}`, entry);
      if (externalPolicyLocal) this.#insert(`NODE-PORT-LOCAL-${suffix}`, entry);
    }
    for (const address of this.#nodePortAddresses) this.#serve(view, address, port, externalPolicyLocal);
  }

  /** An address of the host's own must not be on the dummy device as well. */
  #serveOutside(view: ServicePortView, address: string): void {
    this.#serve(view, address, view.servicePort.port, view.servicePort.externalPolicyLocal);
    if (!this.#hostAddresses.has(address)) this.#addresses.add(address);
  }

  #serve(view: ServicePortView, address: string, port: number, isLocal: boolean): void {
    const { servicePort, traffic } = view;
    const protocol = TRANSPORT[servicePort.protocol];
    // With policy Local and nothing on this node, Pods of the node still get through.
    const endpoints =
      isLocal && traffic.localEndpoints.length > 0 ? traffic.localEndpoints : traffic.clusterEndpoints;
    this.#servers.set(`${protocol} ${address} ${port}`, {
      protocol,
      address,
      port,
      scheduler: this.#scheduler,
      persistentSeconds: servicePort.affinitySeconds,
      mhPort: this.#scheduler === 'mh',
      realServers: this.#realServersOf(endpoints),
    });
  }

  #realServersOf(endpoints: readonly EndpointInfo[]): readonly RealServer[] {
    const known = this.#realServers.get(endpoints);
    if (known !== undefined) return known;
    const made = endpoints.map(({ address }) => ({ address, weight: 1 }));
    this.#realServers.set(endpoints, made);
    return made;
  }

  #insert(role: SetRole, entry: SetEntry): void {
    let entries = this.#sets.get(role);
    if (entries === undefined) {
      entries = new Map();
      this.#sets.set(role, entries);
    }
    entries.set(`${entry.address} ${entry.protocol} ${entry.port} ${entry.source}`, entry);
  }

  finish(): ServiceEntries {
    const addresses = [...this.#addresses].sort(compareStrings);
    for (const address of addresses) this.#insert('IPVS-IPS', { address });
    const sets = SET_ROLES.map((role): [SetRole, IPSet] => {
      const entries = [...(this.#sets.get(role)?.values() ?? [])];
      return [role, { name: setName(role, this.#family), ...SET_KINDS[role], entries }];
    });
    return {
      virtualServers: [...this.#servers.values()],
      sets: Object.fromEntries(sets) as Record<SetRole, IPSet>,
      addresses,
      closedToNode: this.#closedToNode,
    };
  }
}
