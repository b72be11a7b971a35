/**
 * Fills in what a Service leaves open. In: a decoded Service. Out: a Service with every default; the input is shared, never
 * changed.
 *
 * Mirrors `SetDefaults_Service` of Kubernetes 1.37 (pkg/apis/core/v1/defaults.go). Fields that hold their type's zero value are
 * taken for absent, as in Go. Unlike the API server, white space around `loadBalancerSourceRanges` is taken off, so that no
 * later stage meets it.
 */
import type {
  DecodedLoadBalancerIngress,
  DecodedService,
  DecodedServicePort,
  DecodedServiceSpec,
} from '../decoded.ts';
import { isExternallyAccessible, trimSpace } from '../validation/service.ts';

const DEFAULT_AFFINITY = { clientIP: { timeoutSeconds: 10800 } };

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Fields whose zero value means that they are absent. */
const OMITTED_WHEN_ZERO = [
  'clusterIP',
  'clusterIPs',
  'externalIPs',
  'externalName',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'ipFamilies',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
] as const;

export function defaultService(service: DecodedService): DecodedService {
  const draft = new Draft<DecodedServiceSpec>(service.spec ?? {});
  const spec = draft.value;
  for (const field of OMITTED_WHEN_ZERO) {
    const value = spec[field];
    if (value === '' || value === 0 || (Array.isArray(value) && value.length === 0)) draft.drop(field);
  }
  draft.set('type', spec.type || 'ClusterIP');
  defaultSessionAffinity(draft);
  if (spec.ports !== undefined) draft.set('ports', defaultPorts(spec.ports));
  if (draft.value.loadBalancerSourceRanges !== undefined) {
    draft.set('loadBalancerSourceRanges', trimRanges(draft.value.loadBalancerSourceRanges));
  }
  const { type, externalTrafficPolicy, internalTrafficPolicy, allocateLoadBalancerNodePorts } = draft.value;
  if (isExternallyAccessible(draft.value)) {
    draft.set('externalTrafficPolicy', externalTrafficPolicy ?? 'Cluster');
  }
  if (type === 'ClusterIP' || type === 'NodePort' || type === 'LoadBalancer') {
    draft.set('internalTrafficPolicy', internalTrafficPolicy ?? 'Cluster');
  }
  if (type === 'LoadBalancer') {
    draft.set('allocateLoadBalancerNodePorts', allocateLoadBalancerNodePorts ?? true);
  }
  const defaulted = draft.value === service.spec ? service : { ...service, spec: draft.value };
  return type === 'LoadBalancer' ? defaultStatus(defaulted) : defaulted;
}

function defaultSessionAffinity(draft: Draft<DecodedServiceSpec>): void {
  const { sessionAffinity, sessionAffinityConfig } = draft.value;
  draft.set('sessionAffinity', sessionAffinity || 'None');
  if (draft.value.sessionAffinity === 'None') draft.drop('sessionAffinityConfig');
  if (sessionAffinity === 'ClientIP' && sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    draft.set('sessionAffinityConfig', DEFAULT_AFFINITY);
  }
}

/** An object that is copied when the first of its fields changes: most objects of a cluster lack nothing. */
class Draft<T extends object> {
  private readonly original: T;
  private copy: Mutable<T> | undefined;

  constructor(original: T) {
    this.original = original;
  }

  get value(): T {
    return this.copy ?? this.original;
  }

  set<K extends keyof T>(field: K, value: T[K]): void {
    if (this.value[field] !== value) this.writable()[field] = value;
  }

  drop(field: keyof T): void {
    if (this.value[field] !== undefined) delete this.writable()[field];
  }

  private writable(): Mutable<T> {
    this.copy ??= { ...this.original };
    return this.copy;
  }
}

function defaultPorts(ports: readonly DecodedServicePort[]): readonly DecodedServicePort[] {
  const isComplete = ports.every(
    ({ protocol, targetPort, name, nodePort }) => protocol && targetPort && name !== '' && nodePort !== 0,
  );
  return isComplete ? ports : ports.map(defaultPort);
}

function defaultPort(servicePort: DecodedServicePort): DecodedServicePort {
  const port: Mutable<DecodedServicePort> = { ...servicePort };
  port.protocol ||= 'TCP';
  port.targetPort ||= port.port ?? 0;
  if (port.name === '') delete port.name;
  if (port.nodePort === 0) delete port.nodePort;
  return port;
}

function trimRanges(ranges: readonly string[]): readonly string[] {
  return ranges.every((range) => /^[\x21-\x7e]*$/.test(range)) ? ranges : ranges.map(trimSpace);
}

function defaultStatus(service: DecodedService): DecodedService {
  const ingress = service.status?.loadBalancer?.ingress;
  if (ingress === undefined || !ingress.some(lacksMode)) return service;
  const defaulted = ingress.map((entry) => (lacksMode(entry) ? { ...entry, ipMode: 'VIP' } : entry));
  const loadBalancer = { ...service.status?.loadBalancer, ingress: defaulted };
  return { ...service, status: { ...service.status, loadBalancer } };
}

function lacksMode({ ip, ipMode }: DecodedLoadBalancerIngress): boolean {
  return Boolean(ip) && ipMode === undefined;
}

/** What the API server drops whenever it reads a Service back, after it has validated it. */
export function dropUnread(service: DecodedService): DecodedService {
  if (service.spec?.type !== 'ExternalName') return service;
  const { internalTrafficPolicy, ...spec } = service.spec;
  return { ...service, spec };
}
