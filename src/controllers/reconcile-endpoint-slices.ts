/**
 * Gives every Service its EndpointSlices.
 *
 * In: admitted objects. Out: the same with a slice for every endpoint. Slices in the input are taken as they are. A Service
 * without any gets those that kube-controller-manager 1.37 writes: from Pods if it has a selector, from its Endpoints object
 * if not. One liberty: in an input without Pods, Endpoints of a Service with a selector count too, since a dump of a
 * cluster may hold only those.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { ENDPOINTS_MANAGED_BY_LABEL, SERVICE_NAME_LABEL, SKIP_MIRROR_LABEL } from '../apiserver/labels.ts';
import type { EndpointSlice, Endpoints, Service } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { NamespacedNames } from '../shared/namespaced-names.ts';
import { planEndpointSlices } from './endpoint-slice-controller.ts';
import { deriveEndpoints } from './endpoints-controller.ts';
import {
  endpointSliceRefused,
  endpointsNotMirrored,
  endpointsOverwritten,
  nodesNotInInput,
  noEndpointsInInput,
} from './endpoints-diagnostics.ts';
import { MAX_ENDPOINTS_PER_SUBSET, mirrorEndpoints } from './mirror-endpoints.ts';
import { hasSelector, isSelecting, podCluster } from './pod-cluster.ts';

const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

export interface Reconciled {
  readonly state: ClusterState;
  readonly diagnostics: readonly Diagnostic[];
}

export function reconcileEndpointSlices(state: ClusterState): Reconciled {
  const derived = state.pods.length === 0 ? { state, diagnostics: [] } : deriveFromPods(state);
  const mirrored = mirrorFromEndpoints(derived.state);
  const served = servicesWithSlices(mirrored.state);
  for (const endpoints of state.endpoints) if (!isExempt(endpoints)) enter(served, endpoints);
  if (state.pods.length > 0) for (const service of state.services.filter(isSelecting)) enter(served, service);
  const missing = state.services
    .filter((service) => isProxied(service) && !isIn(served, service))
    .map((service) => noEndpointsInInput(state, service));
  return {
    state: mirrored.state,
    diagnostics: [...derived.diagnostics, ...mirrored.diagnostics, ...missing],
  };
}

/** What the EndpointSlice and Endpoints controllers do: Services with a selector. */
function deriveFromPods(state: ClusterState): Reconciled {
  const cluster = podCluster(state);
  const withSlices = servicesWithSlices(state);
  const selecting = new Map<string, Service>();
  const slices: EndpointSlice[] = [...state.endpointSlices];
  const origins = new Map(state.origins);
  const diagnostics: Diagnostic[] = [];
  for (const service of state.services) {
    if (!isSelecting(service)) continue;
    selecting.set(keyOf(service), service);
    if (isIn(withSlices, service)) continue;
    const origin = state.origins.get(service);
    for (const { slice, refusal } of planEndpointSlices(service, cluster)) {
      if (refusal !== undefined) {
        diagnostics.push(endpointSliceRefused(state, service, refusal));
        continue;
      }
      slices.push(slice);
      if (origin !== undefined) origins.set(slice, origin);
    }
  }
  if (slices.length > state.endpointSlices.length) diagnostics.push(...nodesNotInInput(state));
  const endpoints = state.endpoints.map((current) => {
    const service = selecting.get(keyOf(current));
    const derived = service === undefined ? undefined : deriveEndpoints(service, cluster, current);
    if (derived === undefined) return current;
    if (isByHand(current, derived)) diagnostics.push(endpointsOverwritten(state, current));
    const origin = state.origins.get(current);
    if (origin !== undefined) origins.set(derived, origin);
    return derived;
  });
  return { state: { ...state, endpointSlices: slices, endpoints, origins }, diagnostics };
}

/** What the EndpointSliceMirroring controller does: Services without a selector, or all if there are no Pods. */
function mirrorFromEndpoints(state: ClusterState): Reconciled {
  if (state.endpoints.length === 0) return { state, diagnostics: [] };
  const services = new Map(state.services.map((service) => [keyOf(service), service]));
  const withSlices = servicesWithSlices(state);
  const diagnostics: Diagnostic[] = [];
  const slices = [...state.endpointSlices];
  const origins = new Map(state.origins);
  const ignored = (endpoints: Endpoints, message: string, why: string) =>
    diagnostics.push(endpointsNotMirrored(state, endpoints, message, why));
  for (const endpoints of state.endpoints) {
    if (isExempt(endpoints)) continue;
    const service = services.get(keyOf(endpoints));
    if (service === undefined) {
      ignored(endpoints, 'there is no Service of this name', 'nothing uses these endpoints');
      continue;
    }
    if (state.pods.length > 0 && hasSelector(service)) continue;
    if (isIn(withSlices, service)) {
      const why = 'they count, this Endpoints object does not';
      ignored(endpoints, 'the Service has EndpointSlices', why);
      continue;
    }
    const mirrored = mirrorEndpoints(endpoints);
    const origin = state.origins.get(endpoints);
    slices.push(...mirrored.slices);
    if (origin !== undefined) for (const slice of mirrored.slices) origins.set(slice, origin);
    if (mirrored.dropped > 0) {
      const what = `${mirrored.dropped} addresses are beyond the ${MAX_ENDPOINTS_PER_SUBSET} of a subset`;
      ignored(endpoints, what, 'the mirroring controller leaves them out');
    }
  }
  return { state: { ...state, endpointSlices: slices, origins }, diagnostics };
}

function isExempt({ metadata }: Endpoints): boolean {
  return (
    metadata.labels?.[SKIP_MIRROR_LABEL] === 'true' ||
    Object.hasOwn(metadata.annotations ?? {}, LEADER_ANNOTATION)
  );
}

function isProxied({ spec }: Service): boolean {
  return spec.type !== 'ExternalName' && spec.clusterIP !== undefined && spec.clusterIP !== 'None';
}

function servicesWithSlices({ endpointSlices }: ClusterState): NamespacedNames {
  const names = new NamespacedNames();
  for (const { metadata } of endpointSlices) {
    names.add(metadata.namespace, metadata.labels?.[SERVICE_NAME_LABEL] ?? '');
  }
  return names;
}

function isIn(names: NamespacedNames, { metadata }: Service): boolean {
  return names.has(metadata.namespace, metadata.name);
}

function enter(names: NamespacedNames, { metadata }: Service | Endpoints): void {
  names.add(metadata.namespace, metadata.name);
}

function keyOf({ metadata }: Service | Endpoints): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** True for what a controller did not write, and which says something else than it would. */
function isByHand(current: Endpoints, derived: Endpoints): boolean {
  const managedBy = current.metadata.labels?.[ENDPOINTS_MANAGED_BY_LABEL];
  return (
    managedBy !== derived.metadata.labels?.[ENDPOINTS_MANAGED_BY_LABEL] &&
    addressesOf(current) !== addressesOf(derived)
  );
}

/** The addresses and ports of an Endpoints object, ready or not, as one text to compare. */
function addressesOf({ subsets }: Endpoints): string {
  const lines = (subsets ?? []).flatMap(({ addresses, notReadyAddresses, ports }) =>
    (ports ?? [undefined]).flatMap((port) =>
      [...(addresses ?? []), ...(notReadyAddresses ?? [])].map(
        ({ ip }) => `${ip} ${port?.port}/${port?.protocol}`,
      ),
    ),
  );
  return lines.sort().join('\n');
}
