/**
 * Reads a live cluster. In: which lists are wanted. Out: their objects, all of them or none.
 *
 * Mirrors `kubectl get`: lists come in pages of 500, from the API server's cache where it offers one.
 */
import { setMaxListeners } from 'node:events';
import { OperationalError } from '../shared/operational-error.ts';
import { type ClusterList, listName } from './cluster-lists.ts';
import type { Kubectl } from './kubectl.ts';
import { type ForbiddenList, type ListResult, type ReadList, readList } from './read-list.ts';
import type { Source, SourceObject } from './source.ts';

export type { ClusterKind, ClusterList } from './cluster-lists.ts';
export type { Kubectl } from './kubectl.ts';

export interface ClusterRequest {
  readonly lists: readonly ClusterList[];
  readonly kubectl: Kubectl;
  /** Ends the reading, which then fails. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the lists, side by side.
 * @throws OperationalError with one sentence where any of them cannot be read to its end.
 */
export async function readCluster(request: ClusterRequest): Promise<Source> {
  return clusterSource(await readLists(request));
}

/** What was read, as any other input. */
export function clusterSource(lists: readonly ReadList[]): Source {
  const objects: SourceObject[] = [];
  for (const list of lists) for (const object of list.objects) objects.push(object);
  return { objects, passedOver: new Map(), diagnostics: [], locate: () => undefined };
}

/**
 * Reads the lists, side by side, each with the moment that it is of.
 * @throws OperationalError as `readCluster` does.
 */
export async function readLists({ lists, kubectl, signal }: ClusterRequest): Promise<readonly ReadList[]> {
  const others = new AbortController();
  const stop = signal === undefined ? others.signal : AbortSignal.any([others.signal, signal]);
  // All lists listen to it.
  setMaxListeners(0, stop);
  const attempt = async (list: ClusterList): Promise<ListResult> => {
    try {
      const result = await readList(list, 'cache', kubectl, stop);
      // All that is forbidden is named at once; any other failure ends the rest.
      if (result.kind === 'failed') others.abort();
      return result;
    } catch (error) {
      others.abort();
      throw error;
    }
  };
  const settled = await Promise.allSettled(lists.map(attempt));
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  const results = settled.map((result) => (result as PromiseFulfilledResult<ListResult>).value);
  const failed = results.find((result) => result.kind === 'failed');
  if (failed !== undefined) throw new OperationalError(failed.message, { cause: failed.detail });
  const forbidden = results.filter((result) => result.kind === 'forbidden');
  if (forbidden.length > 0) throw forbiddenError(forbidden);
  const read = results.filter((result) => result.kind === 'read');
  if (read.length < results.length) throw new OperationalError('the reading of the cluster was broken off');
  return read;
}

/** All that is forbidden at once, so that a role is mended at once. */
function forbiddenError(refusals: readonly ForbiddenList[]): OperationalError {
  const [first, ...others] = refusals.map(({ list }) => listName(list));
  const last = others.pop();
  const names = last === undefined ? first : `${[first, ...others].join(', ')} and ${last}`;
  const reason = refusals[0]?.message;
  const message = `the cluster does not let you list ${names}: ${reason} (deploy/rbac.yaml has a ClusterRole that does)`;
  return new OperationalError(message, { cause: refusals.map(({ detail }) => detail).join('') });
}
