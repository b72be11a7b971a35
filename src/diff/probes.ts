/**
 * The packets by which a Service is judged. In: a service port as one or both sides know it, the node, and rules that
 * differ. Out: a packet for each kind of client and each address that makes a difference to some rule.
 */
import type { FamilyView, NodeView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import {
  containsIP,
  equalIPs,
  formatIP,
  type IPBytes,
  lastAddress,
  parseCIDR,
  parseIP,
} from '../shared/ip.ts';
import type { Packet } from '../trace/packet.ts';
import { type Line, lineFacts } from './line.ts';

export type AddressKind = 'cluster-ip' | 'external-ip' | 'load-balancer' | 'node-port';
export type ClientKind = 'outside' | 'pod' | 'node' | 'range' | 'endpoint';

/** An address and port at which a Service can be reached. */
export interface ServiceAddress {
  readonly kind: AddressKind;
  readonly address: string;
  readonly port: number;
  /** Where it is not the Service's own. */
  readonly protocol?: string;
}

export interface Client {
  readonly kind: ClientKind;
  readonly address: string;
  /** Of kind `range`: the network that it stands for. */
  readonly network?: string;
}

export interface Probe {
  readonly to: ServiceAddress;
  readonly client: Client;
  readonly packet: Packet;
}

/** Where the packets of a family come from and go to. */
export interface ProbeScene {
  readonly family: FamilyView;
  readonly node: NodeView;
  /** The host's addresses of this family; never empty. */
  readonly nodeAddresses: readonly string[];
  /** Networks that rules look at which differ. */
  readonly networks: readonly string[];
  /** What such rules catch, as `10.96.0.10 tcp 80` or `* tcp 30080`. */
  readonly sockets: readonly string[];
  /** How many of a Service's endpoints call it. */
  readonly callingEndpoints: number;
  /** Only those of this node call: no packet of others comes by it, and modes differ in what they would do with it. */
  readonly onlyLocalEndpointsCall: boolean;
  /** The device by which traffic comes in; a name that no rule has unless one is looked at. */
  readonly device: string;
}

/** No device of Linux has such a name, so no rule names it. */
export const OUTSIDE_DEVICE = '/outside';

export function probesOf(views: readonly ServicePortView[], scene: ProbeScene): readonly Probe[] {
  const own = views.flatMap((view) => serviceAddresses(view, scene));
  const addresses = distinct(
    [...extraAddresses(scene), ...own],
    ({ address, port, protocol = '' }) => `${address} ${port} ${protocol}`,
  ).filter(
    ({ protocol, ...to }) =>
      protocol === undefined ||
      protocol !== views[0]?.servicePort.protocol.toLowerCase() ||
      !own.some((each) => each.address === to.address && each.port === to.port),
  );
  const clients = distinct(
    views.flatMap((view) => clientsOf(view, scene)),
    ({ kind, address }) => `${kind} ${address}`,
  );
  const [first] = views;
  if (first === undefined) return [];
  const usual = first.servicePort.protocol.toLowerCase();
  return addresses.flatMap((to) =>
    clients.flatMap((client) => {
      const isLoopback = to.address.startsWith('127.');
      // From elsewhere the kernel takes no packet for 127.0.0.0/8.
      if (isLoopback && client.kind !== 'node') return [];
      return [
        { to, client, packet: packetOf(to, client, (to.protocol ?? usual) as 'tcp' | 'udp' | 'sctp', scene) },
      ];
    }),
  );
}

/** What rules catch that differ, whether or not it is the Service's. */
function extraAddresses({ sockets, nodeAddresses }: ProbeScene): readonly ServiceAddress[] {
  return sockets.flatMap((socket): ServiceAddress[] => {
    const [address = '', protocol = '', port] = socket.split(' ');
    if (address.includes('/') || !TRANSPORTS.has(protocol)) return [];
    const to = { port: Number(port), protocol };
    if (address !== '*') return [{ ...to, kind: 'external-ip', address }];
    return [{ ...to, kind: 'node-port', address: nodeAddresses[0] as string }];
  });
}

const TRANSPORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp']);

function distinct<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}

export function serviceAddresses(
  { servicePort }: ServicePortView,
  scene: ProbeScene,
): readonly ServiceAddress[] {
  const { clusterIP, externalIPs, loadBalancerVIPs, nodePort, port } = servicePort;
  const all: ServiceAddress[] = [
    { kind: 'cluster-ip', address: clusterIP, port },
    ...externalIPs.map((address): ServiceAddress => ({ kind: 'external-ip', address, port })),
    ...loadBalancerVIPs.map((address): ServiceAddress => ({ kind: 'load-balancer', address, port })),
  ];
  if (nodePort !== 0) {
    for (const address of nodePortAddresses(scene)) all.push({ kind: 'node-port', address, port: nodePort });
  }
  return all;
}

/** So many of a node's addresses are tried. */
const MOST_NODE_ADDRESSES = 4;

function nodePortAddresses({ family, nodeAddresses }: ProbeScene): readonly string[] {
  const { nodePortAddresses: selection } = family;
  const chosen = selection.kind === 'all' ? nodeAddresses : [...selection.addresses, ...nodeAddresses];
  const outer = chosen.filter((address) => !address.startsWith('127.') && address !== '::1');
  const loopback = family.family === 'IPv4' ? ['127.0.0.1'] : [];
  return [...new Set([...outer.slice(0, MOST_NODE_ADDRESSES), ...loopback])];
}

const MOST_RANGES = 64;

function clientsOf(view: ServicePortView, scene: ProbeScene): readonly Client[] {
  const { servicePort, traffic } = view;
  const { family, nodeAddresses, networks } = scene;
  const endpoints = traffic.reachableEndpoints.map(({ ip }) => ip);
  const ranges = [...networks, ...servicePort.loadBalancerSourceRanges.slice(0, MOST_RANGES)];
  const clients: Client[] = [
    { kind: 'pod', address: podAddress(scene, endpoints) },
    { kind: 'outside', address: outsideAddress(family, [...ranges, ...endpoints, ...nodeAddresses]) },
    { kind: 'node', address: nodeAddresses[0] as string },
  ];
  for (const network of ranges) {
    if (endpoints.includes(network)) continue;
    for (const address of addressesIn(network, family)) clients.push({ kind: 'range', address, network });
  }
  const callers = scene.onlyLocalEndpointsCall ? localEndpoints(view) : endpoints;
  const calling = callers.filter((ip, i) => i < scene.callingEndpoints || networks.includes(ip));
  for (const address of new Set(calling)) clients.push({ kind: 'endpoint', address });
  return clients;
}

function localEndpoints({ traffic }: ServicePortView): readonly string[] {
  return traffic.reachableEndpoints.filter(({ local }) => local).map(({ ip }) => ip);
}

const OUTSIDE: Readonly<Record<FamilyView['family'], readonly string[]>> = {
  IPv4: ['198.51.100.201', '203.0.113.201', '192.0.2.201', '100.64.77.201', '9.9.9.201', '1.2.3.201'],
  IPv6: ['2001:db8:ffff::201', '2001:db8:aaaa::201', '2600::201', '2a00::201'],
};

/** One that is in none of the networks. */
function outsideAddress({ family, localTraffic }: FamilyView, networks: readonly string[]): string {
  const local = localTraffic?.kind === 'cidr' ? [localTraffic.cidr] : [];
  const avoided = [...networks, ...local].filter((network) => !/\/0$/.test(network));
  const candidates = OUTSIDE[family];
  return (
    candidates.find((text) => !avoided.some((network) => isIn(text, network))) ?? (candidates[0] as string)
  );
}

function isIn(address: string, network: string): boolean {
  const ip = parseIP(address) as IPBytes;
  const cidr = parseCIDR(network);
  if (cidr !== undefined) return containsIP(cidr, ip);
  const other = parseIP(network);
  return other !== undefined && equalIPs(other, ip);
}

/** A Pod that is no endpoint, in the network by which kube-proxy tells Pods. */
function podAddress({ family, node }: ProbeScene, endpoints: readonly string[]): string {
  const { localTraffic } = family;
  const ofNode = (node.node.node?.spec?.podCIDRs ?? []).find(
    (cidr) => cidr.includes(':') === (family.family === 'IPv6'),
  );
  const network =
    localTraffic?.kind === 'cidr'
      ? localTraffic.cidr
      : (ofNode ?? (family.family === 'IPv6' ? 'fd00:10:244::/64' : '10.244.0.0/24'));
  const cidr = parseCIDR(network);
  if (cidr === undefined) return OUTSIDE[family.family][0] as string;
  const address = new Uint8Array(lastAddress(cidr));
  const last = address.length - 1;
  for (let tries = 0; tries < 200; tries++) {
    address[last] = (address[last] as number) - 1;
    if (!endpoints.includes(formatIP(address))) break;
  }
  return formatIP(address);
}

/** The first and the last address of a network of the family. */
function addressesIn(network: string, { family }: FamilyView): readonly string[] {
  const ip = parseIP(network);
  const cidr = ip === undefined ? parseCIDR(network) : undefined;
  const ends = ip !== undefined ? [ip] : cidr === undefined ? [] : [cidr.network, lastAddress(cidr)];
  return [...new Set(ends.filter((end) => (end.length === 16) === (family === 'IPv6')).map(formatIP))];
}

function packetOf(
  to: ServiceAddress,
  client: Client,
  protocol: 'tcp' | 'udp' | 'sctp',
  scene: ProbeScene,
): Packet {
  const isLocal = to.address.startsWith('127.') || scene.nodeAddresses.includes(to.address);
  const source = client.kind === 'node' && isLocal ? to.address : client.address;
  return {
    protocol,
    source,
    sourcePort: 40000,
    destination: to.address,
    destinationPort: to.port,
    arrival: arrivalOf(client, scene),
    bridged: false,
  };
}

function arrivalOf({ kind }: Client, { family: { localTraffic }, device }: ProbeScene): Packet['arrival'] {
  if (kind === 'node') return { kind: 'host' };
  const isPod = kind === 'pod' || kind === 'endpoint';
  if (isPod && localTraffic?.kind === 'interface') return { kind: 'device', name: localTraffic.name };
  if (isPod && localTraffic?.kind === 'interface-prefix')
    return { kind: 'device', name: `${localTraffic.prefix}0` };
  return { kind: 'device', name: device };
}

/** The sources that lines ask for, as networks, and the devices that they name. */
export function namedBy(lines: readonly Line[]): {
  networks: readonly string[];
  devices: readonly string[];
} {
  const facts = lines.map(lineFacts);
  const networks = new Set(facts.flatMap((line) => line.networks));
  return {
    networks: [...networks].filter((network) => !network.endsWith('/0')).slice(0, MOST_RANGES),
    devices: [...new Set(facts.flatMap(({ devices }) => devices))],
  };
}
