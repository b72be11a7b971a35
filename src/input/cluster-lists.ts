/** Where the API serves the kinds that are read from a cluster. */
import { OperationalError } from '../shared/operational-error.ts';
import { quote } from './quote.ts';

export type ClusterKind =
  | 'EndpointSlice'
  | 'Endpoints'
  | 'Namespace'
  | 'Node'
  | 'Pod'
  | 'Service'
  | 'ServiceCIDR';

/** The objects of one kind that are wanted. */
export interface ClusterList {
  readonly kind: ClusterKind;
  /** All namespaces if absent. */
  readonly namespace?: string | undefined;
  /** As `-l` takes it: `app=web,tier!=cache`. */
  readonly labelSelector?: string | undefined;
  /** `metadata.name=web`. */
  readonly fieldSelector?: string | undefined;
}

interface Resource {
  readonly apiVersion: string;
  readonly plural: string;
  /** Old API servers lack it, which is no fault. */
  readonly optional: boolean;
}

const RESOURCES: Readonly<Record<ClusterKind, Resource>> = {
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', plural: 'endpointslices', optional: false },
  Endpoints: { apiVersion: 'v1', plural: 'endpoints', optional: false },
  Namespace: { apiVersion: 'v1', plural: 'namespaces', optional: false },
  Node: { apiVersion: 'v1', plural: 'nodes', optional: false },
  Pod: { apiVersion: 'v1', plural: 'pods', optional: false },
  Service: { apiVersion: 'v1', plural: 'services', optional: false },
  // Served from 1.33 on.
  ServiceCIDR: { apiVersion: 'networking.k8s.io/v1', plural: 'servicecidrs', optional: true },
};

/** How many objects the API server is asked for at a time. */
export const PAGE_LIMIT = 500;

export function resourceOf(kind: ClusterKind): Resource {
  return RESOURCES[kind];
}

/** `services of namespace prod`. */
export function listName({ kind, namespace }: ClusterList): string {
  const { plural } = RESOURCES[kind];
  return namespace === undefined ? plural : `${plural} of namespace ${namespace}`;
}

export type ListFreshness = 'cache' | 'store';

/**
 * The path of one page: the first without a token, the others with the token that the one before gave.
 * @throws OperationalError where the namespace could not be one: `..` would be another path.
 */
export function listPath(list: ClusterList, from: ListFreshness, continueToken = ''): string {
  const query = new URLSearchParams({ limit: `${PAGE_LIMIT}` });
  if (continueToken !== '') query.set('continue', continueToken);
  else if (from === 'cache') query.set('resourceVersion', '0');
  return path(list, query);
}

/**
 * The path of what happens to the objects of a list from a moment on.
 * @throws OperationalError where the namespace could not be one.
 */
export function watchPath(list: ClusterList, resourceVersion: string): string {
  return path(list, new URLSearchParams({ watch: 'true', allowWatchBookmarks: 'true', resourceVersion }));
}

function path(list: ClusterList, query: URLSearchParams): string {
  const { apiVersion, plural } = RESOURCES[list.kind];
  if (list.namespace !== undefined && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(list.namespace)) {
    throw new OperationalError(`${quote(list.namespace)} is no name of a namespace`);
  }
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = list.namespace === undefined ? '' : `/namespaces/${list.namespace}`;
  if (list.labelSelector !== undefined) query.set('labelSelector', list.labelSelector);
  if (list.fieldSelector !== undefined) query.set('fieldSelector', list.fieldSelector);
  return `${group}${scope}/${plural}?${query}`;
}
