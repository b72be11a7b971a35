/**
 * The IP families in which a Service has endpoints. In: a Service. Out: families, IPv4 first. Mirrors
 * `getAddressTypesForService` of k8s.io/endpointslice 0.37.
 */
import type { IPFamily, Service } from '../apiserver/objects.ts';

/** Without `ipFamilies`, which admission sets, the cluster IP tells; a headless Service then has both. */
export function serviceFamilies({ spec }: Service): readonly IPFamily[] {
  const families = spec.ipFamilies ?? [];
  if (families.length > 0) return (['IPv4', 'IPv6'] as const).filter((family) => families.includes(family));
  if (!spec.clusterIP || spec.clusterIP === 'None') return ['IPv4', 'IPv6'];
  return [spec.clusterIP.includes(':') ? 'IPv6' : 'IPv4'];
}

/** True if the Service has no cluster IP, which its slices and Endpoints carry as a label. */
export function isHeadless({ spec }: Service): boolean {
  return !spec.clusterIP || spec.clusterIP === 'None';
}
