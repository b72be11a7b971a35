/**
 * From the objects of the input to the cluster that they make. In: objects. Out: the `ClusterState` after admission and the
 * controllers, and what is to be said of it.
 */
import { type AdmissionOptions, admit, DEFAULT_ADMISSION_OPTIONS } from '../apiserver/admit.ts';
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { modernizeStoredObjects } from '../apiserver/stored-objects.ts';
import type { SourceObject } from '../input/source.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { clusterAt, type Moment } from './node-lifecycle.ts';
import { reconcileEndpointSlices } from './reconcile-endpoint-slices.ts';

export interface ClusterRequest {
  /** Manifests; those of kind KubeProxyConfiguration are not part of the cluster. */
  readonly objects: readonly SourceObject[];
  /** What differs from `DEFAULT_ADMISSION_OPTIONS`. */
  readonly admission?: Partial<AdmissionOptions>;
  /** Go on without the objects that are refused. */
  readonly skipInvalid?: boolean;
  /** The objects are those of a live cluster, whose controllers have made every EndpointSlice. */
  readonly live?: boolean;
  /** Nodes have not reported since, up to this moment. */
  readonly moment?: Moment | undefined;
}

export interface PreparedCluster {
  /** Undefined where an object was refused and `skipInvalid` is not set. */
  readonly state: ClusterState | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/** Admits the objects and gives every Service its EndpointSlices. */
export function prepareCluster(request: ClusterRequest): PreparedCluster {
  const modernized = modernizeStoredObjects(request.objects);
  const options = { ...DEFAULT_ADMISSION_OPTIONS, stored: true, ...request.admission };
  const { state: admitted, diagnostics: found } = admit(modernized.objects, options);
  const admission = { state: admitted, diagnostics: [...modernized.diagnostics, ...found] };
  const refused = admission.diagnostics.some(({ severity }) => severity === 'error');
  if (refused && !request.skipInvalid) return { state: undefined, diagnostics: admission.diagnostics };
  if (request.live) return { state: admission.state, diagnostics: admission.diagnostics };
  const later = request.moment === undefined ? admission.state : clusterAt(admission.state, request.moment);
  const { state, diagnostics } = reconcileEndpointSlices(later);
  return { state, diagnostics: [...admission.diagnostics, ...diagnostics] };
}
