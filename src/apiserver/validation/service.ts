/**
 * Validates Services. In: a Service that is defaulted and whose IP families are settled. Out: faults.
 *
 * Mirrors `ValidateServiceCreate` of Kubernetes 1.37 (pkg/apis/core/validation) except for cluster IPs and families, which
 * `ip-families.ts` has already checked, and what allocation is still to fill in.
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedService, DecodedServiceSpec } from '../decoded.ts';
import { type Faults, forbidden, invalid, notSupported, required } from '../fault.ts';
import { checkCIDR, checkEndpointIP, checkIP } from './addresses.ts';
import { validateLabels, validateMetadata } from './metadata.ts';
import { checkDNSLabel, checkDNSSubdomain, checkPortNumber, checkQualifiedName } from './names.ts';
import { validateServicePorts } from './service-ports.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const TRAFFIC_POLICIES = ['Cluster', 'Local'];
const SESSION_AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC_DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const MAX_AFFINITY_SECONDS = 86400;
const SOURCE_RANGES_ANNOTATION = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const TOPOLOGY_HINTS_ANNOTATION = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE_ANNOTATION = 'service.kubernetes.io/topology-mode';

export function validateService(service: DecodedService, faults: Faults): void {
  validateMetadata(service.metadata, true, checkDNSLabel, faults);
  validateTopologyAnnotations(service, faults);
  const spec = service.spec ?? {};
  validateType(spec, faults);
  validateServicePorts(spec, faults);
  validateLabels(spec.selector, ['spec', 'selector'], faults);
  validateSessionAffinity(spec, faults);
  validateExternalIPs(spec, faults);
  validateSourceRanges(service, spec, faults);
  validateLoadBalancerFields(spec, faults);
  validateExternalTrafficPolicy(spec, faults);
  validateHealthCheckNodePort(spec, faults);
  const { internalTrafficPolicy, trafficDistribution } = spec;
  if (internalTrafficPolicy !== undefined && !TRAFFIC_POLICIES.includes(internalTrafficPolicy)) {
    faults.push(notSupported(['spec', 'internalTrafficPolicy'], internalTrafficPolicy, TRAFFIC_POLICIES));
  }
  if (trafficDistribution !== undefined && !TRAFFIC_DISTRIBUTIONS.includes(trafficDistribution)) {
    faults.push(notSupported(['spec', 'trafficDistribution'], trafficDistribution, TRAFFIC_DISTRIBUTIONS));
  }
}

export function isHeadless(spec: DecodedServiceSpec): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === 'None';
}

/** Whether traffic from outside the cluster has a way to the Service. */
export function isExternallyAccessible(spec: DecodedServiceSpec): boolean {
  const { type, externalIPs = [] } = spec;
  return type === 'LoadBalancer' || type === 'NodePort' || (type === 'ClusterIP' && externalIPs.length > 0);
}

/** Whether load balancers ask each node if it has endpoints. */
export function needsHealthCheckNodePort(spec: DecodedServiceSpec): boolean {
  return spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local';
}

function validateTopologyAnnotations({ metadata }: DecodedService, faults: Faults): void {
  const mode = metadata?.annotations?.[TOPOLOGY_MODE_ANNOTATION];
  const hints = metadata?.annotations?.[TOPOLOGY_HINTS_ANNOTATION];
  if (mode === undefined || hints === undefined || mode === hints) return;
  const path = ['metadata', 'annotations', TOPOLOGY_MODE_ANNOTATION];
  const field = `metadata.annotations[${TOPOLOGY_MODE_ANNOTATION}]`;
  faults.push(invalid(path, mode, `must equal ${TOPOLOGY_HINTS_ANNOTATION}, which is set too`, field));
}

function validateType(spec: DecodedServiceSpec, faults: Faults): void {
  const { type = '', ports = [] } = spec;
  if (!TYPES.includes(type)) faults.push(notSupported(['spec', 'type'], type, TYPES));
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') {
    faults.push(required(['spec', 'ports'], 'only headless and ExternalName Services may be without ports'));
  }
  if (isHeadless(spec) && (type === 'LoadBalancer' || type === 'NodePort')) {
    faults.push(invalid(['spec', 'clusterIPs', 0], 'None', `is not possible for type ${type}`));
  }
  if (type === 'ExternalName') validateExternalName(spec, faults);
}

function validateExternalName(spec: DecodedServiceSpec, faults: Faults): void {
  const problem = 'must not be set for type ExternalName';
  if (spec.clusterIPs !== undefined && spec.clusterIPs.length > 0) {
    faults.push(forbidden(['spec', 'clusterIPs'], problem));
  }
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) {
    faults.push(forbidden(['spec', 'ipFamilies'], problem));
  }
  if (spec.ipFamilyPolicy !== undefined) faults.push(forbidden(['spec', 'ipFamilyPolicy'], problem));
  const { externalName = '' } = spec;
  const name = externalName.endsWith('.') ? externalName.slice(0, -1) : externalName;
  const path = ['spec', 'externalName'];
  if (name === '') faults.push(required(path, 'type ExternalName is an alias for it'));
  else {
    const nameProblem = checkDNSSubdomain(name);
    if (nameProblem !== undefined) faults.push(invalid(path, name, nameProblem));
  }
}

function validateSessionAffinity(spec: DecodedServiceSpec, faults: Faults): void {
  const { sessionAffinity, sessionAffinityConfig } = spec;
  if (sessionAffinity === undefined || !SESSION_AFFINITIES.includes(sessionAffinity)) {
    faults.push(notSupported(['spec', 'sessionAffinity'], sessionAffinity, SESSION_AFFINITIES));
  }
  if (sessionAffinity !== 'ClientIP') return;
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (seconds !== undefined && (seconds <= 0 || seconds > MAX_AFFINITY_SECONDS)) {
    const path = ['spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds'];
    faults.push(invalid(path, seconds, `must be between 1 and ${MAX_AFFINITY_SECONDS}`));
  }
}

function validateExternalIPs({ externalIPs = [] }: DecodedServiceSpec, faults: Faults): void {
  for (const [i, ip] of externalIPs.entries()) {
    const problem = checkIP(ip) ?? checkEndpointIP(ip);
    if (problem !== undefined) faults.push(invalid(['spec', 'externalIPs', i], ip, problem));
  }
}

/** White space around each range is allowed; admission takes it off. */
function validateSourceRanges(service: DecodedService, spec: DecodedServiceSpec, faults: Faults): void {
  const ranges = spec.loadBalancerSourceRanges ?? [];
  const path: FieldPath = ['spec', 'loadBalancerSourceRanges'];
  // The API server spells this one field with a capital letter.
  const field = 'spec.LoadBalancerSourceRanges';
  const typeProblem = 'may only be set for type LoadBalancer';
  if (ranges.length > 0) {
    if (spec.type !== 'LoadBalancer') faults.push(forbidden(path, typeProblem, field));
    for (const [i, range] of ranges.entries()) {
      const problem = checkCIDR(trimSpace(range));
      if (problem !== undefined) faults.push(invalid([...path, i], range, problem, `${field}[${i}]`));
    }
    return;
  }
  const annotation = service.metadata?.annotations?.[SOURCE_RANGES_ANNOTATION];
  if (annotation === undefined) return;
  const annotationPath = ['metadata', 'annotations', SOURCE_RANGES_ANNOTATION];
  const annotationField = `metadata.annotations[${SOURCE_RANGES_ANNOTATION}]`;
  if (spec.type !== 'LoadBalancer') faults.push(forbidden(annotationPath, typeProblem, annotationField));
  if (trimSpace(annotation) === '') return;
  for (const range of trimSpace(annotation).split(',').map(trimSpace)) {
    const problem = checkCIDR(range);
    if (problem !== undefined) faults.push(invalid(annotationPath, range, problem, annotationField));
  }
}

/** Go's `strings.TrimSpace`, which knows U+0085 but not U+FEFF as white space. */
export function trimSpace(text: string): string {
  return text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, '');
}

function validateLoadBalancerFields(spec: DecodedServiceSpec, faults: Faults): void {
  const { type, allocateLoadBalancerNodePorts, loadBalancerClass } = spec;
  const problem = 'may only be set for type LoadBalancer';
  if (type !== 'LoadBalancer') {
    if (allocateLoadBalancerNodePorts !== undefined) {
      faults.push(forbidden(['spec', 'allocateLoadBalancerNodePorts'], problem));
    }
    if (loadBalancerClass !== undefined) faults.push(forbidden(['spec', 'loadBalancerClass'], problem));
    return;
  }
  if (loadBalancerClass === undefined) return;
  const classProblem = checkQualifiedName(loadBalancerClass);
  if (classProblem !== undefined) {
    faults.push(invalid(['spec', 'loadBalancerClass'], loadBalancerClass, classProblem));
  }
}

function validateExternalTrafficPolicy(spec: DecodedServiceSpec, faults: Faults): void {
  const { externalTrafficPolicy } = spec;
  if (!externalTrafficPolicy) return;
  const path = ['spec', 'externalTrafficPolicy'];
  if (!isExternallyAccessible(spec)) {
    const problem = 'may only be set where the Service can be reached from outside the cluster';
    faults.push(invalid(path, externalTrafficPolicy, problem));
  } else if (!TRAFFIC_POLICIES.includes(externalTrafficPolicy)) {
    faults.push(notSupported(path, externalTrafficPolicy, TRAFFIC_POLICIES));
  }
}

function validateHealthCheckNodePort(spec: DecodedServiceSpec, faults: Faults): void {
  const { healthCheckNodePort } = spec;
  if (!healthCheckNodePort) return;
  const path = ['spec', 'healthCheckNodePort'];
  if (!needsHealthCheckNodePort(spec)) {
    const problem = 'may only be set for type LoadBalancer with externalTrafficPolicy Local';
    faults.push(invalid(path, healthCheckNodePort, problem));
    return;
  }
  const problem = checkPortNumber(healthCheckNodePort);
  if (problem !== undefined) faults.push(invalid(path, healthCheckNodePort, problem));
}
