/**
 * A cluster as its DNS sees it. In: a `ClusterState`. Out: Services with the endpoints that are ready, indexed by all that is
 * asked for. Mirrors the cache of the plugin `kubernetes` of CoreDNS 1.15.
 */
import type { ClusterState } from '../../apiserver/cluster-state.ts';
import type { EndpointSlice, Pod, Service } from '../../apiserver/objects.ts';
import { compareStrings } from '../../shared/ordering.ts';
import { dashedAddress, type Host, hostOf } from './host.ts';

/** In CoreDNS the number of a port that an object does not give. */
export const NO_PORT = -1;

export interface ServedPort {
  /** Empty where it has none. */
  readonly name: string;
  readonly protocol: string;
  readonly port: number;
}

export interface ServedEndpoint {
  readonly host: Host;
  /** Its label below the Service's name. */
  readonly label: string;
}

/** The ready endpoints of one EndpointSlice, each with all of its ports. */
export interface ServedSlice {
  readonly endpoints: readonly ServedEndpoint[];
  readonly ports: readonly ServedPort[];
}

export interface ServedService {
  readonly name: string;
  readonly namespace: string;
  readonly headless: boolean;
  /** Of type ExternalName alone. */
  readonly externalName: string | undefined;
  /** Empty for headless Services. */
  readonly clusterIPs: readonly Host[];
  readonly ports: readonly ServedPort[];
  readonly slices: readonly ServedSlice[];
}

export interface ServedCluster {
  /** In the order of the state. */
  readonly services: readonly ServedService[];
  /** By `NAME.NAMESPACE`. */
  readonly byName: ReadonlyMap<string, ServedService>;
  readonly byClusterIP: ReadonlyMap<string, ServedService>;
  /** The names below `svc` of all ready endpoints, by address. Their Services need not exist. */
  readonly byEndpointIP: ReadonlyMap<string, readonly EndpointName[]>;
  readonly namespaces: ReadonlySet<string>;
  /** The namespaces of running Pods, by address. */
  readonly podNamespaces: ReadonlyMap<string, ReadonlySet<string>>;
  /** Endpoints of a Service by their labels, made when first asked for. */
  readonly labelled: (service: ServedService) => ReadonlyMap<string, readonly ServedSlice[]>;
}

export interface EndpointName {
  readonly label: string;
  /** `NAME.NAMESPACE` of the Service. */
  readonly service: string;
}

/** Every cluster has them. */
const SYSTEM_NAMESPACES = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];

/**
 * @param apiServerIP the cluster IP of Service default/kubernetes, which every API server makes, where the state lacks it
 */
export function serveCluster(state: ClusterState, apiServerIP?: string): ServedCluster {
  const slices = new Map<string, ServedSlice[]>();
  const byEndpointIP = new Map<string, EndpointName[]>();
  for (const slice of state.endpointSlices) {
    const served = serveSlice(slice);
    const key = `${slice.metadata.labels?.['kubernetes.io/service-name'] ?? ''}.${slice.metadata.namespace}`;
    append(slices, key, served);
    for (const { host, label } of served.endpoints) append(byEndpointIP, host.text, { label, service: key });
  }
  const services = withApiServer(state.services, apiServerIP).map((service) =>
    serveService(service, slices.get(`${service.metadata.name}.${service.metadata.namespace}`) ?? []),
  );
  return {
    services,
    byName: new Map(services.map((service) => [`${service.name}.${service.namespace}`, service])),
    byClusterIP: clusterIPIndex(services),
    byEndpointIP,
    namespaces: namespacesOf(state),
    podNamespaces: podIndex(state.pods),
    labelled: labelIndex(),
  };
}

function withApiServer(services: readonly Service[], clusterIP: string | undefined): readonly Service[] {
  const isThere = services.some(
    ({ metadata }) => metadata.namespace === 'default' && metadata.name === 'kubernetes',
  );
  const isTaken = services.some(({ spec }) => spec.clusterIPs?.includes(clusterIP ?? ''));
  if (clusterIP === undefined || isThere || isTaken) return services;
  const kubernetes: Service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      sessionAffinity: 'None',
      ports: [{ name: 'https', protocol: 'TCP', port: 443, targetPort: 6443 }],
    },
  };
  return [...services, kubernetes].sort(
    (a, b) =>
      compareStrings(a.metadata.namespace, b.metadata.namespace) ||
      compareStrings(a.metadata.name, b.metadata.name),
  );
}

function append<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function serveService(service: Service, slices: readonly ServedSlice[]): ServedService {
  const { metadata, spec } = service;
  const isExternal = spec.type === 'ExternalName';
  const clusterIPs = isExternal ? [] : (spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []));
  const headless = clusterIPs[0] === 'None';
  const ports = (spec.ports ?? []).map(({ name = '', protocol, port }) => ({ name, protocol, port }));
  return {
    name: metadata.name,
    namespace: metadata.namespace,
    headless,
    externalName: isExternal ? (spec.externalName ?? '') : undefined,
    clusterIPs: headless ? [] : clusterIPs.map(hostOf),
    ports: ports.length === 0 ? [{ name: '', protocol: '', port: NO_PORT }] : ports,
    slices,
  };
}

function serveSlice({ endpoints, ports }: EndpointSlice): ServedSlice {
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready ?? true);
  const served = (ports ?? []).map(({ name, protocol, port }) => ({
    name: name ?? '',
    protocol: protocol ?? '',
    port: port ?? NO_PORT,
  }));
  return {
    endpoints: ready.flatMap(({ addresses, hostname }) =>
      addresses.map((address) => ({ host: hostOf(address), label: hostname || dashedAddress(address) })),
    ),
    ports: served.length === 0 ? [{ name: '', protocol: '', port: NO_PORT }] : served,
  };
}

function clusterIPIndex(services: readonly ServedService[]): Map<string, ServedService> {
  const index = new Map<string, ServedService>();
  for (const service of services) {
    for (const { text } of service.clusterIPs) if (!index.has(text)) index.set(text, service);
  }
  return index;
}

/** Those of the input, and those that must be there because something is in them. */
function namespacesOf(state: ClusterState): Set<string> {
  const namespaces = new Set(SYSTEM_NAMESPACES);
  for (const { metadata } of state.namespaces) namespaces.add(metadata.name);
  for (const objects of [state.services, state.endpointSlices, state.endpoints, state.pods]) {
    for (const { metadata } of objects) namespaces.add(metadata.namespace);
  }
  return namespaces;
}

/** Pods that have ended or are being deleted are not answered for. */
function podIndex(pods: readonly Pod[]): Map<string, Set<string>> {
  const index = new Map<string, Set<string>>();
  for (const { metadata, status } of pods) {
    if (metadata.deletionTimestamp || /^(Succeeded|Failed|Unknown)$/.test(status?.phase ?? '')) continue;
    for (const { ip } of status?.podIPs ?? []) {
      if (!ip) continue;
      const namespaces = index.get(ip);
      if (namespaces === undefined) index.set(ip, new Set([metadata.namespace]));
      else namespaces.add(metadata.namespace);
    }
  }
  return index;
}

function labelIndex(): ServedCluster['labelled'] {
  const indexes = new WeakMap<ServedService, ReadonlyMap<string, readonly ServedSlice[]>>();
  return (service) => {
    const known = indexes.get(service);
    if (known !== undefined) return known;
    const index = new Map<string, ServedSlice[]>();
    for (const { endpoints, ports } of service.slices) {
      for (const endpoint of endpoints) {
        append(index, endpoint.label.toLowerCase(), { endpoints: [endpoint], ports });
      }
    }
    indexes.set(service, index);
    return index;
  };
}
