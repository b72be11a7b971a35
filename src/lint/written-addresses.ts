/** Addresses that somebody wrote by hand as endpoints. In: the cluster. Out: each with its place. */
import { ENDPOINTS_MANAGED_BY_LABEL, SLICE_MANAGED_BY_LABEL } from '../apiserver/labels.ts';
import type { EndpointSlice, Endpoints } from '../apiserver/objects.ts';
import type { FieldPath } from '../shared/diagnostic.ts';
import { canonicalIP } from '../shared/ip.ts';
import { isFromCluster, type LintedCluster } from './linted-cluster.ts';

export interface WrittenAddress {
  /** In canonical spelling. */
  readonly ip: string;
  readonly namespace: string;
  readonly owner: EndpointSlice | Endpoints;
  readonly path: FieldPath;
}

const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';

/** False for what a controller wrote, as a dump of a cluster has it. */
export function isByHand(object: Endpoints | EndpointSlice, cluster: LintedCluster): boolean {
  const { labels = {}, annotations = {} } = object.metadata;
  if (labels[ENDPOINTS_MANAGED_BY_LABEL] || labels[SLICE_MANAGED_BY_LABEL]) return false;
  return annotations[TRIGGER_TIME_ANNOTATION] === undefined && !isFromCluster(cluster.sourceOf(object));
}

export function* writtenAddresses(cluster: LintedCluster): Generator<WrittenAddress> {
  for (const owner of cluster.admitted.endpointSlices) {
    if (owner.addressType === 'FQDN' || !isByHand(owner, cluster)) continue;
    const { namespace } = owner.metadata;
    for (const [i, { addresses }] of owner.endpoints.entries()) {
      const ip = canonicalIP(addresses[0] ?? '');
      if (ip !== undefined) yield { ip, namespace, owner, path: ['endpoints', i, 'addresses', 0] };
    }
  }
  for (const owner of cluster.admitted.endpoints) {
    if (!isByHand(owner, cluster)) continue;
    const { namespace } = owner.metadata;
    for (const [i, { addresses = [] }] of (owner.subsets ?? []).entries()) {
      for (const [j, address] of addresses.entries()) {
        const ip = canonicalIP(address.ip);
        if (ip !== undefined) yield { ip, namespace, owner, path: ['subsets', i, 'addresses', j, 'ip'] };
      }
    }
  }
}
