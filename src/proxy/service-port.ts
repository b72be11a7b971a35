/**
 * Service ports as kube-proxy sees them, one for each port and IP family of a Service that it proxies.
 * Mirrors kube-proxy 1.37's ServicePortMap and BaseServicePortInfo.
 */
import type { IPFamily, Protocol, Service, ServicePort } from '../apiserver/objects.ts';
import { canonicalIP, containsIP, formatCIDR, isIPv6, parseCIDR, parseIP } from '../shared/ip.ts';
import type { ProxyConfiguration } from './configuration.ts';
import type { NodeIdentity } from './node-identity.ts';
import type { Release } from './release.ts';

export interface ServicePortInfo {
  /** ServicePortName: `namespace/name:port`, or `namespace/name` for an unnamed port. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceName: string;
  /** Empty for an unnamed port. */
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  /** 0 where there is none. */
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  /** Addresses of the load balancer that are programmed on nodes, of this family. */
  readonly loadBalancerVIPs: readonly string[];
  /** Canonical CIDRs of this family; empty means everybody. */
  readonly loadBalancerSourceRanges: readonly string[];
  /** The source ranges let the node itself in. */
  readonly sourceRangesAllowNode: boolean;
  /** 0 where there is none. */
  readonly healthCheckNodePort: number;
  /** Seconds of `ClientIP` affinity; 0 without affinity. */
  readonly affinitySeconds: number;
  readonly internalPolicyLocal: boolean;
  readonly externalPolicyLocal: boolean;
  /** Something beside the cluster IP leads to the port. */
  readonly externallyAccessible: boolean;
  /** The topology hints of its endpoints may be used (up to 1.30 an annotation decides). */
  readonly zoneHintsEnabled: boolean;
}

const PROXY_NAME_LABEL = 'service.kubernetes.io/service-proxy-name';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';
const TOPOLOGY_AWARE_HINTS = 'service.kubernetes.io/topology-aware-hints';

/** True for Services that kube-proxy leaves alone: headless, ExternalName, or another proxy's. */
export function isNotProxied({ metadata, spec }: Service): boolean {
  return (
    spec.type === 'ExternalName' ||
    spec.clusterIP === undefined ||
    spec.clusterIP === '' ||
    spec.clusterIP === 'None' ||
    (metadata.labels !== undefined && Object.hasOwn(metadata.labels, PROXY_NAME_LABEL))
  );
}

/** The ports of a Service in one family, in the Service's order; none where it has no cluster IP of that family. */
export function servicePorts(
  service: Service,
  family: IPFamily,
  node: NodeIdentity,
  configuration: ProxyConfiguration,
  release: Release,
): ServicePortInfo[] {
  const { metadata, spec } = service;
  const clusterIP = clusterIPOfFamily(service, family);
  if (clusterIP === undefined) return [];
  const externalIPs = externalIPsOfFamily(service, family, configuration, release);
  const loadBalancerVIPs = loadBalancerVIPsOfFamily(service, family, release);
  const ranges = sourceRangesOfFamily(service, family, node, release);
  const { namespace, name: serviceName } = metadata;
  const affinitySeconds =
    spec.sessionAffinity === 'ClientIP' ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 10800) : 0;
  const isAccessible = loadBalancerVIPs.length > 0 || externalIPs.length > 0;
  return (spec.ports ?? []).map((port: ServicePort): ServicePortInfo => {
    const portName = port.name ?? '';
    const nodePort = port.nodePort ?? 0;
    return {
      name: servicePortName(`${namespace}/${serviceName}`, portName, release),
      namespace,
      serviceName,
      portName,
      protocol: port.protocol,
      clusterIP,
      port: port.port,
      nodePort,
      externalIPs,
      loadBalancerVIPs,
      loadBalancerSourceRanges: ranges.cidrs,
      sourceRangesAllowNode: ranges.allowNode,
      healthCheckNodePort: healthCheckNodePort(service),
      affinitySeconds,
      internalPolicyLocal: !release.classic && spec.internalTrafficPolicy === 'Local',
      externalPolicyLocal: externalPolicyLocal(service, release),
      externallyAccessible: nodePort !== 0 || isAccessible,
      zoneHintsEnabled: zoneHintsEnabled(service, release),
    };
  });
}

/** Up to 1.8 the colon stands even before an empty port name. */
function servicePortName(prefix: string, portName: string, release: Release): string {
  return portName === '' && !release.classic ? prefix : `${prefix}:${portName}`;
}

function clusterIPOfFamily({ spec }: Service, family: IPFamily): string | undefined {
  const index = spec.ipFamilies?.indexOf(family) ?? -1;
  const text = index < 0 ? undefined : spec.clusterIPs?.[index];
  return text === undefined ? undefined : canonical(text, family);
}

/** The address written canonically, or undefined where it is of the other family. */
function canonical(text: string, family: IPFamily): string | undefined {
  const ip = canonicalIP(text);
  return ip?.includes(':') === (family === 'IPv6') ? ip : undefined;
}

function externalIPsOfFamily(
  { spec }: Service,
  family: IPFamily,
  { featureGates }: ProxyConfiguration,
  release: Release,
): readonly string[] {
  if (spec.externalIPs === undefined || spec.externalIPs === null) return [];
  if (release.externalIPsGate && featureGates.AllowServiceExternalIPs === false) return [];
  return spec.externalIPs.map((ip) => canonical(ip, family)).filter((ip) => ip !== undefined);
}

function loadBalancerVIPsOfFamily(
  { status }: Service,
  family: IPFamily,
  release: Release,
): readonly string[] {
  return (status?.loadBalancer?.ingress ?? [])
    .filter((ingress) => !release.loadBalancerIPMode || ingress.ipMode !== 'Proxy')
    .map((ingress) => (ingress.ip ? canonical(ingress.ip, family) : undefined))
    .filter((ip) => ip !== undefined);
}

function sourceRangesOfFamily(
  { spec }: Service,
  family: IPFamily,
  { nodeIPs }: NodeIdentity,
  release: Release,
): { cidrs: readonly string[]; allowNode: boolean } {
  if (!spec.loadBalancerSourceRanges?.length) return { cidrs: [], allowNode: false };
  const cidrs = spec.loadBalancerSourceRanges
    .map((range) => parseCIDR(range.trim()))
    .filter((cidr) => cidr !== undefined)
    .filter((cidr) => isIPv6(cidr.network) === (family === 'IPv6'));
  if (release.zeroSourceRangeAllowsAll && cidrs.some((cidr) => cidr.prefixLength === 0)) {
    return { cidrs: [], allowNode: false };
  }
  const nodeIP = parseIP(nodeIPs[family]);
  return {
    cidrs: cidrs.map(formatCIDR),
    allowNode: nodeIP !== undefined && cidrs.some((cidr) => containsIP(cidr, nodeIP)),
  };
}

/** External IPs of either family make a ClusterIP Service subject to the policy, but not before 1.29. */
function externalPolicyLocal({ spec }: Service, release: Release): boolean {
  const byExternalIPs = release.externalPolicyOnClusterIP && (spec.externalIPs ?? []).length > 0;
  const external = spec.type === 'NodePort' || spec.type === 'LoadBalancer' || byExternalIPs;
  return external && spec.externalTrafficPolicy === 'Local';
}

function healthCheckNodePort({ spec }: Service): number {
  const needed = spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
  return needed ? (spec.healthCheckNodePort ?? 0) : 0;
}

function zoneHintsEnabled({ metadata }: Service, { zoneHints }: Release): boolean {
  const annotations = metadata.annotations ?? {};
  switch (zoneHints) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'annotation-auto': {
      const value = annotations[TOPOLOGY_AWARE_HINTS];
      return value === 'Auto' || value === 'auto';
    }
    case 'annotation-enabled': {
      const value = annotations[TOPOLOGY_AWARE_HINTS] ?? annotations[TOPOLOGY_MODE] ?? '';
      return value !== '' && value !== 'disabled' && value !== 'Disabled';
    }
  }
}
