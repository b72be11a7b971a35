/**
 * Fills in what objects other than Services leave open. In: decoded objects. Out: objects with every default that is read
 * later; the input is shared, never changed.
 *
 * Mirrors pkg/apis/core/v1/defaults.go, pkg/apis/discovery/v1/defaults.go, the conversions beside them and what
 * `PrepareForCreate` of each kind does, Kubernetes 1.37.
 */
import type {
  DecodedContainer,
  DecodedEndpointPort,
  DecodedEndpointSlice,
  DecodedEndpoints,
  DecodedNamespace,
  DecodedNode,
  DecodedPod,
} from '../decoded.ts';

export function defaultEndpointSlice(slice: DecodedEndpointSlice): DecodedEndpointSlice {
  const { ports, endpoints = [] } = slice;
  const needsPorts =
    ports?.some(({ name, protocol }) => name === undefined || protocol === undefined) ?? false;
  const hasTopology = endpoints.some(({ deprecatedTopology }) => deprecatedTopology !== undefined);
  if (!needsPorts && !hasTopology && slice.endpoints !== undefined) return slice;
  return {
    ...slice,
    ...(ports === undefined ? {} : { ports: ports.map((port) => ({ name: '', protocol: 'TCP', ...port })) }),
    // This version of the API does not take the field.
    endpoints: hasTopology ? endpoints.map(({ deprecatedTopology, ...endpoint }) => endpoint) : endpoints,
  };
}

export function defaultEndpoints(endpoints: DecodedEndpoints): DecodedEndpoints {
  const lacks = ({ protocol }: DecodedEndpointPort) => !protocol;
  if (!endpoints.subsets?.some(({ ports }) => ports?.some(lacks))) return endpoints;
  const subsets = endpoints.subsets.map((subset) =>
    subset.ports?.some(lacks)
      ? { ...subset, ports: subset.ports.map((port) => (lacks(port) ? { ...port, protocol: 'TCP' } : port)) }
      : subset,
  );
  return { ...endpoints, subsets };
}

export function defaultNode(node: DecodedNode): DecodedNode {
  const spec = synchronizePodCIDRs(node.spec);
  const { capacity, allocatable } = node.status ?? {};
  const lacksAllocatable = capacity !== undefined && allocatable === undefined;
  if (spec === node.spec && !lacksAllocatable) return node;
  return {
    ...node,
    ...(spec === undefined ? {} : { spec }),
    ...(lacksAllocatable ? { status: { ...node.status, allocatable: capacity } } : {}),
  };
}

/** `podCIDR` is the first of `podCIDRs`; where they disagree, the single one counts. */
function synchronizePodCIDRs(spec: DecodedNode['spec']): DecodedNode['spec'] {
  const { podCIDR = '', podCIDRs = [] } = spec ?? {};
  const first = podCIDR === '' ? podCIDRs[0] : podCIDR;
  if (first === undefined || (podCIDR === first && podCIDRs[0] === first)) return spec;
  return { ...spec, podCIDR: first, podCIDRs: podCIDRs[0] === first ? podCIDRs : [first] };
}

export function defaultNamespace(namespace: DecodedNamespace): DecodedNamespace {
  const { metadata, spec, status } = namespace;
  const finalizers = spec?.finalizers ?? [];
  const withKubernetes = finalizers.includes('kubernetes') ? finalizers : [...finalizers, 'kubernetes'];
  const name = metadata?.name;
  const labels = name ? { ...metadata.labels, 'kubernetes.io/metadata.name': name } : undefined;
  return {
    ...namespace,
    metadata: labels === undefined ? { ...metadata } : { ...metadata, labels },
    spec: { ...spec, finalizers: withKubernetes },
    status: { phase: 'Active', ...status },
  };
}

/** Of a Pod only those defaults that a later stage reads. */
export function defaultPod(pod: DecodedPod): DecodedPod {
  const spec = { ...pod.spec };
  const defaulted = {
    ...spec,
    enableServiceLinks: spec.enableServiceLinks ?? true,
    restartPolicy: spec.restartPolicy || 'Always',
    ...(spec.containers === undefined ? {} : { containers: spec.containers.map(defaultContainer) }),
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: spec.initContainers.map(defaultContainer) }),
  };
  return { ...pod, spec: defaulted, status: defaultPodStatus(pod.status ?? {}) };
}

function defaultContainer(container: DecodedContainer): DecodedContainer {
  if (!container.ports?.some(({ protocol }) => !protocol)) return container;
  const ports = container.ports.map((port) => (port.protocol ? port : { ...port, protocol: 'TCP' }));
  return { ...container, ports };
}

/** `podIP` is the first of `podIPs`; where they disagree, the single one counts. */
function defaultPodStatus(status: NonNullable<DecodedPod['status']>): NonNullable<DecodedPod['status']> {
  const { podIP = '', podIPs = [] } = status;
  const phase = status.phase || 'Pending';
  const first = podIP === '' ? podIPs[0]?.ip : podIP;
  if (!first) return { ...status, phase };
  return { ...status, phase, podIP: first, podIPs: podIPs[0]?.ip === first ? podIPs : [{ ip: first }] };
}
