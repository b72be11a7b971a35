/**
 * What the API server holds after admission. In: nothing; this file is the shape that `admit` returns and that every
 * later room reads.
 */
import type { Origin } from '../shared/diagnostic.ts';
import type { EndpointSlice, Endpoints, Namespace, Node, Pod, Service, ServiceCIDR } from './objects.ts';

/** Lists are sorted by namespace and name, so that no later stage depends on the order of the input. */
export interface ClusterState {
  readonly services: readonly Service[];
  readonly endpointSlices: readonly EndpointSlice[];
  readonly endpoints: readonly Endpoints[];
  readonly nodes: readonly Node[];
  readonly namespaces: readonly Namespace[];
  readonly serviceCIDRs: readonly ServiceCIDR[];
  readonly pods: readonly Pod[];
  /** Where each object of the lists above came from, by identity. */
  readonly origins: ReadonlyMap<object, Origin>;
  /** Values that the input left to the API server, sorted by namespace, name and field. */
  readonly allocations: readonly Allocation[];
}

/** A cluster IP or port that the API server would have chosen. */
export interface Allocation {
  readonly namespace: string;
  readonly name: string;
  /** `spec.clusterIPs[0]`, `spec.ports[1].nodePort`, `spec.healthCheckNodePort`. */
  readonly field: string;
  readonly value: string | number;
}
