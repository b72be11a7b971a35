/**
 * Reads a live cluster. In: which lists are wanted. Out: their objects, all of them or none.
 *
 * Mirrors `kubectl get`: lists come in pages of 500, from the API server's cache where it offers one.
 */
import { setMaxListeners } from 'node:events';
import type { Origin } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { type ClusterList, listName, listPath, resourceOf } from './cluster-lists.ts';
import { type Kubectl, runKubectl } from './kubectl.ts';
import type { KubectlFailure } from './kubectl-error.ts';
import { type Item, type ListEnd, ListResponse, MalformedList } from './list-response.ts';
import type { Source, SourceObject } from './source.ts';

export type { ClusterKind, ClusterList } from './cluster-lists.ts';
export type { Kubectl, KubectlFlags } from './kubectl.ts';

export interface ClusterRequest {
  readonly lists: readonly ClusterList[];
  readonly kubectl: Kubectl;
  /** Ends the reading, which then fails. */
  readonly signal?: AbortSignal | undefined;
}

/** Where every object of a live cluster comes from; it has no lines. */
export const CLUSTER_ORIGIN: Origin = { file: 'cluster', document: 1, path: [] };

/** A list whose rest is gone before it was read is begun again this often. */
const ATTEMPTS = 3;

/**
 * Reads the lists, side by side.
 * @throws OperationalError with one sentence where any of them cannot be read to its end.
 */
export async function readCluster({ lists, kubectl, signal }: ClusterRequest): Promise<Source> {
  const others = new AbortController();
  const stop = signal === undefined ? others.signal : AbortSignal.any([others.signal, signal]);
  // All lists listen to it.
  setMaxListeners(0, stop);
  const read = async (list: ClusterList): Promise<ListResult> => {
    try {
      const result = await readList(list, kubectl, stop);
      // All that is forbidden is named at once; any other failure ends the rest.
      if (result.kind === 'failed') others.abort();
      return result;
    } catch (error) {
      others.abort();
      throw error;
    }
  };
  const settled = await Promise.allSettled(lists.map(read));
  for (const result of settled) if (result.status === 'rejected') throw result.reason;
  const results = settled.map((result) => (result as PromiseFulfilledResult<ListResult>).value);
  const objects: SourceObject[] = [];
  for (const result of results) {
    if (result.kind === 'failed') throw new OperationalError(result.message, { cause: result.detail });
    if (result.kind === 'read') for (const object of result.objects) objects.push(object);
  }
  const forbidden = results.filter((result) => result.kind === 'forbidden');
  if (forbidden.length > 0) throw forbiddenError(forbidden);
  if (results.some(({ kind }) => kind === 'aborted')) {
    throw new OperationalError('the reading of the cluster was broken off');
  }
  return { objects, passedOver: new Map(), diagnostics: [], locate: () => undefined };
}

interface Failed {
  readonly kind: 'failed';
  readonly message: string;
  readonly detail: string;
}

interface Forbidden {
  readonly kind: 'forbidden';
  readonly list: ClusterList;
  readonly message: string;
  readonly detail: string;
}

type ListResult =
  | { readonly kind: 'read'; readonly objects: readonly SourceObject[] }
  | Forbidden
  | Failed
  | { readonly kind: 'aborted' };

async function readList(list: ClusterList, kubectl: Kubectl, signal: AbortSignal): Promise<ListResult> {
  const name = listName(list);
  let expired: KubectlFailure | undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const result = await readPages(list, kubectl, signal);
    if (!('failure' in result)) return { kind: 'read', objects: result.objects };
    const { kind, message, detail } = result.failure;
    switch (kind) {
      case 'expired':
        expired = result.failure;
        continue;
      case 'forbidden':
        return { kind, list, message, detail };
      case 'notFound':
        if (resourceOf(list.kind).optional) return { kind: 'read', objects: [] };
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

type PagesResult = { readonly objects: readonly SourceObject[] } | { readonly failure: KubectlFailure };

async function readPages(list: ClusterList, kubectl: Kubectl, signal: AbortSignal): Promise<PagesResult> {
  const name = listName(list);
  const objects: SourceObject[] = [];
  let token = '';
  for (;;) {
    const page = await readPage(list, token, kubectl, signal);
    if ('kind' in page) {
      // A resource that has had a first page is served.
      const isLost = page.kind === 'notFound' && token !== '';
      const message = `the cluster lost the list of ${name}: ${page.message}`;
      return { failure: isLost ? failed(message) : page };
    }
    for (const item of page.items) objects.push(sourceObject(item, list, page.end));
    const next = page.end.continueToken;
    if (next === '') return { objects };
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
  token: string,
  kubectl: Kubectl,
  signal: AbortSignal,
): Promise<Page | KubectlFailure> {
  const name = listName(list);
  const response = new ListResponse();
  const push = (chunk: Uint8Array) => response.push(chunk);
  const command = ['get', '--raw', listPath(list, token)];
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
function sourceObject(item: Item, { kind }: ClusterList, { apiVersion }: ListEnd): SourceObject {
  const { metadata } = item;
  if (typeof metadata === 'object' && metadata !== null) {
    delete (metadata as { managedFields?: unknown }).managedFields;
  }
  return { apiVersion, kind, object: { apiVersion, kind, ...item }, origin: CLUSTER_ORIGIN };
}

/** All that is forbidden at once, so that a role is mended at once. */
function forbiddenError(refusals: readonly Forbidden[]): OperationalError {
  const [first, ...others] = refusals.map(({ list }) => listName(list));
  const last = others.pop();
  const names = last === undefined ? first : `${[first, ...others].join(', ')} and ${last}`;
  const reason = refusals[0]?.message;
  const message = `the cluster does not let you list ${names}: ${reason} (deploy/rbac.yaml has a ClusterRole that does)`;
  return new OperationalError(message, { cause: refusals.map(({ detail }) => detail).join('') });
}
