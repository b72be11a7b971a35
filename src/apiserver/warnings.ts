/**
 * What the API server accepts but warns of. In: an admitted object. Out: warnings.
 *
 * Mirrors `WarningsOnCreate` of each kind in Kubernetes 1.37 (pkg/api/service/warnings.go, pkg/registry/…/strategy.go). Nothing
 * is said of Endpoints that a controller keeps: nobody who reads the warning could mend them.
 */
import type { FieldPath } from '../shared/diagnostic.ts';
import { canonicalIP, formatCIDR, parseCIDR } from '../shared/ip.ts';
import type {
  DecodedEndpointSlice,
  DecodedEndpoints,
  DecodedNode,
  DecodedService,
  DecodedServiceSpec,
} from './decoded.ts';
import { type Fault, type Faults, fault, quote } from './fault.ts';
import { ENDPOINTS_MANAGED_BY_LABEL, SKIP_MIRROR_LABEL } from './labels.ts';

const TOPOLOGY_HINTS_ANNOTATION = 'service.kubernetes.io/topology-aware-hints';
const MANAGED_LABELS = [ENDPOINTS_MANAGED_BY_LABEL, SKIP_MIRROR_LABEL];

export function warnOfService({ metadata, spec = {}, status }: DecodedService): readonly Fault[] {
  const warnings: Faults = [];
  if (metadata?.annotations?.[TOPOLOGY_HINTS_ANNOTATION] !== undefined) {
    const path = ['metadata', 'annotations', TOPOLOGY_HINTS_ANNOTATION];
    const problem = 'is deprecated: use service.kubernetes.io/topology-mode';
    warnings.push(fault('Deprecated', path, problem, `metadata.annotations[${TOPOLOGY_HINTS_ANNOTATION}]`));
  }
  if (spec.clusterIP !== 'None') warnOfIPs(spec.clusterIPs, ['spec', 'clusterIPs'], warnings);
  warnOfIneffective(spec, warnings);
  warnOfIPs(spec.externalIPs, ['spec', 'externalIPs'], warnings);
  if (spec.loadBalancerIP) warnOfIP(spec.loadBalancerIP, () => ['spec', 'loadBalancerIP'], warnings);
  warnOfCIDRs(spec.loadBalancerSourceRanges, ['spec', 'loadBalancerSourceRanges'], warnings);
  if (spec.trafficDistribution === 'PreferClose') {
    const problem = 'PreferClose is deprecated: use PreferSameZone, which means the same';
    warnings.push(fault('Deprecated', ['spec', 'trafficDistribution'], problem));
  }
  for (const [i, { ip }] of (status?.loadBalancer?.ingress ?? []).entries()) {
    if (ip) warnOfIP(ip, () => ['status', 'loadBalancer', 'ingress', i, 'ip'], warnings);
  }
  return warnings;
}

function warnOfIneffective(spec: DecodedServiceSpec, warnings: Faults): void {
  const isHeadless = spec.type === 'ClusterIP' && spec.clusterIP === 'None';
  const hasExternalIPs = (spec.externalIPs ?? []).length > 0;
  const warn = (field: string, problem: string) =>
    warnings.push(fault('Ineffective', ['spec', field], problem));
  if (isHeadless) {
    const problem = 'has no effect on a headless Service';
    if (spec.loadBalancerIP) warn('loadBalancerIP', problem);
    if (hasExternalIPs) warn('externalIPs', problem);
    if (spec.sessionAffinity !== 'None') warn('sessionAffinity', problem);
  }
  if (spec.type === 'ExternalName') {
    if (hasExternalIPs) warn('externalIPs', 'has no effect on type ExternalName');
  } else {
    if (spec.externalName) warn('externalName', `has no effect on type ${spec.type}`);
    if (hasExternalIPs && !isHeadless) {
      const problem = 'is deprecated; some clusters do not implement it any more';
      warnings.push(fault('Deprecated', ['spec', 'externalIPs'], problem));
    }
  }
}

export function warnOfEndpoints({ metadata, subsets = [] }: DecodedEndpoints): readonly Fault[] {
  if (MANAGED_LABELS.some((label) => metadata?.labels?.[label] !== undefined)) return [];
  const warnings: Faults = [
    fault('Deprecated', ['kind'], 'Endpoints is deprecated: use EndpointSlice of discovery.k8s.io/v1'),
  ];
  for (const [i, subset] of subsets.entries()) {
    for (const list of ['addresses', 'notReadyAddresses'] as const) {
      for (const [j, { ip = '' }] of (subset[list] ?? []).entries()) {
        warnOfIP(ip, () => ['subsets', i, list, j, 'ip'], warnings);
      }
    }
  }
  return warnings;
}

export function warnOfEndpointSlice({ addressType }: DecodedEndpointSlice): readonly Fault[] {
  if (addressType !== 'FQDN') return [];
  return [fault('Deprecated', ['addressType'], 'FQDN is deprecated: kube-proxy passes over such slices')];
}

export function warnOfNode({ spec = {} }: DecodedNode): readonly Fault[] {
  const warnings: Faults = [];
  if (spec.configSource !== undefined) {
    warnings.push(fault('Ineffective', ['spec', 'configSource'], 'has no effect: the feature is removed'));
  }
  warnOfCIDRs(spec.podCIDRs, ['spec', 'podCIDRs'], warnings);
  if (spec.externalID)
    warnings.push(fault('Deprecated', ['spec', 'externalID'], 'is deprecated and not used'));
  return warnings;
}

function warnOfIPs(ips: readonly string[] | undefined, path: FieldPath, warnings: Faults): void {
  if (ips === undefined) return;
  for (let i = 0; i < ips.length; i++) warnOfIP(ips[i] as string, () => [...path, i], warnings);
}

function warnOfIP(text: string, path: () => FieldPath, warnings: Faults): void {
  const canonical = canonicalIP(text) ?? text;
  if (canonical !== text) warnings.push(nonCanonical(path(), text, canonical));
}

function warnOfCIDRs(cidrs: readonly string[] | undefined, path: FieldPath, warnings: Faults): void {
  for (const [i, text] of (cidrs ?? []).entries()) {
    const cidr = parseCIDR(text);
    const canonical = cidr === undefined ? text : formatCIDR(cidr);
    if (canonical !== text) warnings.push(nonCanonical([...path, i], text, canonical));
  }
}

function nonCanonical(path: FieldPath, value: string, canonical: string): Fault {
  return fault('NonCanonicalAddress', path, `${quote(value)} should be spelled ${canonical}`);
}
