/**
 * Judges whether a Pod that a Service selects is one of its endpoints.
 *
 * In: a Service, a Pod and the cluster around them. Out: a standing with its reason. Mirrors the EndpointSlice controller
 * of kube-controller-manager 1.37; the slices are derived from this judgement, so that no reason can contradict them.
 */
import type { IPFamily, Pod, Service } from '../apiserver/objects.ts';
import type { MissingPort } from './endpoint-slice-ports.ts';
import { nodeReadyStatus } from './node-status.ts';
import type { PodCluster } from './pod-cluster.ts';
import {
  familyOfAddress,
  isFinished,
  isReady,
  isTerminating,
  podAddresses,
  readyCondition,
} from './pod-status.ts';

/**
 * - `ready`: in a slice, gets connections.
 * - `notReady`: in a slice, but gets none; a terminating Pod that still serves gets them when no endpoint is ready.
 * - `portless`: in a slice that has no ports, since the Pod offers none of the Service's: gets none.
 * - `absent`: in no slice.
 */
export type Standing = 'ready' | 'notReady' | 'portless' | 'absent';

export type MembershipReason =
  | { readonly kind: 'Ready' }
  /** `publishNotReadyAddresses` is set, so it counts as ready. */
  | { readonly kind: 'Published'; readonly serving: boolean; readonly terminating: boolean }
  | ({ readonly kind: 'NotReady' } & NotReadyDetails)
  | { readonly kind: 'Terminating'; readonly serving: boolean; readonly since: string }
  | { readonly kind: 'NoPort'; readonly missing: readonly MissingPort[] }
  | { readonly kind: 'Finished'; readonly phase: string }
  | { readonly kind: 'NoAddress'; readonly phase: string }
  | { readonly kind: 'Unscheduled' }
  | { readonly kind: 'NodeUnknown'; readonly nodeName: string }
  | { readonly kind: 'WrongFamily'; readonly family: IPFamily; readonly addresses: readonly string[] }
  /** The API server refuses the slice with this address of this Pod, which may be another one in the same slice. */
  | { readonly kind: 'Refused'; readonly pod: string; readonly address: string; readonly fault: string };

interface NotReadyDetails {
  /** Undefined if the Pod never had a Ready condition. */
  readonly status: string | undefined;
  /** RFC 3339. */
  readonly since: string | undefined;
  readonly reason: string | undefined;
  readonly message: string | undefined;
  /** The Ready condition of its Node, where that is not True. */
  readonly nodeReady: string | undefined;
}

export interface Judgement {
  /** Of the family in question. */
  readonly addresses: readonly string[];
  readonly standing: Standing;
  readonly reason: MembershipReason;
}

/** Ports left aside: they decide in which slice a Pod is, not whether. */
export function judge(service: Service, pod: Pod, family: IPFamily, cluster: PodCluster): Judgement {
  const absent = (reason: MembershipReason): Judgement => ({ addresses: [], standing: 'absent', reason });
  const phase = pod.status?.phase ?? 'Pending';
  if (isFinished(pod)) return absent({ kind: 'Finished', phase });
  const all = podAddresses(pod);
  if (all.length === 0) return absent({ kind: 'NoAddress', phase });
  const publish = service.spec.publishNotReadyAddresses === true;
  const nodeName = pod.spec?.nodeName ?? '';
  if (!publish && !cluster.nodes.has(nodeName)) {
    return absent(nodeName === '' ? { kind: 'Unscheduled' } : { kind: 'NodeUnknown', nodeName });
  }
  const addresses = all.filter((address) => familyOfAddress(address) === family);
  if (addresses.length === 0) return absent({ kind: 'WrongFamily', family, addresses: all });
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  if (serving && !terminating) return { addresses, standing: 'ready', reason: { kind: 'Ready' } };
  if (publish) return { addresses, standing: 'ready', reason: { kind: 'Published', serving, terminating } };
  if (terminating) {
    const since = pod.metadata.deletionTimestamp ?? '';
    return { addresses, standing: 'notReady', reason: { kind: 'Terminating', serving, since } };
  }
  return { addresses, standing: 'notReady', reason: notReady(pod, cluster) };
}

function notReady(pod: Pod, cluster: PodCluster): MembershipReason {
  const condition = readyCondition(pod);
  const node = cluster.nodes.get(pod.spec?.nodeName ?? '');
  const nodeReady = node === undefined ? undefined : nodeReadyStatus(node);
  return {
    kind: 'NotReady',
    status: condition?.status,
    since: condition?.lastTransitionTime ?? undefined,
    reason: condition?.reason || undefined,
    message: condition?.message || undefined,
    nodeReady: nodeReady === 'True' ? undefined : nodeReady,
  };
}

/** One line without a full stop. It quotes the input, so it must be cleaned before a terminal gets it. */
export function formatMembershipReason(reason: MembershipReason): string {
  switch (reason.kind) {
    case 'Ready':
      return 'ready';
    case 'Published': {
      const state = reason.terminating ? 'terminating' : reason.serving ? 'ready' : 'not ready';
      return `${state}, but publishNotReadyAddresses counts it as ready`;
    }
    case 'NotReady':
      return formatNotReady(reason);
    case 'Terminating': {
      const since = reason.since === '' ? '' : ` since ${reason.since}`;
      return reason.serving
        ? `terminating${since}, but serving: gets connections only while no endpoint is ready`
        : `terminating${since}, and not serving`;
    }
    case 'NoPort':
      return reason.missing.map(formatMissingPort).join('; ');
    case 'Finished':
      return `phase ${reason.phase}: its containers have stopped for good`;
    case 'NoAddress':
      return `no IP address yet (phase ${reason.phase})`;
    case 'Unscheduled':
      return 'bound to no node';
    case 'NodeUnknown':
      return `there is no Node ${reason.nodeName}`;
    case 'WrongFamily':
      return `no ${reason.family} address, only ${reason.addresses.join(', ')}`;
    case 'Refused': {
      const { pod, address, fault } = reason;
      return `the API server refuses the slice with ${address} of Pod ${pod}: it ${fault}`;
    }
  }
}

function formatNotReady({ status, since, reason, message, nodeReady }: NotReadyDetails): string {
  if (status === undefined) return 'not ready: no Ready condition was reported';
  const why = [reason, message].filter((text) => text !== undefined).join(', ');
  const node = nodeReady === undefined ? '' : ` (its node's Ready condition is ${nodeReady})`;
  return `not ready${since === undefined ? '' : ` since ${since}`}${why === '' ? '' : `: ${why}`}${node}`;
}

/** `has no container port named "http"`, with what comes close. */
export function formatMissingPort(missing: MissingPort): string {
  const { targetPort, protocol, otherProtocols, inInitContainer } = missing;
  const what = `has no container port named ${JSON.stringify(targetPort)}`;
  if (otherProtocols.length > 0) {
    return `${what} for ${protocol}: the one of that name is ${otherProtocols.join(' and ')}`;
  }
  return inInitContainer ? `${what}: only an init container that ends has one` : what;
}
