/**
 * Which node the rules are for: what kube-proxy learns from its Node object, its configuration and the host's
 * interfaces when it starts. Mirrors kube-proxy 1.37's detection of node name, node IPs and primary family.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { ZONE_LABEL } from '../apiserver/labels.ts';
import type { IPFamily, Node } from '../apiserver/objects.ts';
import type { IPBytes } from '../shared/ip.ts';
import { formatIP, isIPv6, isUnspecified, parseIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { ProxyConfiguration } from './configuration.ts';

export interface NodeIdentity {
  /** Empty where neither a flag, the configuration nor the input names a node. */
  readonly name: string;
  /** Undefined where the input has no such Node. */
  readonly node: Node | undefined;
  /** Label `topology.kubernetes.io/zone`, or empty. */
  readonly zone: string;
  readonly primaryFamily: IPFamily;
  /** A loopback address where the node has none of that family. */
  readonly nodeIPs: Readonly<Record<IPFamily, string>>;
  /** Addresses on the host's interfaces without loopback, canonical. */
  readonly interfaceAddresses: readonly string[];
}

export interface NodeSelection {
  /** `--node`. */
  readonly name?: string | undefined;
  /** `--node-address`; without it, the Node's InternalIPs. */
  readonly addresses: readonly string[];
}

const LOOPBACK: Readonly<Record<IPFamily, string>> = { IPv4: '127.0.0.1', IPv6: '::1' };

/** @throws OperationalError where the selection names a node that the input's Nodes lack, or no IP address. */
export function identifyNode(
  state: ClusterState,
  configuration: ProxyConfiguration,
  selection: NodeSelection,
): NodeIdentity {
  const name =
    selection.name?.trim().toLowerCase() ||
    configuration.hostnameOverride ||
    (state.nodes[0]?.metadata.name ?? '');
  const node = state.nodes.find((candidate) => candidate.metadata.name === name);
  if (node === undefined && selection.name !== undefined && state.nodes.length > 0) {
    const known = state.nodes.slice(0, 10).map((candidate) => candidate.metadata.name);
    throw new OperationalError(
      `the input has no Node ${JSON.stringify(selection.name)}; it has ${known.join(', ')}${state.nodes.length > 10 ? ', …' : ''}`,
    );
  }
  const internal = addressesOf(node, 'InternalIP');
  const hostIPs = [...internal, ...addressesOf(node, 'ExternalIP')];
  const nodeIPs = { ...LOOPBACK };
  let primaryFamily: IPFamily = 'IPv4';
  const first = hostIPs[0];
  if (first !== undefined) {
    primaryFamily = familyOf(first);
    nodeIPs[primaryFamily] = formatIP(first);
    const second = hostIPs.find((ip) => familyOf(ip) !== primaryFamily);
    if (second !== undefined) nodeIPs[familyOf(second)] = formatIP(second);
  }
  const bindAddress = parseIP(configuration.bindAddress);
  if (bindAddress !== undefined && !isUnspecified(bindAddress)) {
    primaryFamily = familyOf(bindAddress);
    nodeIPs[primaryFamily] = formatIP(bindAddress);
  }
  return {
    name,
    node,
    zone: node?.metadata.labels?.[ZONE_LABEL] ?? '',
    primaryFamily,
    nodeIPs,
    interfaceAddresses:
      selection.addresses.length > 0 ? selection.addresses.map(canonicalFlag) : internal.map(formatIP),
  };
}

function addressesOf(node: Node | undefined, type: string): IPBytes[] {
  return (node?.status?.addresses ?? [])
    .filter((address) => address.type === type)
    .map((address) => parseIP(address.address))
    .filter((ip) => ip !== undefined);
}

function canonicalFlag(text: string): string {
  const ip = parseIP(text);
  if (ip === undefined)
    throw new OperationalError(`--node-address ${JSON.stringify(text)} is not an IP address`);
  return formatIP(ip);
}

function familyOf(ip: IPBytes): IPFamily {
  return isIPv6(ip) ? 'IPv6' : 'IPv4';
}
