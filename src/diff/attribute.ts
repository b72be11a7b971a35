/**
 * Which Services a difference belongs to. In: chains that differ, and the views that the rules were compiled from. Out: the
 * service ports to look at, rules of Services that the views do not have, and what concerns all of them.
 */
import { type ChainOwner, chainOwners } from '../backends/iptables/chain-owners.ts';
import type { SavedRule } from '../backends/iptables/saved.ts';
import type { FamilyView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { type ChainDifference, capturedSocket, SHARED_CHAINS } from './compare-chains.ts';

export interface Attribution {
  /** By `portKey`. */
  readonly ports: ReadonlyMap<string, AffectedPort>;
  readonly strangers: readonly Stranger[];
  /** What every Service needs, or nobody owns. */
  readonly common: readonly ChainDifference[];
}

export interface AffectedPort {
  readonly view: ServicePortView;
  readonly differences: readonly ChainDifference[];
}

/** A service port that the host has rules for, and the intended rules have not. */
export interface Stranger {
  readonly namespace: string;
  readonly name: string;
  readonly portName: string;
  readonly protocol: string;
  /** Of its cluster IP if there is one. */
  readonly port: number;
  readonly rules: readonly SavedRule[];
}

export function portKey({ servicePort: { name, protocol } }: ServicePortView): string {
  return `${name} ${protocol}`;
}

interface OpenPort extends AffectedPort {
  readonly differences: ChainDifference[];
}

export function attribute(
  differences: readonly ChainDifference[],
  intended: FamilyView,
  actual: FamilyView | undefined,
): Attribution {
  const ports = new Map<string, OpenPort>();
  const strangers = new Map<string, Stranger>();
  const common: ChainDifference[] = [];
  if (differences.length === 0) return { ports, strangers: [], common };
  const index = new PortIndex([intended, ...(actual === undefined ? [] : [actual])]);
  const add = (view: ServicePortView, difference: ChainDifference) => {
    const key = portKey(view);
    const known = ports.get(key) ?? { view, differences: [] };
    known.differences.push(difference);
    ports.set(key, known);
  };
  for (const difference of differences) {
    const owner = index.owners.get(difference.chain);
    if (owner !== undefined) add(owner.servicePort, difference);
    else if (!SHARED_CHAINS.has(difference.chain)) common.push(difference);
    else shareOut(difference, index, { add, strangers, common });
  }
  return { ports, strangers: [...strangers.values()], common };
}

interface Receivers {
  readonly add: (view: ServicePortView, difference: ChainDifference) => void;
  readonly strangers: Map<string, Stranger>;
  readonly common: ChainDifference[];
}

/** The rules of a shared chain, each to its Service. */
function shareOut(
  difference: ChainDifference,
  index: PortIndex,
  { add, strangers, common }: Receivers,
): void {
  const rest = { missing: [] as SavedRule[], extra: [] as SavedRule[] };
  for (const side of ['missing', 'extra'] as const) {
    for (const rule of difference[side]) {
      const views = index.find(rule);
      const part = { ...difference, missing: [], extra: [], reordered: false, [side]: [rule] };
      for (const view of views) add(view, part);
      // What catches more than one address and port concerns whoever has them.
      const isOwn = side === 'missing' || catchesOne(rule, difference, index);
      if (isOwn && views.length > 0) continue;
      if (side === 'extra' && isOwn && addStranger(strangers, rule, difference.chain)) continue;
      rest[side].push(rule);
    }
  }
  if (rest.missing.length + rest.extra.length > 0 || difference.reordered)
    common.push({ ...difference, ...rest });
}

/** Whether a rule can catch nothing but what is bound for a single address and port, or a node port. */
function catchesOne(rule: SavedRule, { table, chain }: ChainDifference, index: PortIndex): boolean {
  const [address = '', , port] = capturedSocket(rule)?.split(' ') ?? [];
  if (address === '' || address.includes('/')) return false;
  const isNodePort = address === '*';
  if (isNodePort && chain === 'KUBE-SERVICES') return false;
  // Behind the translation, the same rule catches what is bound for endpoints.
  return table === 'nat' || !(isNodePort ? index.hasEndpointAt(Number(port)) : index.hasEndpoint(address));
}

/** Names in comments are anybody's text; only what can be a Service's name is taken for one. */
const NAMED =
  /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)(?::([-a-z0-9]{0,63}))?(?= |$)/;

/** The service port that a rule's comment names. */
export function namedInComment({
  matches,
}: SavedRule): Pick<Stranger, 'namespace' | 'name' | 'portName'> | undefined {
  const comment = matches.find((match) => match.kind === 'comment');
  const [, namespace, name, portName = ''] = NAMED.exec(comment?.text ?? '') ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name, portName };
}

function addStranger(strangers: Map<string, Stranger>, rule: SavedRule, chain: string): boolean {
  const [, protocol, port] = capturedSocket(rule)?.split(' ') ?? [];
  const comment = rule.matches.find((match) => match.kind === 'comment');
  const named = namedInComment(rule);
  if (protocol === undefined || named === undefined) return false;
  const { namespace, name, portName } = named;
  const key = `${namespace}/${name}:${portName} ${protocol}`;
  const known = strangers.get(key);
  const isClusterIP = comment?.text.endsWith(' cluster IP') === true || known === undefined;
  strangers.set(key, {
    namespace,
    name,
    portName,
    protocol: protocol.toUpperCase(),
    port: isClusterIP && chain !== 'KUBE-NODEPORTS' ? Number(port) : (known?.port ?? Number(port)),
    rules: [...(known?.rules ?? []), rule],
  });
  return true;
}

/** Finds service ports by chains, addresses and node ports. */
class PortIndex {
  readonly owners: ReadonlyMap<string, ChainOwner>;
  private readonly bySocket = new Map<string, ServicePortView[]>();
  private readonly endpoints = { addresses: new Set<string>(), ports: new Set<number>() };

  constructor(families: readonly FamilyView[]) {
    const owners = new Map<string, ChainOwner>();
    // The intended view comes first and wins.
    for (const family of [...families].reverse()) {
      for (const [chain, owner] of chainOwners(family)) owners.set(chain, owner);
    }
    this.owners = owners;
    const known = new Set<string>();
    for (const { servicePorts } of families) {
      for (const view of servicePorts) {
        if (!known.has(portKey(view))) for (const socket of socketsOf(view)) this.put(socket, view);
        for (const { ip, port } of view.traffic.reachableEndpoints) {
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

  find(rule: SavedRule): readonly ServicePortView[] {
    const owner = rule.target?.kind === 'jump' ? this.owners.get(rule.target.chain)?.servicePort : undefined;
    const socket = capturedSocket(rule);
    const views = socket === undefined ? [] : (this.bySocket.get(socket) ?? []);
    // Whose address it is counts more than where it leads; several Services may have one external IP and port.
    if (owner !== undefined && (views.length === 0 || views.includes(owner))) return [owner];
    return views;
  }

  private put(socket: string, view: ServicePortView): void {
    const views = this.bySocket.get(socket);
    if (views === undefined) this.bySocket.set(socket, [view]);
    else views.push(view);
  }
}

/** What the rules of a service port catch, as `capturedSocket` spells it. */
export function socketsOf({ servicePort }: ServicePortView): readonly string[] {
  const { clusterIP, externalIPs, loadBalancerVIPs, nodePort, healthCheckNodePort, port } = servicePort;
  const transport = servicePort.protocol.toLowerCase();
  const sockets = [clusterIP, ...externalIPs, ...loadBalancerVIPs].map((ip) => `${ip} ${transport} ${port}`);
  if (nodePort !== 0) sockets.push(`* ${transport} ${nodePort}`);
  if (healthCheckNodePort !== 0) sockets.push(`* tcp ${healthCheckNodePort}`);
  return sockets;
}
