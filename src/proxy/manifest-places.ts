/**
 * Where what a node does was written down. In: the cluster. Out: for a service port and each of its endpoints the object,
 * its place in the manifests, and the Pod and node behind it. kube-proxy forgets all of this; people ask for it.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type {
  EndpointSlice,
  IPFamily,
  Pod,
  Service,
  Endpoint as SliceEndpoint,
} from '../apiserver/objects.ts';
import type { FieldPath, Origin } from '../shared/diagnostic.ts';
import { canonicalIP } from '../shared/ip.ts';
import { slicesByService } from './endpoint.ts';
import type { ServicePortInfo } from './service-port.ts';

/** A field of an object, or the object where the path is empty. */
export interface ManifestPlace {
  readonly origin: Origin;
  readonly path: FieldPath;
}

/** An address in a slice, with one port of the slice. */
export interface EndpointSource {
  readonly ip: string;
  readonly port: number;
  /** `10.0.0.1:80`, `[fd00::1]:80`. */
  readonly address: string;
  readonly endpoint: SliceEndpoint;
  readonly slice: EndpointSlice;
  /** What `targetRef` names, where that is a Pod. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined;
  readonly nodeName: string;
  readonly place: ManifestPlace | undefined;
}

export interface ManifestPlaces {
  readonly service: (namespace: string, name: string) => Service | undefined;
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  readonly of: (object: object, path?: FieldPath) => ManifestPlace | undefined;
  readonly servicePort: (servicePort: ServicePortInfo) => ManifestPlace | undefined;
  /** Every endpoint of a service port, those out of use included, in the order of slices; an address may occur twice. */
  readonly endpoints: (servicePort: ServicePortInfo, family: IPFamily) => readonly EndpointSource[];
}

export function manifestPlaces(state: ClusterState): ManifestPlaces {
  const services = new Map(state.services.map((service) => [keyOf(service), service]));
  const pods = new Map(state.pods.map((pod) => [keyOf(pod), pod]));
  const slices = new Map<IPFamily, ReturnType<typeof slicesByService>>();
  const slicesOf = (family: IPFamily, key: string) => {
    const known = slices.get(family) ?? slicesByService(state.endpointSlices, family);
    slices.set(family, known);
    return known.get(key) ?? [];
  };
  const of = (object: object, path: FieldPath = []): ManifestPlace | undefined => {
    const origin = state.origins.get(object);
    return origin === undefined ? undefined : { origin, path };
  };
  const servicePort = ({ namespace, serviceName, portName, port, protocol }: ServicePortInfo) => {
    const service = services.get(`${namespace}/${serviceName}`);
    const index = (service?.spec.ports ?? []).findIndex(
      (candidate) =>
        (candidate.name ?? '') === portName && candidate.port === port && candidate.protocol === protocol,
    );
    return service === undefined ? undefined : of(service, index < 0 ? [] : ['spec', 'ports', index]);
  };
  const endpoints = (info: ServicePortInfo, family: IPFamily): readonly EndpointSource[] => {
    const key = `${info.namespace}/${info.serviceName}`;
    return slicesOf(family, key).flatMap((slice) => {
      const isDerived = isOriginOfOther(state, slice, services.get(key));
      const place = (index: number, pod: Pod | undefined) =>
        isDerived ? of(pod ?? slice) : of(slice, ['endpoints', index]);
      return endpointSources(slice, info, pods, place);
    });
  };
  const pod = (namespace: string, name: string) => pods.get(`${namespace}/${name}`);
  return {
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    pod,
    of,
    servicePort,
    endpoints,
  };
}

/** A slice that a controller made bears the origin of the Service or the Endpoints object that it was made of. */
function isOriginOfOther(state: ClusterState, slice: EndpointSlice, service: Service | undefined): boolean {
  const origin = state.origins.get(slice);
  if (origin === undefined || (service !== undefined && origin === state.origins.get(service))) return true;
  return state.endpoints.some((endpoints) => state.origins.get(endpoints) === origin);
}

function endpointSources(
  slice: EndpointSlice,
  { portName, protocol }: ServicePortInfo,
  pods: ReadonlyMap<string, Pod>,
  place: (index: number, pod: Pod | undefined) => ManifestPlace | undefined,
): EndpointSource[] {
  const ports = (slice.ports ?? []).filter(
    ({ name, protocol: transport }) => (name ?? '') === portName && (transport ?? 'TCP') === protocol,
  );
  return ports.flatMap(({ port }) =>
    slice.endpoints.flatMap((endpoint, index): EndpointSource[] => {
      const ip = canonicalIP(endpoint.addresses[0] ?? '');
      if (ip === undefined || !port) return [];
      const { kind, name, namespace = slice.metadata.namespace } = endpoint.targetRef ?? {};
      const named = (kind ?? 'Pod') === 'Pod' && name ? { namespace, name } : undefined;
      const pod = named && pods.get(`${named.namespace}/${named.name}`);
      return [
        {
          ip,
          port,
          address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
          endpoint,
          slice,
          pod: named,
          nodeName: endpoint.nodeName ?? '',
          place: place(index, pod),
        },
      ];
    }),
  );
}

function keyOf({ metadata }: Service | Pod): string {
  return `${metadata.namespace}/${metadata.name}`;
}
