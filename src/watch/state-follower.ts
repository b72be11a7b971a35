/**
 * Keeps a cluster's state current. In: updates of the input. Out: the `ClusterState` after each, in which what has not changed
 * is the same object as before.
 *
 * In a live cluster the API server has settled every conflict between objects, so an object that changes is admitted by itself;
 * only where one is refused, or lacks what would have to be allocated, is everything admitted anew.
 */
import type { AcceptedObject } from '../apiserver/admit.ts';
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Kind } from '../apiserver/kinds.ts';
import { type ClusterRequest, type PreparedCluster, prepareCluster } from '../controllers/prepare-cluster.ts';
import type { SourceObject } from '../input/source.ts';
import { compareStrings } from '../shared/ordering.ts';
import { replaced } from '../shared/sorted-lists.ts';
import type { InputUpdate, ObjectChange } from './input-update.ts';

const LISTS = {
  Service: 'services',
  EndpointSlice: 'endpointSlices',
  Endpoints: 'endpoints',
  Node: 'nodes',
  Namespace: 'namespaces',
  ServiceCIDR: 'serviceCIDRs',
  Pod: 'pods',
} as const satisfies Readonly<Record<Kind, keyof ClusterState>>;

export class StateFollower {
  private readonly request: Omit<ClusterRequest, 'objects'>;
  /** Undefined where the next state cannot be built on it. */
  private state: ClusterState | undefined;

  constructor(request: Omit<ClusterRequest, 'objects'>) {
    this.request = request;
  }

  /** What the cluster is now, or undefined and why; diagnostics of a change are those of what has changed. */
  update({ source, changes }: InputUpdate): PreparedCluster {
    if (this.state !== undefined && changes !== undefined && this.request.live) {
      const updated = updateState(this.state, [...changes.values()], this.request);
      if (updated?.state !== undefined) {
        this.state = updated.state;
        return updated;
      }
    }
    const prepared = prepareCluster({ ...this.request, objects: source().objects });
    const isWhole = !prepared.diagnostics.some(({ severity }) => severity === 'error');
    this.state = isWhole && prepared.state?.allocations.length === 0 ? prepared.state : undefined;
    return prepared;
  }
}

/** Undefined where the changes cannot be looked at by themselves. */
function updateState(
  state: ClusterState,
  changes: readonly ObjectChange[],
  request: Omit<ClusterRequest, 'objects'>,
): PreparedCluster | undefined {
  const objects = changes.map(({ after }) => after).filter((after) => after !== undefined);
  const { state: admitted, diagnostics } = prepareCluster({ ...request, objects });
  if (admitted === undefined || admitted.allocations.length > 0) return undefined;
  if (diagnostics.some(({ severity }) => severity === 'error')) return undefined;
  const gone = changes.map(({ before }) => before).filter((before) => before !== undefined);
  const lists = Object.entries(LISTS).map(([kind, list]): [string, readonly Named[]] => {
    const goneOfKind = gone.filter((object) => object.kind === kind);
    return [list, updateList<Named>(state[list], goneOfKind, admitted[list])];
  });
  return { state: { ...state, ...Object.fromEntries(lists) }, diagnostics };
}

type Named = Pick<AcceptedObject, 'metadata'>;

function updateList<T extends Named>(
  list: readonly T[],
  gone: readonly SourceObject[],
  added: readonly T[],
): readonly T[] {
  if (gone.length === 0 && added.length === 0) return list;
  return replaced(
    list,
    gone.map(({ object }) => object as unknown as T),
    added,
    compareKeys,
  );
}

function compareKeys({ metadata: a }: Named, { metadata: b }: Named): number {
  const namespaceOf = (metadata: Named['metadata']) => ('namespace' in metadata && metadata.namespace) || '';
  return compareStrings(namespaceOf(a), namespaceOf(b)) || compareStrings(a.name, b.name);
}
