/**
 * Which Services a difference belongs to. In: chains that differ, and the views that the rules were compiled from. Out: the
 * service ports to look at, rules of Services that the views do not have, and what concerns all of them.
 */
import type { FamilyView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import type { Compared, Difference } from './compared.ts';
import { type Line, lineFacts } from './line.ts';
import type { LineFacts } from './line-facts.ts';

export interface Attribution {
  /** By `portKey`. */
  readonly ports: ReadonlyMap<string, AffectedPort>;
  readonly strangers: readonly Stranger[];
  /** What every Service needs, or nobody owns. */
  readonly common: readonly Difference[];
}

export interface AffectedPort {
  readonly view: ServicePortView;
  readonly differences: readonly Difference[];
}

/** A service port that the host has rules for, and the intended rules have not. */
export interface Stranger {
  readonly namespace: string;
  readonly name: string;
  readonly portName: string;
  readonly protocol: string;
  /** Of its cluster IP if there is one. */
  readonly port: number;
  readonly lines: readonly Line[];
}

export function portKey({ servicePort: { name, protocol } }: ServicePortView): string {
  return `${name} ${protocol}`;
}

interface OpenPort extends AffectedPort {
  readonly differences: Difference[];
}

type AttributedRules = Pick<Compared, 'differences' | 'owners' | 'isShared' | 'isBeforeTranslation'>;

export function attribute(
  { differences, owners, isShared, isBeforeTranslation }: AttributedRules,
  intended: FamilyView,
  actual: FamilyView | undefined,
): Attribution {
  const ports = new Map<string, OpenPort>();
  const strangers = new Map<string, Stranger>();
  const common: Difference[] = [];
  if (differences.length === 0) return { ports, strangers: [], common };
  const index = new PortIndex([intended, ...(actual === undefined ? [] : [actual])], owners);
  const add = (view: ServicePortView, difference: Difference) => {
    const key = portKey(view);
    const known = ports.get(key) ?? { view, differences: [] };
    known.differences.push(difference);
    ports.set(key, known);
  };
  for (const difference of differences) {
    const owner = index.owners.get(difference.chain);
    if (owner !== undefined) add(owner.servicePort, difference);
    else if (!isShared(difference.chain)) common.push(difference);
    else shareOut(difference, isBeforeTranslation(difference.table), index, { add, strangers, common });
  }
  return { ports, strangers: [...strangers.values()], common };
}

interface Receivers {
  readonly add: (view: ServicePortView, difference: Difference) => void;
  readonly strangers: Map<string, Stranger>;
  readonly common: Difference[];
}

/** The lines of a shared chain, each to its Service. */
function shareOut(
  difference: Difference,
  isBefore: boolean,
  index: PortIndex,
  { add, strangers, common }: Receivers,
): void {
  const rest = { missing: [] as Line[], extra: [] as Line[] };
  for (const side of ['missing', 'extra'] as const) {
    for (const line of difference[side]) {
      const facts = lineFacts(line);
      const views = index.find(facts);
      const part = { ...difference, missing: [], extra: [], reordered: false, [side]: [line] };
      for (const view of views) add(view, part);
      // What catches more than one address and port concerns whoever has them.
      const isOwn = side === 'missing' || catchesOne(facts, difference.chain, isBefore, index);
      if (isOwn && views.length > 0) continue;
      if (side === 'extra' && isOwn && addStranger(strangers, line, facts)) continue;
      rest[side].push(line);
    }
  }
  if (rest.missing.length + rest.extra.length > 0 || difference.reordered)
    common.push({ ...difference, ...rest });
}

/** Whether a line can catch nothing but what is bound for a single address and port, or a node port. */
function catchesOne({ socket }: LineFacts, chain: string, isBefore: boolean, index: PortIndex): boolean {
  const [address = '', , port] = socket?.split(' ') ?? [];
  if (address === '' || address.includes('/')) return false;
  const isNodePort = address === '*';
  if (isNodePort && chain === 'KUBE-SERVICES') return false;
  // Behind the translation, the same line catches what is bound for endpoints.
  if (isBefore) return true;
  return !(isNodePort ? index.hasEndpointAt(Number(port)) : index.hasEndpoint(address));
}

function addStranger(strangers: Map<string, Stranger>, line: Line, { socket, named }: LineFacts): boolean {
  const [address, protocol, port] = socket?.split(' ') ?? [];
  if (protocol === undefined || named === undefined) return false;
  const { namespace, name, portName } = named;
  const key = `${namespace}/${name}:${portName} ${protocol}`;
  const known = strangers.get(key);
  const isOfService = known === undefined || (address !== '*' && named.isClusterIP === true);
  strangers.set(key, {
    namespace,
    name,
    portName,
    protocol: protocol.toUpperCase(),
    port: isOfService ? Number(port) : known.port,
    lines: [...(known?.lines ?? []), line],
  });
  return true;
}

/** Finds service ports by chains, addresses and node ports. */
class PortIndex {
  readonly owners: ReadonlyMap<string, { readonly servicePort: ServicePortView }>;
  private readonly bySocket = new Map<string, ServicePortView[]>();
  private readonly byAddress = new Map<string, ServicePortView[]>();
  private readonly byEndpoint = new Map<string, ServicePortView[]>();
  private readonly endpoints = { addresses: new Set<string>(), ports: new Set<number>() };

  constructor(families: readonly FamilyView[], ownersOf: Compared['owners']) {
    const owners = new Map<string, { readonly servicePort: ServicePortView }>();
    // The intended view comes first and wins.
    for (const family of [...families].reverse()) {
      for (const [chain, owner] of ownersOf(family)) owners.set(chain, owner);
    }
    this.owners = owners;
    const known = new Set<string>();
    for (const { servicePorts } of families) {
      for (const view of servicePorts) {
        const isNew = !known.has(portKey(view));
        if (isNew) for (const socket of socketsOf(view)) put(this.bySocket, socket, view);
        if (isNew) for (const address of addressesOf(view)) put(this.byAddress, address, view);
        for (const { ip, port, address } of view.traffic.reachableEndpoints) {
          put(this.byEndpoint, address, view);
          this.endpoints.addresses.add(ip);
          this.endpoints.ports.add(port);
        }
        known.add(portKey(view));
      }
    }
  }

  hasEndpoint(address: string): boolean {
    return this.endpoints.addresses.has(address);
  }

  hasEndpointAt(port: number): boolean {
    return this.endpoints.ports.has(port);
  }

  find({ leadsTo, socket, address, endpoint }: LineFacts): readonly ServicePortView[] {
    if (address !== undefined) return this.byAddress.get(address) ?? [];
    if (endpoint !== undefined) return this.byEndpoint.get(endpoint) ?? [];
    const owner = leadsTo === undefined ? undefined : this.owners.get(leadsTo)?.servicePort;
    const views = socket === undefined ? [] : this.viewsAt(socket);
    // Whose address it is counts more than where it leads; several Services may have one external IP and port.
    if (owner !== undefined && (views.length === 0 || views.includes(owner))) return [owner];
    return views;
  }

  private viewsAt(socket: string): readonly ServicePortView[] {
    return this.bySocket.get(socket) ?? this.bySocket.get(nodePortOf(socket)) ?? [];
  }
}

/** A virtual server of mode ipvs has a node port at an address of the node. */
function nodePortOf(socket: string): string {
  return socket.replace(/^\S+/, '*');
}

function put(index: Map<string, ServicePortView[]>, key: string, view: ServicePortView): void {
  const views = index.get(key);
  if (views === undefined) index.set(key, [view]);
  else if (!views.includes(view)) views.push(view);
}

function addressesOf({ servicePort }: Pick<ServicePortView, 'servicePort'>): readonly string[] {
  const { clusterIP, externalIPs, loadBalancerVIPs } = servicePort;
  return [clusterIP, ...externalIPs, ...loadBalancerVIPs];
}

/** What the rules of a service port catch, as `capturedSocket` spells it. */
export function socketsOf({ servicePort }: ServicePortView): readonly string[] {
  const { nodePort, healthCheckNodePort, port } = servicePort;
  const transport = servicePort.protocol.toLowerCase();
  const sockets = addressesOf({ servicePort }).map((ip) => `${ip} ${transport} ${port}`);
  if (nodePort !== 0) sockets.push(`* ${transport} ${nodePort}`);
  if (healthCheckNodePort !== 0) sockets.push(`* tcp ${healthCheckNodePort}`);
  return sockets;
}
