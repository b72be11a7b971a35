/**
 * Turns a hand-written Endpoints object into EndpointSlices.
 *
 * Mirrors the EndpointSliceMirroring controller of kube-controller-manager 1.37: subsets are repacked so that each port
 * is listed with all its addresses, then each set of ports becomes one slice an IP family.
 */
import { SERVICE_NAME_LABEL, SLICE_MANAGED_BY_LABEL } from '../apiserver/labels.ts';
import type {
  EndpointAddress,
  EndpointPort,
  EndpointSlice,
  Endpoints,
  IPFamily,
  ObjectMeta,
} from '../apiserver/objects.ts';
import { canonicalIP, formatIP, isIPv6, parseIP } from '../shared/ip.ts';
import { compareStrings } from '../shared/ordering.ts';
import { portSetOrder, type SubsetPort, sortSlicePorts } from './endpoint-port-order.ts';

/** `--mirroring-max-endpoints-per-subset` */
export const MAX_ENDPOINTS_PER_SUBSET = 1000;

const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';
const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';

interface MirroredAddress {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

interface RepackedSubset {
  readonly ports: readonly EndpointPort[];
  readonly addresses: readonly MirroredAddress[];
}

export interface MirroredEndpoints {
  readonly slices: readonly EndpointSlice[];
  /** Addresses beyond the limit, which the controller leaves out. */
  readonly dropped: number;
}

export function mirrorEndpoints(endpoints: Endpoints): MirroredEndpoints {
  const slices = { IPv4: [] as EndpointSlice[], IPv6: [] as EndpointSlice[] };
  let dropped = 0;
  const kept = repack(endpoints).map(({ ports, addresses }) => {
    dropped += Math.max(0, addresses.length - MAX_ENDPOINTS_PER_SUBSET);
    return { ports, addresses: addresses.slice(0, MAX_ENDPOINTS_PER_SUBSET) };
  });
  for (const { ports, addresses } of joinSamePorts(kept)) {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const ofFamily = addresses.filter(({ address }) => familyOf(address.ip) === family);
      const index = slices[family].length;
      if (ofFamily.length > 0) slices[family].push(slice(endpoints, index, family, ports, ofFamily));
    }
  }
  return { slices: [...slices.IPv4, ...slices.IPv6], dropped };
}

/** A slice holds all addresses that have the same ports; within it an address of one object stands once. */
function joinSamePorts(subsets: readonly RepackedSubset[]): readonly RepackedSubset[] {
  const byPorts = new Map<
    string,
    { ports: RepackedSubset['ports']; endpoints: Map<string, MirroredAddress> }
  >();
  for (const { ports, addresses } of subsets) {
    const order = portSetOrder(ports);
    const group = byPorts.get(order) ?? { ports, endpoints: new Map() };
    byPorts.set(order, group);
    for (const { address, ready } of addresses) {
      const { namespace = '', name = '' } = address.targetRef ?? {};
      const key = JSON.stringify([canonicalIP(address.ip), address.hostname ?? '', namespace, name]);
      const known = group.endpoints.get(key);
      if (known === undefined || known.ready) group.endpoints.set(key, { address, ready });
    }
  }
  return [...byPorts.values()].map(({ ports, endpoints }) => ({ ports, addresses: [...endpoints.values()] }));
}

/** Gives each port all its addresses, then joins ports that have the very same ones. Sorted; ready addresses first. */
function repack({ subsets }: Endpoints): RepackedSubset[] {
  const byPort = new Map<string, { port: SubsetPort | undefined; addresses: Map<string, MirroredAddress> }>();
  const firstSeen = new Map<string, EndpointAddress>();
  for (const [index, subset] of (subsets ?? []).entries()) {
    const ports = subset.ports?.length ? subset.ports : [undefined];
    for (const port of ports) {
      // A port with an appProtocol is never the same as one of another subset: Go compares their addresses in memory.
      const own = port?.appProtocol === undefined ? undefined : [port.appProtocol, index];
      const key = JSON.stringify([port?.name ?? '', port?.protocol, port?.port, own]);
      let entry = byPort.get(key);
      if (entry === undefined) {
        entry = { port, addresses: new Map() };
        byPort.set(key, entry);
      }
      const add = (address: EndpointAddress, ready: boolean) =>
        addAddress(entry.addresses, firstSeen, address, ready);
      for (const address of subset.addresses ?? []) add(address, true);
      for (const address of subset.notReadyAddresses ?? []) add(address, false);
    }
  }
  const byAddresses = new Map<
    string,
    { ports: Map<string, SubsetPort>; addresses: readonly MirroredAddress[] }
  >();
  for (const [portKey, { port, addresses }] of byPort) {
    const keys = [...addresses.keys()].sort(compareStrings);
    const key = keys.map((address) => `${address} ${addresses.get(address)?.ready}`).join('\n');
    let group = byAddresses.get(key);
    if (group === undefined) {
      const sorted = keys.map((address) => addresses.get(address) as MirroredAddress);
      group = { ports: new Map(), addresses: sorted.sort((a, b) => Number(b.ready) - Number(a.ready)) };
      byAddresses.set(key, group);
    }
    if (port !== undefined) group.ports.set(portKey, port);
  }
  return [...byAddresses.values()]
    .map(({ ports, addresses }) => ({ ports: slicePorts([...ports.values()]), addresses }))
    .sort((a, b) => compareStrings(portSetOrder(a.ports), portSetOrder(b.ports)));
}

function slicePorts(ports: readonly SubsetPort[]): readonly EndpointPort[] {
  return sortSlicePorts(
    ports.map(({ name, protocol, port, appProtocol }) => ({
      name: name ?? '',
      protocol,
      port,
      ...(appProtocol === undefined ? {} : { appProtocol }),
    })),
  );
}

/** All annotations but those that speak of the Endpoints object itself. */
function mirroredAnnotations(
  annotations: Endpoints['metadata']['annotations'],
): Pick<ObjectMeta, 'annotations'> {
  const { [TRIGGER_TIME_ANNOTATION]: _, [LAST_APPLIED_ANNOTATION]: __, ...kept } = annotations ?? {};
  return Object.keys(kept).length === 0 ? {} : { annotations: kept };
}

/**
 * The same address of another object is another endpoint. Where one is listed several times, the first one's hostname and
 * node count, for all ports; not ready trumps ready, port by port.
 */
function addAddress(
  addresses: Map<string, MirroredAddress>,
  firstSeen: Map<string, EndpointAddress>,
  address: EndpointAddress,
  ready: boolean,
): void {
  const key = `${address.ip} ${address.targetRef?.uid ?? ''}`;
  const first = firstSeen.get(key) ?? address;
  firstSeen.set(key, first);
  addresses.set(key, { address: first, ready: ready && (addresses.get(key)?.ready ?? true) });
}

function familyOf(text: string): IPFamily | undefined {
  const ip = parseIP(text);
  return ip === undefined ? undefined : isIPv6(ip) ? 'IPv6' : 'IPv4';
}

function slice(
  { metadata }: Endpoints,
  index: number,
  addressType: IPFamily,
  ports: readonly EndpointPort[],
  addresses: readonly MirroredAddress[],
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${metadata.name}-${addressType.toLowerCase()}-${index}`,
      namespace: metadata.namespace,
      labels: {
        ...metadata.labels,
        [SERVICE_NAME_LABEL]: metadata.name,
        [SLICE_MANAGED_BY_LABEL]: 'endpointslicemirroring-controller.k8s.io',
      },
      ...mirroredAnnotations(metadata.annotations),
    },
    addressType,
    // The API server stores an empty list as null.
    ports: ports.length === 0 ? null : ports,
    endpoints: addresses.map(({ address, ready }) => {
      const ip = parseIP(address.ip);
      return {
        addresses: [ip === undefined ? address.ip : formatIP(ip)],
        conditions: { ready },
        ...(address.hostname ? { hostname: address.hostname } : {}),
        ...(address.nodeName ? { nodeName: address.nodeName } : {}),
        ...(address.targetRef ? { targetRef: address.targetRef } : {}),
      };
    }),
  };
}
