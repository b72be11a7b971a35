/**
 * Why a Service has no endpoint at all. In: the cluster and a Service for which no slice has an address, or none with its
 * ports. Out: the reason, and what is close to being right.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { Service } from '../apiserver/objects.ts';
import { formatMembershipReason } from '../controllers/endpoint-slice-judgement.ts';
import { memberships } from '../controllers/endpoint-slice-membership.ts';
import { hasSelector, type PodCluster } from '../controllers/pod-cluster.ts';

export interface PodsOfInput {
  readonly state: ClusterState;
  readonly cluster: PodCluster;
  /** Whether the input has Pods, of the Service's namespace, that count. */
  readonly arePodsKnown: boolean;
}

const MOST_REASONS = 3;

/** A clause behind "has no endpoints:". It quotes the input. */
export function whyNoEndpoints(service: Service, { state, cluster, arePodsKnown }: PodsOfInput): string {
  const { namespace, name } = service.metadata;
  const slices = state.endpointSlices.filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.labels?.[SERVICE_NAME_LABEL] === name,
  );
  const addresses = slices.flatMap(({ endpoints }) => endpoints).length;
  if (!hasSelector(service)) {
    if (addresses > 0) return unmatchedPorts(service, slices);
    return slices.length > 0
      ? 'it has no selector, and its EndpointSlices hold no address'
      : `it has no selector, so nobody but you writes an EndpointSlice with the label ${SERVICE_NAME_LABEL}=${name}, and there is none`;
  }
  const selector = Object.entries(service.spec.selector ?? {});
  const wanted = selector.map(([key, value]) => `${key}=${value}`).join(',');
  if (!arePodsKnown) {
    if (addresses > 0) return unmatchedPorts(service, slices);
    return slices.length > 0
      ? `its EndpointSlices hold no address; the input has no Pods of ${namespace} to tell why (selector ${wanted})`
      : 'the input has neither Pods nor EndpointSlices for it';
  }
  const pods = cluster.selectPods(service);
  if (pods.length === 0)
    return `its selector ${wanted} matches no Pod of ${namespace}${nearMisses(service, state)}`;
  const reasons = new Map<string, number>();
  for (const { standing, reason } of memberships(service, cluster)) {
    if (standing === 'ready') continue;
    const text = formatMembershipReason(reason);
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  const [first] = reasons.keys();
  const what =
    pods.length === 1
      ? `the Pod ${pods[0]?.metadata.name} that it selects`
      : `each of the ${pods.length} Pods that it selects`;
  if (first === undefined)
    return addresses > 0 ? unmatchedPorts(service, slices) : `no slice holds ${what} yet`;
  if (reasons.size === 1) return `${what}: ${first}`;
  const listed = [...reasons].slice(0, MOST_REASONS).map(([text, count]) => `${text} (${count})`);
  const more = reasons.size > MOST_REASONS ? `; and ${reasons.size - MOST_REASONS} more reasons` : '';
  return `none of the ${pods.length} Pods that it selects will do: ${listed.join('; ')}${more}`;
}

function unmatchedPorts({ spec }: Service, slices: ClusterState['endpointSlices']): string {
  const text = (ports: readonly { readonly name?: string | null; readonly protocol?: string | null }[]) =>
    [
      ...new Set(ports.map(({ name, protocol }) => `${JSON.stringify(name ?? '')}/${protocol ?? 'TCP'}`)),
    ].join(', ');
  const held = text(slices.flatMap(({ ports }) => ports ?? []));
  return `its slices have ${held === '' ? 'no ports' : `ports named ${held}`}, the Service ${text(spec.ports ?? [])}`;
}

/** Labels that Pods do have, where one of the selector's is written otherwise; or the namespace in which such Pods are. */
function nearMisses({ metadata, spec }: Service, { pods }: ClusterState): string {
  const selector = Object.entries(spec.selector ?? {});
  const isMatching = (labels: Readonly<Record<string, string>> = {}) =>
    selector.every(([key, value]) => labels[key] === value);
  const elsewhere = pods
    .filter((pod) => isMatching(pod.metadata.labels))
    .map((pod) => pod.metadata.namespace);
  if (elsewhere.length > 0) return `; such Pods are in ${[...new Set(elsewhere)].slice(0, 3).join(', ')}`;
  const values = new Set<string>();
  for (const pod of pods) {
    if (pod.metadata.namespace !== metadata.namespace) continue;
    const missed = selector.filter(([key, value]) => pod.metadata.labels?.[key] !== value);
    const [key] = missed[0] ?? [];
    if (missed.length !== 1 || key === undefined) continue;
    const value = pod.metadata.labels?.[key];
    values.add(value === undefined ? `Pods without the label ${key}` : `Pods with ${key}=${value}`);
  }
  return values.size === 0 ? '' : `; there are ${[...values].slice(0, 3).join(', ')}`;
}
