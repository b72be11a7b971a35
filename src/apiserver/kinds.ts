/** The kinds that are admitted, with the one version of their API that Kubernetes 1.37 still serves. */

export type Kind = 'EndpointSlice' | 'Endpoints' | 'Namespace' | 'Node' | 'Pod' | 'Service' | 'ServiceCIDR';

export interface KindDescription {
  readonly apiVersion: string;
  readonly namespaced: boolean;
}

const DESCRIPTIONS: Readonly<Record<Kind, KindDescription>> = {
  EndpointSlice: { apiVersion: 'discovery.k8s.io/v1', namespaced: true },
  Endpoints: { apiVersion: 'v1', namespaced: true },
  Namespace: { apiVersion: 'v1', namespaced: false },
  Node: { apiVersion: 'v1', namespaced: false },
  Pod: { apiVersion: 'v1', namespaced: true },
  Service: { apiVersion: 'v1', namespaced: true },
  ServiceCIDR: { apiVersion: 'networking.k8s.io/v1', namespaced: false },
};

export const KINDS = Object.keys(DESCRIPTIONS) as readonly Kind[];

export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(DESCRIPTIONS, kind);
}

export function describeKind(kind: Kind): KindDescription {
  return DESCRIPTIONS[kind];
}
