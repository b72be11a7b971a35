/**
 * Where a Service has endpoints. In: a Service and the cluster. Out: which of the Nodes of the input have none, as far as the
 * input tells: from slices, or else from the kind of the workload.
 */
import type { Endpoint, Service } from '../apiserver/objects.ts';
import { isSelecting } from '../controllers/pod-cluster.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { LintedCluster } from './linted-cluster.ts';

export type LocalEndpoints =
  /** The input does not tell. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'everywhere' }
  /** Hand-written endpoints that name no node are on none. */
  | { readonly kind: 'nowhere' }
  | { readonly kind: 'not-on'; readonly nodes: readonly string[]; readonly of: number };

export function localEndpoints(service: Service, cluster: LintedCluster): LocalEndpoints {
  const ready = cluster
    .slicesOf(service)
    .filter(({ addressType }) => addressType !== 'FQDN')
    .flatMap(({ endpoints }) => endpoints)
    .filter(isReady);
  if (ready.length === 0) return { kind: 'unknown' };
  const used = new Set(ready.map(({ nodeName }) => nodeName ?? ''));
  if (used.size === 1 && used.has(''))
    return isSelecting(service) ? { kind: 'unknown' } : { kind: 'nowhere' };
  const nodes = cluster.admitted.nodes.map(({ metadata }) => metadata.name);
  if (nodes.length === 0) return { kind: 'unknown' };
  const without = nodes.filter((node) => !used.has(node)).sort(compareStrings);
  return without.length === 0 ? { kind: 'everywhere' } : { kind: 'not-on', nodes: without, of: nodes.length };
}

function isReady({ conditions }: Endpoint): boolean {
  return conditions?.ready ?? true;
}

/** `worker-2, worker-3 and 4 more (6 of 9 Nodes)`. */
export function formatNodes(nodes: readonly string[], of: number): string {
  const rest = nodes.length > 3 ? ` and ${nodes.length - 3} more` : '';
  return `${nodes.slice(0, 3).join(', ')}${rest} (${nodes.length} of ${of} Node${of === 1 ? '' : 's'})`;
}

/** A Node and a slice whose only endpoint is on it, or on none; for examples. */
export function exampleOnNode(nodeName: string): string {
  return `apiVersion: v1
kind: Node
metadata: {name: worker-1}
---
apiVersion: v1
kind: Node
metadata: {name: worker-2}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-1
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
endpoints:
  - addresses: [10.244.1.7]
    nodeName: ${nodeName}
  - addresses: [10.244.1.8]
    nodeName: worker-1
ports:
  - port: 8080
`;
}
