/**
 * Where a packet comes from that somebody wants to see traced. In: a source as it was named, and the node and cluster as far
 * as they are known. Out: an address, how the packet comes to the node's rules, and what was assumed.
 */
import type { IPFamily, Pod } from '../apiserver/objects.ts';
import { familyOfAddress, podAddresses } from '../controllers/pod-status.ts';
import type { LocalTrafficDetector } from '../proxy/local-traffic.ts';
import { containsIP, isLoopback, parseCIDR, parseIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { externalAddress } from './external-address.ts';
import type { Packet } from './packet.ts';
import type { PacketSource } from './packet-ends.ts';
import type { TracedCluster } from './resolve-destination.ts';

export interface ResolvedSource {
  readonly address: string;
  readonly arrival: Packet['arrival'];
  /** `Pod prod/web-a on worker-1`, `the node itself`, `a client outside`. */
  readonly who: string;
  /** Sentences without a full stop. */
  readonly notes: readonly string[];
}

export interface SourceContext {
  readonly cluster: TracedCluster | undefined;
  readonly family: IPFamily;
  /** Where the packet goes. */
  readonly destination: string;
  /** Addresses on the node's interfaces, as far as they are known. */
  readonly addresses: readonly string[];
  /** `--in-interface` */
  readonly device: string | undefined;
}

/** @throws OperationalError for what the cluster does not have. */
export function resolveSource(source: PacketSource, context: SourceContext): ResolvedSource {
  const resolved = resolve(source, context);
  if (familyOfAddress(resolved.address) === context.family) return resolved;
  throw new OperationalError(
    `${resolved.address} and ${context.destination} are of two IP families: no packet goes from one to the other`,
  );
}

function resolve(source: PacketSource, context: SourceContext): ResolvedSource {
  switch (source.kind) {
    case 'node':
      return fromNode(context);
    case 'external':
      return fromExternal(context);
    case 'address':
      return fromAddress(source.address, context);
    case 'pod':
      return fromPod(source, context);
  }
}

/** The kernel answers itself by the address that is asked, and asks others by the address of the device there. */
function fromNode({ destination, family, addresses, cluster }: SourceContext): ResolvedSource {
  const who = 'the node itself';
  const arrival = { kind: 'host' } as const;
  const own = addresses.find((address) => familyOfAddress(address) === family);
  const nodeIP = cluster?.view.node.nodeIPs[family];
  const bytes = parseIP(destination);
  const isLocal = addresses.includes(destination) || (bytes !== undefined && isLoopback(bytes));
  const usable = nodeIP === undefined || isLoopbackText(nodeIP) ? own : nodeIP;
  const address = isLocal ? destination : usable;
  if (address === undefined) {
    throw new OperationalError(`no ${family} address of the node is known: name one with --node-address`);
  }
  return { address, arrival, who, notes: [] };
}

function fromAddress(address: string, context: SourceContext): ResolvedSource {
  if (context.addresses.includes(address) || isLoopbackText(address)) {
    return { address, arrival: { kind: 'host' }, who: 'the node itself', notes: [] };
  }
  const pod = context.cluster?.state.pods.find((each) => podAddresses(each).includes(address));
  if (pod !== undefined) return atPod(pod, address, context);
  return atDevice(address, '', context);
}

function fromExternal(context: SourceContext): ResolvedSource {
  const address = externalAddress(context.cluster, context.family, [
    context.destination,
    ...context.addresses,
  ]);
  const resolved = atDevice(address, 'a client outside', context);
  const what =
    context.cluster === undefined
      ? 'an address for documentation'
      : 'no address of a Pod, a node or a Service';
  return { ...resolved, notes: [`${address} stands for the outside: ${what}`, ...resolved.notes] };
}

function fromPod(
  { namespace, name }: Extract<PacketSource, { kind: 'pod' }>,
  context: SourceContext,
): ResolvedSource {
  if (context.cluster === undefined)
    throw new OperationalError(`the Pod ${namespace}/${name} needs manifests: name them with -f`);
  const pod = context.cluster.state.pods.find(
    ({ metadata }) => metadata.name === name && metadata.namespace === namespace,
  );
  if (pod === undefined) {
    throw new OperationalError(`there is no Pod ${namespace}/${name}; --from takes an IP address, too`);
  }
  const all = podAddresses(pod);
  const address = all.find((each) => familyOfAddress(each) === context.family);
  if (address === undefined) {
    const has =
      all.length === 0 ? 'has no address yet' : `has no ${context.family} address, only ${all.join(', ')}`;
    throw new OperationalError(`Pod ${namespace}/${name} ${has}`);
  }
  return atPod(pod, address, context);
}

function atPod({ metadata, spec }: Pod, address: string, context: SourceContext): ResolvedSource {
  const { namespace, name } = metadata;
  const here = context.cluster?.view.node.name ?? '';
  const nodeName = spec?.nodeName ?? '';
  const who = `Pod ${namespace}/${name}${nodeName === '' ? '' : ` on ${nodeName}`}`;
  const isElsewhere = nodeName !== '' && here !== '' && nodeName !== here;
  const elsewhere = isElsewhere
    ? [
        `${namespace}/${name} runs on ${nodeName}: the rules there decide first, those of ${here} only about what is sent to ${here} (--node ${nodeName})`,
      ]
    : [];
  const isOwn = !isElsewhere && (spec?.hostNetwork === true || context.addresses.includes(address));
  if (isOwn) {
    return {
      address,
      arrival: { kind: 'host' },
      who: `${who}, in the network of the node`,
      notes: elsewhere,
    };
  }
  const detector = isElsewhere ? undefined : context.cluster?.view.families[context.family].localTraffic;
  const device = context.device ?? podDevice(detector);
  if (device === undefined)
    return {
      ...atDevice(address, who, context),
      notes: [...elsewhere, ...atDevice(address, who, context).notes],
    };
  return { address, arrival: { kind: 'device', name: device }, who, notes: elsewhere };
}

/** The device by which kube-proxy knows the node's own Pods. */
function podDevice(detector: LocalTrafficDetector | undefined): string | undefined {
  switch (detector?.kind) {
    case 'interface':
      return detector.name;
    case 'interface-prefix':
      return `${detector.prefix}0`;
    case 'cidr':
    case undefined:
      return undefined;
  }
}

/** No interface has a blank in its name. */
const NO_POD_DEVICE = 'not a Pod';

function atDevice(address: string, who: string, { cluster, family, device }: SourceContext): ResolvedSource {
  if (device !== undefined) return { address, arrival: { kind: 'device', name: device }, who, notes: [] };
  const detector = cluster?.view.families[family].localTraffic;
  if (detector === undefined || detector.kind === 'cidr') {
    return { address, arrival: { kind: 'device' }, who, notes: inPodCIDR(address, detector) };
  }
  const devices = detector.kind === 'interface' ? detector.name : `${detector.prefix}*`;
  return {
    address,
    arrival: { kind: 'device', name: NO_POD_DEVICE },
    who,
    notes: [
      `the packet is taken to come in by no interface of the node's Pods (${devices}); --in-interface names one`,
    ],
  };
}

function inPodCIDR(address: string, detector: LocalTrafficDetector | undefined): string[] {
  const cidr = detector?.kind === 'cidr' ? parseCIDR(detector.cidr) : undefined;
  const ip = parseIP(address);
  if (detector?.kind !== 'cidr' || cidr === undefined || ip === undefined || !containsIP(cidr, ip)) return [];
  return [`${address} is within ${detector.cidr}, which kube-proxy takes for the addresses of Pods`];
}

function isLoopbackText(text: string): boolean {
  const ip = parseIP(text);
  return ip !== undefined && isLoopback(ip);
}
