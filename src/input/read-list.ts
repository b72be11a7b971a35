/**
 * Reads one list of a live cluster. In: which objects are wanted. Out: all of them, and the moment that they are of; or why
 * there are none.
 *
 * Mirrors `kubectl get`: lists come in pages of 500.
 */
import type { Origin } from '../shared/diagnostic.ts';
import {
  type ClusterKind,
  type ClusterList,
  type ListFreshness,
  listName,
  listPath,
  resourceOf,
} from './cluster-lists.ts';
import { type Kubectl, runKubectl } from './kubectl.ts';
import type { KubectlFailure } from './kubectl-error.ts';
import { type Item, type ListEnd, ListResponse, MalformedList } from './list-response.ts';
import type { SourceObject } from './source.ts';

/** Where every object of a live cluster comes from; it has no lines. */
export const CLUSTER_ORIGIN: Origin = { file: 'cluster', document: 1, path: [] };

/** A list whose rest is gone before it was read is begun again this often. */
const ATTEMPTS = 3;

export interface FailedList {
  readonly kind: 'failed';
  readonly message: string;
  readonly detail: string;
}

export interface ForbiddenList {
  readonly kind: 'forbidden';
  readonly list: ClusterList;
  readonly message: string;
  readonly detail: string;
}

export interface ReadList extends ListContents {
  readonly kind: 'read';
  readonly list: ClusterList;
}

interface ListContents {
  readonly objects: readonly SourceObject[];
  /** The moment that the objects are of, from which on they can be watched; empty where the cluster has no such list. */
  readonly resourceVersion: string;
}

export type ListResult = ReadList | ForbiddenList | FailedList | { readonly kind: 'aborted' };

/**
 * @param from `cache` takes what the API server has at hand, which may be a moment old; `store` what is there now
 * @throws OperationalError where kubectl cannot be run.
 */
export async function readList(
  list: ClusterList,
  from: ListFreshness,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<ListResult> {
  const name = listName(list);
  let expired: KubectlFailure | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const result = await readPages(list, from, kubectl, signal);
    if (!('failure' in result)) return { kind: 'read', list, ...result };
    const { kind, message, detail } = result.failure;
    switch (kind) {
      case 'expired':
        expired = result.failure;
        continue;
      case 'forbidden':
        return { kind, list, message, detail };
      case 'notFound':
        if (resourceOf(list.kind).optional) return { kind: 'read', list, objects: [], resourceVersion: '' };
        return { kind: 'failed', message: `the cluster does not serve ${name}: ${message}`, detail };
      case 'failed':
        return { kind, message, detail };
      case 'aborted':
        return { kind };
    }
  }
  const message = `the list of ${name} was gone before it was read, ${ATTEMPTS} times: ${expired?.message}`;
  return { kind: 'failed', message, detail: expired?.detail ?? '' };
}

type PagesResult = ListContents | { readonly failure: KubectlFailure };

async function readPages(
  list: ClusterList,
  from: ListFreshness,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<PagesResult> {
  const name = listName(list);
  const objects: SourceObject[] = [];
  let token = '';
  for (;;) {
    const page = await readPage(list, listPath(list, from, token), kubectl, signal);
    if ('kind' in page) {
      // A resource that has had a first page is served.
      const isLost = page.kind === 'notFound' && token !== '';
      const message = `the cluster lost the list of ${name}: ${page.message}`;
      return { failure: isLost ? failed(message) : page };
    }
    for (const item of page.items) objects.push(clusterObject(item, list.kind, page.end.apiVersion));
    const next = page.end.continueToken;
    if (next === '') return { objects, resourceVersion: page.end.resourceVersion };
    if (next === token) return { failure: failed(`the cluster never ends its list of ${name}`) };
    token = next;
  }
}

interface Page {
  readonly items: readonly Item[];
  readonly end: ListEnd;
}

async function readPage(
  list: ClusterList,
  path: string,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<Page | KubectlFailure> {
  const name = listName(list);
  const response = new ListResponse();
  const push = (chunk: Uint8Array) => response.push(chunk);
  const command = ['get', '--raw', path];
  try {
    const failure = await runKubectl(kubectl, command, `listed ${name}`, push, signal);
    return failure ?? { items: response.items, end: response.end() };
  } catch (error) {
    if (!(error instanceof MalformedList)) throw error;
    return failed(`kubectl gave no complete list of ${name}: ${error.message}`);
  }
}

function failed(message: string): KubectlFailure {
  return { kind: 'failed', message, detail: '' };
}

/** Items of a list lack the kind, which the list has; who wrote which field when is of no use here. */
export function clusterObject(item: Item, kind: ClusterKind, apiVersion: string): SourceObject {
  const { metadata } = item;
  if (typeof metadata === 'object' && metadata !== null) {
    delete (metadata as { managedFields?: unknown }).managedFields;
  }
  return { apiVersion, kind, object: { apiVersion, kind, ...item }, origin: CLUSTER_ORIGIN };
}
