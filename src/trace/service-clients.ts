/**
 * What each kind of client gets at each address of a service port. In: the node's compiled rules, and the service port. Out:
 * the outcomes of a new connection, from a Pod of the node, from the node itself and from outside.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { familyOfAddress, podAddresses } from '../controllers/pod-status.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { containsIP, formatIP, type IPBytes, parseCIDR, parseIP } from '../shared/ip.ts';
import { externalAddress } from './external-address.ts';
import type { Follow } from './node-rules.ts';
import type { Outcome } from './outcome.ts';
import type { Packet } from './packet.ts';
import type { TracedCluster } from './resolve-destination.ts';
import { resolveSource } from './resolve-source.ts';
import type { ServiceWay } from './service-at.ts';

export type ClientKind = 'Pods' | 'the node' | 'outside' | 'outside within the source ranges';

/** An address at which the service port is to be had. */
export interface ServiceDoor {
  readonly way: ServiceWay;
  readonly address: string;
  readonly port: number;
}

export interface ClientOutcomes {
  readonly door: ServiceDoor;
  readonly client: ClientKind;
  readonly packet: Packet;
  readonly outcomes: readonly Outcome[];
}

export function clientOutcomes(
  view: ServicePortView,
  family: IPFamily,
  cluster: TracedCluster,
  follow: Follow,
): readonly ClientOutcomes[] {
  const doors = doorsOf(view, family, cluster);
  return doors.flatMap((door) =>
    clientsOf(door, view, family, cluster).map(({ client, source, arrival }): ClientOutcomes => {
      const packet: Packet = {
        protocol: view.servicePort.protocol.toLowerCase() as Packet['protocol'],
        source,
        destination: door.address,
        destinationPort: door.port,
        arrival,
      };
      return { door, client, packet, outcomes: follow(packet) };
    }),
  );
}

/** A node port is looked at by one of the node's addresses. */
export function doorsOf(
  { servicePort }: ServicePortView,
  family: IPFamily,
  { view }: TracedCluster,
): readonly ServiceDoor[] {
  const { clusterIP, port, nodePort, externalIPs, loadBalancerVIPs } = servicePort;
  const { nodePortAddresses } = view.families[family];
  const open = nodePortAddresses.kind === 'all' ? view.node.interfaceAddresses : nodePortAddresses.addresses;
  const isLoopback = (address: string) => address.startsWith('127.') || address === '::1';
  const at = open.find((address) => familyOfAddress(address) === family && !isLoopback(address));
  return [
    { way: 'cluster IP', address: clusterIP, port },
    ...(nodePort === 0 || at === undefined
      ? []
      : [{ way: 'node port', address: at, port: nodePort } as const]),
    ...externalIPs.map((address) => ({ way: 'external IP', address, port }) as const),
    ...loadBalancerVIPs.map((address) => ({ way: 'load balancer IP', address, port }) as const),
  ];
}

interface Client {
  readonly client: ClientKind;
  readonly source: string;
  readonly arrival: Packet['arrival'];
}

function clientsOf(
  { way, address: destination }: ServiceDoor,
  { servicePort }: ServicePortView,
  family: IPFamily,
  cluster: TracedCluster,
): readonly Client[] {
  const addresses = cluster.view.node.interfaceAddresses;
  const context = { cluster, family, destination, addresses, device: undefined };
  const from = (client: ClientKind, address: string): Client => {
    const resolved = resolveSource({ kind: 'address', address }, context);
    return { client, source: resolved.address, arrival: resolved.arrival };
  };
  const clients: Client[] = [podClient(family, cluster)];
  if (addresses.some((address) => familyOfAddress(address) === family)) {
    const { address: source, arrival } = resolveSource({ kind: 'node' }, context);
    clients.push({ client: 'the node', source, arrival });
  }
  clients.push(from('outside', externalAddress(cluster, family, [destination, ...addresses])));
  const allowed =
    way === 'load balancer IP' ? addressWithin(servicePort.loadBalancerSourceRanges, addresses) : undefined;
  if (allowed !== undefined) clients.push(from('outside within the source ranges', allowed));
  return clients;
}

/** A Pod of this node that is no endpoint of anything; where nothing tells the node's Pods apart, any address will do. */
function podClient(family: IPFamily, cluster: TracedCluster): Client {
  const { state, view } = cluster;
  const { localTraffic } = view.families[family];
  const ofNode = (view.node.node?.spec?.podCIDRs ?? []).map(parseCIDR);
  const inFamily = ofNode.find((cidr) => cidr && familyOfAddress(formatIP(cidr.network)) === family);
  const network = (localTraffic?.kind === 'cidr' ? parseCIDR(localTraffic.cidr) : undefined) ?? inFamily;
  const taken = new Set([
    ...state.pods.flatMap(podAddresses),
    ...state.endpointSlices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)),
    ...view.node.interfaceAddresses,
  ]);
  const source = (network && freeAddress(network.network, taken)) ?? externalAddress(cluster, family, []);
  const device =
    localTraffic?.kind === 'interface'
      ? localTraffic.name
      : localTraffic?.kind === 'interface-prefix'
        ? `${localTraffic.prefix}0`
        : undefined;
  return {
    client: 'Pods',
    source,
    arrival: { kind: 'device', ...(device === undefined ? {} : { name: device }) },
  };
}

function freeAddress(network: IPBytes, taken: ReadonlySet<string>): string | undefined {
  for (let last = 254; last > 1; last--) {
    const ip = network.slice();
    ip[ip.length - 1] = ((ip.at(-1) as number) | last) & 255;
    const address = formatIP(ip);
    if (!taken.has(address)) return address;
  }
  return undefined;
}

/** An address that the first range lets in, other than the node's own. */
function addressWithin(ranges: readonly string[], own: readonly string[]): string | undefined {
  const range = ranges[0] === undefined ? undefined : parseCIDR(ranges[0]);
  if (range === undefined) return undefined;
  const address = freeAddress(range.network, new Set(own)) ?? '';
  const ip = parseIP(address);
  return ip !== undefined && containsIP(range, ip) ? address : formatIP(range.network);
}
