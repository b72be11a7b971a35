/**
 * Compiles the rules of mode userspace.
 *
 * In: what a node knows of the Services. Out: every chain that is in the kernel after kube-proxy's first sync on a clean
 * host, with its rules. Mirrors kube-proxy 1.25, the last release that has the mode. The rules of a Service stand in its own
 * order; kube-proxy walks Services in no order, here they are sorted by ServicePortName.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { formatIP, isLoopback, isUnspecified, parseIP } from '../../shared/ip.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { BUILTIN_CHAINS, type Chain, syncChain, type TableName } from '../iptables-chain.ts';
import { comment, jump, type Match, type Rule } from '../iptables-rule.ts';
import {
  containerNodePortRules,
  containerPortalRules,
  hostNodePortRules,
  hostPortalRules,
  nonLocalRules,
  type ProxyHost,
} from './portal-rules.ts';
import { type ProxiedPort, proxiedPorts } from './proxied-port.ts';

export interface Table {
  readonly name: TableName;
  /** Built-in ones first, then by name. */
  readonly chains: readonly Chain[];
}

/** The one family that has rules. */
export interface Portals {
  readonly host: ProxyHost;
  readonly ports: readonly ProxiedPort[];
  readonly tables: readonly Table[];
}

/** @throws OperationalError for a bind address with which kube-proxy does not start, or too few proxy ports */
export function compilePortals(view: NodeView): Portals {
  const family = view.node.primaryFamily;
  const host = proxyHost(view, family);
  const ports = proxiedPorts(view, family);
  const collect = (rulesOf: (port: ProxiedPort, host: ProxyHost) => readonly Rule[]) =>
    ports.flatMap((port) => rulesOf(port, host));
  const tables: readonly Table[] = [
    {
      name: 'filter',
      chains: [...builtinChains('filter'), syncChain('KUBE-NODEPORT-NON-LOCAL', collect(nonLocalRules))],
    },
    {
      name: 'nat',
      chains: [
        ...builtinChains('nat'),
        syncChain('KUBE-NODEPORT-CONTAINER', collect(containerNodePortRules)),
        syncChain('KUBE-NODEPORT-HOST', collect(hostNodePortRules)),
        syncChain('KUBE-PORTALS-CONTAINER', collect(containerPortalRules)),
        syncChain('KUBE-PORTALS-HOST', collect(hostPortalRules)),
      ],
    },
  ];
  return { host, ports, tables };
}

function proxyHost({ node, configuration: { bindAddress } }: NodeView, family: IPFamily): ProxyHost {
  const bound = parseIP(bindAddress);
  const isBound = bound !== undefined && !isUnspecified(bound);
  if (isBound && ['127.0.0.1', '::1'].includes(formatIP(bound))) {
    throw new OperationalError(
      `kube-proxy does not start in mode userspace with bindAddress ${JSON.stringify(bindAddress)}: it cannot proxy on localhost`,
    );
  }
  const [known = node.nodeIPs[family]] = [node.nodeIPs[family], ...node.interfaceAddresses].filter(
    (address) => address.includes(':') === (family === 'IPv6') && !isLoopbackText(address),
  );
  return { family, address: known, isBound };
}

export function isLoopbackText(address: string): boolean {
  const ip = parseIP(address);
  return ip !== undefined && isLoopback(ip);
}

const CLUSTER_IPS = comment('handle ClusterIPs; NOTE: this must be before the NodePort rules');
const NODE_PORTS: readonly Match[] = [
  { kind: 'addrtype', side: 'destination' },
  comment('handle service NodePorts; NOTE: this must be the last rule in the chain'),
];

/** By chain; other built-in chains are empty. */
const JUMPS: Readonly<Record<TableName, Readonly<Record<string, readonly Rule[]>>>> = {
  filter: {
    INPUT: [
      // -A INPUT -m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL
      {
        matches: [comment('Ensure that non-local NodePort traffic can flow')],
        target: jump('KUBE-NODEPORT-NON-LOCAL'),
      },
    ],
  },
  mangle: {},
  nat: {
    // -A PREROUTING -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-CONTAINER
    // -A PREROUTING -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; …" -j KUBE-NODEPORT-CONTAINER
    PREROUTING: [
      { matches: [CLUSTER_IPS], target: jump('KUBE-PORTALS-CONTAINER') },
      { matches: NODE_PORTS, target: jump('KUBE-NODEPORT-CONTAINER') },
    ],
    // -A OUTPUT -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-HOST
    // -A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; …" -j KUBE-NODEPORT-HOST
    OUTPUT: [
      { matches: [CLUSTER_IPS], target: jump('KUBE-PORTALS-HOST') },
      { matches: NODE_PORTS, target: jump('KUBE-NODEPORT-HOST') },
    ],
  },
};

function builtinChains(table: TableName): readonly Chain[] {
  return BUILTIN_CHAINS[table].map((name) => ({ name, writer: 'kernel', rules: JUMPS[table][name] ?? [] }));
}
