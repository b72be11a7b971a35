/**
 * kube-proxy's configuration.
 *
 * In: a KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) as it stands in a file or ConfigMap. Out: the part
 * that decides what is programmed, with defaults, or diagnostics. Mirrors kube-proxy 1.37: defaults and validation of
 * pkg/proxy/apis/config. Fields that do not reach a rule (timeouts of watches, logging, metrics) are not looked at.
 */
import type { Diagnostic, Origin } from '../shared/diagnostic.ts';
import { isIPv6, parseCIDR, parseIP } from '../shared/ip.ts';
import { FieldReader, type Fields } from './field-reader.ts';
import {
  DEFAULT_IPVS_CONFIGURATION,
  type IPVSConfiguration,
  readIPVSConfiguration,
} from './ipvs-configuration.ts';
import {
  DEFAULT_USERSPACE_CONFIGURATION,
  readUserspaceConfiguration,
  type UserspaceConfiguration,
} from './userspace-configuration.ts';

export type ProxyMode = 'iptables' | 'ipvs' | 'nftables' | 'userspace';
export type LocalMode = 'ClusterCIDR' | 'NodeCIDR' | 'BridgeInterface' | 'InterfaceNamePrefix';

export interface ProxyConfiguration {
  /** Undefined where the configuration leaves it to kube-proxy. */
  readonly mode: ProxyMode | undefined;
  readonly hostnameOverride: string;
  readonly bindAddress: string;
  readonly iptables: IPTablesConfiguration;
  readonly ipvs: IPVSConfiguration;
  readonly nftables: NFTablesConfiguration;
  readonly userspace: UserspaceConfiguration;
  readonly detectLocalMode: LocalMode;
  readonly bridgeInterface: string;
  readonly interfaceNamePrefix: string;
  readonly clusterCIDRs: readonly string[];
  /** CIDRs and the keywords `primary`, `localhost`, `all`. */
  readonly nodePortAddresses: readonly string[];
  readonly conntrackTCPBeLiberal: boolean;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

export interface IPTablesConfiguration {
  /** 0 to 31. */
  readonly masqueradeBit: number;
  readonly masqueradeAll: boolean;
  readonly localhostNodePorts: boolean;
}

export interface NFTablesConfiguration {
  /** 0 to 31. */
  readonly masqueradeBit: number;
  readonly masqueradeAll: boolean;
}

export const NODE_PORT_KEYWORDS: readonly string[] = ['primary', 'localhost', 'all'];

export interface ReadConfiguration {
  /** Undefined where a field is refused. */
  readonly configuration: ProxyConfiguration | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** What kube-proxy does when it is given no configuration. */
export const DEFAULT_CONFIGURATION: ProxyConfiguration = {
  mode: undefined,
  hostnameOverride: '',
  bindAddress: '0.0.0.0',
  iptables: { masqueradeBit: 14, masqueradeAll: false, localhostNodePorts: true },
  ipvs: DEFAULT_IPVS_CONFIGURATION,
  nftables: { masqueradeBit: 14, masqueradeAll: false },
  userspace: DEFAULT_USERSPACE_CONFIGURATION,
  detectLocalMode: 'ClusterCIDR',
  bridgeInterface: '',
  interfaceNamePrefix: '',
  clusterCIDRs: [],
  nodePortAddresses: [],
  conntrackTCPBeLiberal: false,
  featureGates: {},
};

/** Reads, defaults and validates a KubeProxyConfiguration. */
export function readProxyConfiguration(object: Fields, origin?: Origin): ReadConfiguration {
  const fields = new FieldReader(object, origin);
  const iptables = fields.section(['iptables']);
  const nftables = fields.section(['nftables']);
  const detectLocal = fields.section(['detectLocal']);
  const clusterCIDR = fields.string(['clusterCIDR']) ?? '';
  const gates = fields.section(['featureGates']);
  const configuration: ProxyConfiguration = {
    mode: readMode(fields),
    hostnameOverride: (fields.string(['hostnameOverride']) ?? '').trim().toLowerCase(),
    bindAddress: fields.string(['bindAddress']) || DEFAULT_CONFIGURATION.bindAddress,
    iptables: {
      masqueradeBit: iptables.integer('masqueradeBit') ?? 14,
      masqueradeAll: iptables.boolean('masqueradeAll') ?? false,
      localhostNodePorts: iptables.boolean('localhostNodePorts') ?? true,
    },
    ipvs: readIPVSConfiguration(fields),
    nftables: {
      masqueradeBit: nftables.integer('masqueradeBit') ?? 14,
      masqueradeAll: nftables.boolean('masqueradeAll') ?? false,
    },
    userspace: readUserspaceConfiguration(fields),
    detectLocalMode: readLocalMode(fields),
    bridgeInterface: detectLocal.string('bridgeInterface') ?? '',
    interfaceNamePrefix: detectLocal.string('interfaceNamePrefix') ?? '',
    clusterCIDRs: clusterCIDR === '' ? [] : clusterCIDR.split(',').map((cidr) => cidr.trim()),
    nodePortAddresses: fields.strings(['nodePortAddresses']),
    conntrackTCPBeLiberal: fields.section(['conntrack']).boolean('tcpBeLiberal') ?? false,
    featureGates: Object.fromEntries(gates.keys().map((gate) => [gate, gates.boolean(gate) ?? false])),
  };
  validate(configuration, fields);
  return {
    configuration: fields.diagnostics.length === 0 ? configuration : undefined,
    diagnostics: fields.diagnostics,
  };
}

function readMode(fields: FieldReader): ProxyMode | undefined {
  const mode = fields.string(['mode']) ?? '';
  switch (mode) {
    case '':
      return undefined;
    case 'iptables':
    case 'ipvs':
    case 'nftables':
    case 'userspace':
      return mode;
    default:
      fields.refuse(['mode'], mode, 'must be iptables, ipvs or nftables, or blank');
      return undefined;
  }
}

function readLocalMode(fields: FieldReader): LocalMode {
  const mode = fields.string(['detectLocalMode']) ?? '';
  switch (mode) {
    case '':
      return DEFAULT_CONFIGURATION.detectLocalMode;
    case 'ClusterCIDR':
    case 'NodeCIDR':
    case 'BridgeInterface':
    case 'InterfaceNamePrefix':
      return mode;
    default:
      fields.refuse(
        ['detectLocalMode'],
        mode,
        'must be ClusterCIDR, NodeCIDR, BridgeInterface or InterfaceNamePrefix',
      );
      return DEFAULT_CONFIGURATION.detectLocalMode;
  }
}

function validate(configuration: ProxyConfiguration, fields: FieldReader): void {
  for (const mode of ['iptables', 'nftables'] as const) {
    const { masqueradeBit } = configuration[mode];
    if (masqueradeBit < 0 || masqueradeBit > 31) {
      fields.refuse([mode, 'masqueradeBit'], masqueradeBit, 'must be within the range [0, 31]');
    }
  }
  if (parseIP(configuration.bindAddress) === undefined) {
    fields.refuse(['bindAddress'], configuration.bindAddress, 'must be an IP address');
  }
  if (configuration.detectLocalMode === 'ClusterCIDR') {
    validateClusterCIDRs(configuration.clusterCIDRs, fields);
  }
  if (configuration.detectLocalMode === 'BridgeInterface') {
    validateInterface(configuration.bridgeInterface, 'bridgeInterface', 15, fields);
  }
  if (configuration.detectLocalMode === 'InterfaceNamePrefix') {
    validateInterface(configuration.interfaceNamePrefix, 'interfaceNamePrefix', 14, fields);
  }
  const seen = new Set<string>();
  for (const [i, address] of configuration.nodePortAddresses.entries()) {
    const keyword = NODE_PORT_KEYWORDS.includes(address);
    if (!keyword && parseCIDR(address) === undefined) {
      fields.refuse(['nodePortAddresses', i], address, 'must be a CIDR, or primary, localhost or all');
    } else if (keyword && seen.has(address)) {
      fields.refuse(['nodePortAddresses', i], address, 'stands twice');
    }
    seen.add(address);
  }
}

function validateClusterCIDRs(cidrs: readonly string[], fields: FieldReader): void {
  const parsed = cidrs.map(parseCIDR);
  for (const [i, cidr] of cidrs.entries()) {
    if (parsed[i] === undefined) fields.refuse(['clusterCIDR'], cidr, 'must be a CIDR such as 10.244.0.0/16');
  }
  const [first, second] = parsed;
  const bothOfOneFamily =
    first !== undefined && second !== undefined && isIPv6(first.network) === isIPv6(second.network);
  if (cidrs.length > 2 || bothOfOneFamily) {
    fields.refuse(['clusterCIDR'], cidrs.join(','), 'must be one CIDR or one of each IP family');
  }
}

/** kube-proxy asks only that the name is not empty; the kernel takes no more than 15 characters and no blanks. */
function validateInterface(name: string, field: string, limit: number, fields: FieldReader): void {
  if (!/^[!-~]+$/.test(name) || /["'\\/]/.test(name) || name.length > limit) {
    fields.refuse(
      ['detectLocal', field],
      name,
      `must be an interface name of 1 to ${limit} printable characters`,
    );
  }
}
