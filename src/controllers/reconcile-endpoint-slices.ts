/**
 * Gives every Service its EndpointSlices.
 *
 * In: admitted objects. Out: the same with a slice for every endpoint. Slices in the input are taken as they are; where a
 * Service has none, its Endpoints object is mirrored. Mirrors kube-controller-manager 1.37, with one liberty: Endpoints of
 * a Service with a selector, which the controllers write themselves in a live cluster, count too, since a dump of a
 * cluster may hold only those.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Endpoints, Service } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { MAX_ENDPOINTS_PER_SUBSET, mirrorEndpoints } from './mirror-endpoints.ts';

const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

export interface Reconciled {
  readonly state: ClusterState;
  readonly diagnostics: readonly Diagnostic[];
}

export function reconcileEndpointSlices(state: ClusterState): Reconciled {
  const services = new Set(state.services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const withSlices = new Set(
    state.endpointSlices.map(
      ({ metadata }) => `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL] ?? ''}`,
    ),
  );
  const diagnostics: Diagnostic[] = [];
  const slices = [...state.endpointSlices];
  const origins = new Map(state.origins);
  for (const endpoints of state.endpoints) {
    const { metadata } = endpoints;
    const key = `${metadata.namespace}/${metadata.name}`;
    if (
      metadata.labels?.[SKIP_MIRROR_LABEL] === 'true' ||
      Object.hasOwn(metadata.annotations ?? {}, LEADER_ANNOTATION)
    ) {
      continue;
    }
    if (!services.has(key)) {
      diagnostics.push(
        warning(state, endpoints, 'there is no Service of this name', 'nothing uses these endpoints'),
      );
      continue;
    }
    if (withSlices.has(key)) {
      diagnostics.push(
        warning(
          state,
          endpoints,
          'the Service has EndpointSlices',
          'they count, this Endpoints object does not',
        ),
      );
      continue;
    }
    withSlices.add(key);
    const mirrored = mirrorEndpoints(endpoints);
    slices.push(...mirrored.slices);
    const origin = state.origins.get(endpoints);
    if (origin !== undefined) for (const slice of mirrored.slices) origins.set(slice, origin);
    if (mirrored.dropped > 0) {
      const what = `${mirrored.dropped} addresses are beyond the ${MAX_ENDPOINTS_PER_SUBSET} of a subset`;
      diagnostics.push(warning(state, endpoints, what, 'the mirroring controller leaves them out'));
    }
  }
  for (const service of state.services) {
    if (lacksEndpoints(service, withSlices)) {
      diagnostics.push({
        severity: 'warning',
        code: 'NoEndpointsInInput',
        message: 'the input has no EndpointSlice and no Endpoints for this Service',
        why: 'it is compiled as a Service without endpoints: connections are rejected',
        object: { kind: 'Service', namespace: service.metadata.namespace, name: service.metadata.name },
        ...originOf(state, service),
      });
    }
  }
  return { state: { ...state, endpointSlices: slices, origins }, diagnostics };
}

function lacksEndpoints({ metadata, spec }: Service, withSlices: ReadonlySet<string>): boolean {
  const isProxied = spec.type !== 'ExternalName' && spec.clusterIP !== undefined && spec.clusterIP !== 'None';
  return isProxied && !withSlices.has(`${metadata.namespace}/${metadata.name}`);
}

function warning(state: ClusterState, endpoints: Endpoints, message: string, why: string): Diagnostic {
  return {
    severity: 'warning',
    code: 'EndpointsNotMirrored',
    message,
    why,
    object: { kind: 'Endpoints', namespace: endpoints.metadata.namespace, name: endpoints.metadata.name },
    ...originOf(state, endpoints),
  };
}

function originOf(state: ClusterState, object: object): Pick<Diagnostic, 'origin'> {
  const origin = state.origins.get(object);
  return origin === undefined ? {} : { origin };
}
