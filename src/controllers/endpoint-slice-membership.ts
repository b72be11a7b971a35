/**
 * Why each Pod that a Service selects is one of its endpoints, or not.
 *
 * In: a Service and the Pods and Nodes of its cluster. Out: each Pod's standing, with a reason and the ports that it lacks.
 */
import type { IPFamily, Pod, Service } from '../apiserver/objects.ts';
import { planEndpointSlices, type Refusal } from './endpoint-slice-controller.ts';
import { type Judgement, judge, type MembershipReason } from './endpoint-slice-judgement.ts';
import { type MissingPort, missingPorts } from './endpoint-slice-ports.ts';
import type { PodCluster } from './pod-cluster.ts';
import { serviceFamilies } from './service-families.ts';

export interface Membership extends Judgement {
  readonly pod: Pod;
  readonly family: IPFamily;
  /** Ports of the Service that it does not offer; it may still offer others. */
  readonly missingPorts: readonly MissingPort[];
}

/** Each selected Pod in each of the Service's families, in the order of families and Pods. */
export function memberships(service: Service, cluster: PodCluster): readonly Membership[] {
  const pods = cluster.selectPods(service);
  const refusals = refusalsByPod(service, cluster);
  return serviceFamilies(service).flatMap((family) =>
    pods.map((pod) => {
      const judgement = judge(service, pod, family, cluster);
      const missing = missingPorts(service, pod);
      const refusal = refusals.get(`${family} ${pod.metadata.name}`);
      return { pod, family, ...settle(service, judgement, missing, refusal), missingPorts: missing };
    }),
  );
}

/** What the judgement of a Pod alone does not know: its ports, and the fate of its slice. */
function settle(
  { spec }: Service,
  judgement: Judgement,
  missing: readonly MissingPort[],
  refusal: Refusal | undefined,
): Judgement {
  if (judgement.standing === 'absent') return judgement;
  if (refusal !== undefined) {
    const reason: MembershipReason = { kind: 'Refused', ...refusal };
    return { addresses: judgement.addresses, standing: 'absent', reason };
  }
  const offersNone = missing.length > 0 && missing.length === (spec.ports ?? []).length;
  return offersNone ? { ...judgement, standing: 'portless', reason: { kind: 'NoPort', missing } } : judgement;
}

/** By family and name: the Pods whose slice is refused. */
function refusalsByPod(service: Service, cluster: PodCluster): ReadonlyMap<string, Refusal> {
  const refusals = new Map<string, Refusal>();
  for (const { slice, refusal } of planEndpointSlices(service, cluster)) {
    if (refusal === undefined) continue;
    for (const { targetRef } of slice.endpoints)
      refusals.set(`${slice.addressType} ${targetRef?.name}`, refusal);
  }
  return refusals;
}
