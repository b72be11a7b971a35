/**
 * What all parts of the compilation ask for. In: a node's view and the family. Out: the family's words, the release's
 * features, and what kube-proxy's configuration means in this mode.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import { type NodePortAddresses, selectNodePortAddresses } from '../../proxy/node-port-addresses.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import type { NftablesFeatures } from '../../proxy/release.ts';
import { releasesWith } from '../../proxy/release.ts';
import { isIPv6, isLoopback, parseCIDR, parseIP } from '../../shared/ip.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import {
  differs,
  type FamilyWord,
  header,
  jump,
  matches,
  type Statement,
  type TransportProtocol,
} from './rule.ts';
import type { DataType } from './ruleset.ts';

export interface CompileContext {
  readonly view: NodeView;
  readonly family: FamilyView;
  readonly features: NftablesFeatures;
  readonly word: FamilyWord;
  readonly addressType: DataType;
  /** One bit. */
  readonly mark: number;
  /** What has a packet masqueraded later. */
  readonly markForMasquerade: Statement;
  /** Undefined where node ports are open on every address but loopback's; never loopback addresses. */
  readonly nodePortIPs: readonly string[] | undefined;
  /** Protocols of which node ports on loopback addresses are rejected and counted. */
  readonly rejectedOnLocalhost: readonly TransportProtocol[];
}

/** @throws OperationalError for a release without this mode. */
export function compileContext(view: NodeView, ipFamily: IPFamily): CompileContext {
  const features = featuresOf(view);
  const { addresses, namesLoopback } = nodePortSelection(view, ipFamily, features);
  const mark = 2 ** view.configuration.nftables.masqueradeBit;
  return {
    view,
    family: view.families[ipFamily],
    features,
    word: ipFamily === 'IPv6' ? 'ip6' : 'ip',
    addressType: ipFamily === 'IPv6' ? 'ipv6_addr' : 'ipv4_addr',
    mark,
    markForMasquerade: features.inlineEndpoints
      ? { kind: 'mark-set', operation: 'or', mask: mark }
      : jump('mark-for-masquerade'),
    nodePortIPs: withoutLoopback(addresses),
    rejectedOnLocalhost: rejectedOnLocalhost(view, features, namesLoopback),
  };
}

export function featuresOf({ release }: NodeView): NftablesFeatures {
  if (release.nftables !== undefined) return release.nftables;
  const having = releasesWith(({ nftables }) => nftables !== undefined);
  throw new OperationalError(
    `kube-proxy ${release.name} has no mode nftables; the releases that have it are ${having.join(', ')}`,
  );
}

function nodePortSelection({ configuration, node }: NodeView, family: IPFamily, features: NftablesFeatures) {
  const configured = configuration.nodePortAddresses;
  switch (features.defaultNodePortAddresses) {
    case 'all':
      return selectNodePortAddresses(configured, node, family);
    case 'node-ip': {
      const nodeIP = node.nodeIPs[family];
      const own = configured.some((text) => namesFamily(text, family, nodeIP));
      const cidr = `${nodeIP}/${family === 'IPv6' ? 128 : 32}`;
      return selectNodePortAddresses(own ? configured : [cidr], node, family);
    }
    case 'primary':
      return selectNodePortAddresses(configured.length > 0 ? configured : ['primary'], node, family);
  }
}

function namesFamily(text: string, family: IPFamily, nodeIP: string): boolean {
  const cidr = text === 'primary' ? undefined : parseCIDR(text);
  if (cidr !== undefined) return isIPv6(cidr.network) === (family === 'IPv6');
  // A loopback address stands for a node IP that there is not.
  return text !== 'primary' || !isLoopbackAddress(nodeIP);
}

function isLoopbackAddress(address: string): boolean {
  const ip = parseIP(address);
  return ip !== undefined && isLoopback(ip);
}

function withoutLoopback(addresses: NodePortAddresses): readonly string[] | undefined {
  if (addresses.kind === 'all') return undefined;
  return addresses.addresses.filter((address) => !isLoopbackAddress(address));
}

/** With loopback addresses asked for, kube-proxy itself listens there, for TCP only. */
function rejectedOnLocalhost(
  { configuration }: NodeView,
  { localhostNodePortsGate }: NftablesFeatures,
  namesLoopback: boolean,
): readonly TransportProtocol[] {
  if (!localhostNodePortsGate || configuration.featureGates.KubeProxyNFTablesLocalhostNodePorts !== true) {
    return [];
  }
  return namesLoopback ? ['udp', 'sctp'] : ['tcp', 'udp', 'sctp'];
}

/** Matches traffic of the node's own Pods, or all other traffic; undefined where the node cannot tell. */
export function localTraffic(
  { family, features, word }: CompileContext,
  isFromPods: boolean,
): Statement | undefined {
  const compare = isFromPods ? matches : differs;
  const interfaceKey = { kind: 'meta', key: features.interfaceByIndex ? 'iif' : 'iifname' } as const;
  const detector = family.localTraffic;
  switch (detector?.kind) {
    case undefined:
      return undefined;
    case 'cidr':
      return compare(header(word, 'saddr'), { kind: 'network', network: detector.cidr });
    case 'interface':
      return compare(interfaceKey, { kind: 'interface', name: detector.name });
    case 'interface-prefix':
      return compare(interfaceKey, { kind: 'interface', name: `${detector.prefix}*` });
  }
}
