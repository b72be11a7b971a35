/**
 * Reads a Pod's status as the endpoint controllers of kube-controller-manager 1.37 do. In: a Pod. Out: single facts.
 */
import type { IPFamily, Pod, PodCondition } from '../apiserver/objects.ts';
import { canonicalIP } from '../shared/ip.ts';

/** All containers have stopped for good. Not to be confused with terminating, which is a Pod being deleted. */
export function isFinished({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function isTerminating({ metadata }: Pod): boolean {
  return Boolean(metadata.deletionTimestamp);
}

/** The first condition of type Ready, as it is the one that counts. */
export function readyCondition({ status }: Pod): PodCondition | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready');
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True';
}

/**
 * The Pod's addresses in canonical spelling, at most one a family. Where `podIP` and `podIPs` differ, `podIP` counts, as
 * the API server has it.
 */
export function podAddresses({ status }: Pod): readonly string[] {
  const podIP = status?.podIP ?? '';
  const listed = (status?.podIPs ?? []).map(({ ip }) => ip ?? '');
  const addresses = podIP === '' || listed[0] === podIP ? listed : [podIP];
  return addresses.flatMap((address) => canonicalIP(address) ?? []);
}

/** The family of an address in canonical spelling. */
export function familyOfAddress(address: string): IPFamily {
  return address.includes(':') ? 'IPv6' : 'IPv4';
}
