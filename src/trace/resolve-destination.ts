/**
 * Where a packet is sent that somebody wants to see traced. In: a destination as it was named, and the cluster where one is
 * known. Out: an address and a port, or why there is none; with what is worth knowing of it.
 */

import type { ClusterState } from '../apiserver/cluster-state.ts';
import { SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { IPFamily, Protocol, Service, ServicePort } from '../apiserver/objects.ts';
import type { NodeView } from '../proxy/node-view.ts';
import { canonicalIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { formatSocket, type PacketDestination } from './packet-ends.ts';
import { type ServiceAt, serviceAt } from './service-at.ts';

export interface TracedCluster {
  readonly state: ClusterState;
  readonly view: NodeView;
}

export type ResolvedDestination =
  | {
      readonly kind: 'socket';
      readonly family: IPFamily;
      readonly address: string;
      readonly port: number;
      readonly protocol: Protocol;
      readonly service: ServiceAt | undefined;
      /** Sentences without a full stop. */
      readonly notes: readonly string[];
    }
  /** Clients of the Service never send to an address that kube-proxy has rules for. */
  | { readonly kind: 'unproxied'; readonly service: Service; readonly reason: string };

export interface DestinationWish {
  readonly protocol: Protocol | undefined;
  /** What `--family` names. */
  readonly family: IPFamily | undefined;
  /** That of the source, where it is an address. */
  readonly sourceFamily: IPFamily | undefined;
}

/** @throws OperationalError for what the cluster does not have. */
export function resolveDestination(
  destination: PacketDestination,
  cluster: TracedCluster | undefined,
  wish: DestinationWish,
): ResolvedDestination {
  if (destination.kind === 'socket') {
    const { address, port } = destination;
    return atSocket(address, port, wish.protocol ?? 'TCP', cluster, []);
  }
  const { namespace, name } = destination;
  if (cluster === undefined)
    throw new OperationalError(`the Service ${namespace}/${name} needs manifests: name them with -f`);
  const service = findService(cluster.state, namespace, name);
  const reason = whyUnproxied(service, cluster.state);
  if (reason !== undefined) return { kind: 'unproxied', service, reason };
  const { number, protocol, notes } = choosePort(service, destination.port, wish.protocol);
  const address = chooseClusterIP(service, cluster.view, wish);
  return atSocket(address, number, protocol, cluster, notes);
}

/** @throws OperationalError where there is none. */
export function findService({ services }: ClusterState, namespace: string, name: string): Service {
  const named = services.filter(({ metadata }) => metadata.name === name);
  const service = named.find(({ metadata }) => metadata.namespace === namespace);
  if (service !== undefined) return service;
  const elsewhere = named.map(({ metadata }) => `${metadata.namespace}/${name}`).slice(0, 5);
  const hint = elsewhere.length === 0 ? '' : `; there is ${elsewhere.join(', ')}`;
  throw new OperationalError(`there is no Service ${namespace}/${name}${hint}`);
}

/** A clause that says what happens instead; undefined where a cluster IP leads to the Service. */
function whyUnproxied({ metadata, spec }: Service, state: ClusterState): string | undefined {
  if (spec.type === 'ExternalName') {
    return `is of type ExternalName: DNS answers with the name ${spec.externalName}, and clients connect to that; no rule of kube-proxy is asked`;
  }
  if (spec.clusterIP !== 'None') return undefined;
  const addresses = state.endpointSlices
    .filter(
      (slice) =>
        slice.metadata.namespace === metadata.namespace &&
        slice.metadata.labels?.[SERVICE_NAME_LABEL] === metadata.name,
    )
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => (conditions?.ready ?? true) || spec.publishNotReadyAddresses === true)
    .flatMap(({ addresses }) => addresses);
  const answer =
    addresses.length === 0
      ? 'it has none that is ready, so the name does not resolve'
      : `${addresses.slice(0, 10).join(', ')}${addresses.length > 10 ? `, … (${addresses.length})` : ''}`;
  return `is headless: DNS answers with the addresses of its endpoints (${answer}), and clients connect to those; no rule of kube-proxy is asked`;
}

interface ChosenPort {
  readonly number: number;
  readonly protocol: Protocol;
  readonly notes: readonly string[];
}

function choosePort(
  { metadata, spec }: Service,
  wanted: string | undefined,
  protocol: Protocol | undefined,
): ChosenPort {
  const name = `${metadata.namespace}/${metadata.name}`;
  const ports = spec.ports ?? [];
  const known = ports.map(describePort).join(', ');
  const offered = ports.filter((port) => protocol === undefined || port.protocol === protocol);
  const matching =
    wanted === undefined
      ? offered
      : offered.filter((port) => port.name === wanted || String(port.port) === wanted);
  const [first, second] = matching;
  if (first !== undefined && (second === undefined || matching.every(({ port }) => port === first.port))) {
    const others = matching.slice(1).map((other) => other.protocol);
    const notes =
      others.length === 0
        ? []
        : [
            `${name} offers port ${first.port} by ${others.join(' and ')}, too: -p ${others[0]?.toLowerCase()}`,
          ];
    return { number: first.port, protocol: first.protocol, notes };
  }
  if (second !== undefined) throw new OperationalError(`${name} has several ports, name one: ${known}`);
  const number = Number(wanted);
  if (!Number.isInteger(number) || number < 1 || number > 65535) {
    const what = wanted === undefined ? `no port by ${protocol}` : `no port ${JSON.stringify(wanted)}`;
    throw new OperationalError(
      `${name} has ${what}${protocol !== undefined && wanted !== undefined ? ` by ${protocol}` : ''}; it has ${known || 'none'}`,
    );
  }
  const by = protocol ?? 'TCP';
  return { number, protocol: by, notes: [`${name} has no port ${number}/${by}; it has ${known}`] };
}

/** `http (80/TCP)`, `80/TCP`. */
export function describePort({ name, port, protocol }: ServicePort): string {
  return name ? `${name} (${port}/${protocol})` : `${port}/${protocol}`;
}

function chooseClusterIP(
  { metadata, spec }: Service,
  { node }: NodeView,
  { family, sourceFamily }: DestinationWish,
): string {
  const addresses = (spec.clusterIPs ?? []).map((text) => canonicalIP(text) ?? text);
  const wanted = family ?? sourceFamily;
  const inFamily = (one: IPFamily) => addresses.find((address) => familyOf(address) === one);
  const address = wanted === undefined ? (inFamily(node.primaryFamily) ?? addresses[0]) : inFamily(wanted);
  if (address === undefined) {
    throw new OperationalError(
      `${metadata.namespace}/${metadata.name} has no ${wanted} address, only ${addresses.join(', ')}`,
    );
  }
  return address;
}

function atSocket(
  address: string,
  port: number,
  protocol: Protocol,
  cluster: TracedCluster | undefined,
  notes: readonly string[],
): ResolvedDestination {
  const family = familyOf(address);
  const service = cluster && serviceAt(cluster.view, family, { address, port, protocol });
  const more =
    cluster === undefined || service !== undefined ? [] : remarks(address, port, protocol, cluster);
  return { kind: 'socket', family, address, port, protocol, service, notes: [...notes, ...more] };
}

/** What may explain why an address leads to no Service. */
function remarks(
  address: string,
  port: number,
  protocol: Protocol,
  { state, view }: TracedCluster,
): string[] {
  const socket = `${formatSocket({ address, port })}/${protocol}`;
  const other = state.nodes.find(
    ({ metadata, status }) =>
      metadata.name !== view.node.name &&
      status?.addresses?.some((each) => canonicalIP(each.address) === address),
  );
  if (other !== undefined) {
    return [
      `${address} is an address of Node ${other.metadata.name}, whose own rules decide there (--node ${other.metadata.name})`,
    ];
  }
  const owner = state.services.find(({ spec }) => spec.clusterIPs?.includes(address));
  if (owner === undefined) return [];
  const name = `${owner.metadata.namespace}/${owner.metadata.name}`;
  const label = owner.metadata.labels?.['service.kubernetes.io/service-proxy-name'];
  if (label !== undefined) {
    return [
      `${name} is left to another proxy, ${JSON.stringify(label)}, by its label service.kubernetes.io/service-proxy-name`,
    ];
  }
  return [`${socket} is a cluster IP of ${name}, but none of its ports`];
}

export function familyOf(address: string): IPFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
