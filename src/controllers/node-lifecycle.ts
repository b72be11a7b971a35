/**
 * When a Node counts as ready, and what that means for its Pods.
 *
 * In: the times of a kubelet's reports, or Nodes and Pods. Out: readiness, and Pods that lost theirs. Mirrors the node
 * lifecycle controller of kube-controller-manager 1.37 (`monitorNodeHealth`, `MarkPodsNotReady`), which looks every 5 s
 * (`--node-monitor-period`); that delay is left out here.
 *
 * Manifests hold the Pods' status as it was reported, with what this controller did to it already in it. So Pods are only
 * changed for a question about another time than that of the manifests.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Node, Pod } from '../apiserver/objects.ts';
import { type NodeWithCapacity, nodeReadyStatus } from './node-status.ts';

/**
 * `--node-monitor-grace-period`: 50 s since Kubernetes 1.32, 40 s before; in milliseconds.
 */
export const DEFAULT_NODE_MONITOR_GRACE_PERIOD = 50_000;

const MILLISECONDS_PER_HOUR = 3_600_000;

/**
 * A Node is ready as long as its last report (a renewed Lease or a new status) is not older than the grace period.
 *
 * @param heartbeats times of reports, in milliseconds since any one epoch, in any order; those after `now` do not count
 * @param gracePeriod in milliseconds
 * @param now in milliseconds since the same epoch
 * @returns false where there was no report yet
 */
export function nodeReadyAt(heartbeats: readonly number[], gracePeriod: number, now: number): boolean {
  let last = Number.NEGATIVE_INFINITY;
  for (const heartbeat of heartbeats) if (heartbeat <= now && heartbeat > last) last = heartbeat;
  return now - last <= gracePeriod;
}

/** In milliseconds. */
export interface HeartbeatTiming {
  readonly minimumInterval: number;
  readonly maximumInterval: number;
  readonly gracePeriod: number;
}

export interface MissProbability {
  /** The chance that the interval after a given report exceeds the grace period. */
  readonly perInterval: number;
  /** The chance that at least one interval within an hour does. */
  readonly perHour: number;
  /** How often that is to be expected within an hour. */
  readonly timesPerHour: number;
}

/**
 * The chance that a healthy Node is taken for a lost one, since its reports come at irregular intervals: independent, and
 * uniformly distributed between a minimum and a maximum.
 *
 * An hour is taken to have as many intervals as fit on average.
 * @throws RangeError unless 0 < minimumInterval <= maximumInterval and gracePeriod >= 0
 */
export function missProbability(timing: HeartbeatTiming): MissProbability {
  const { minimumInterval, maximumInterval, gracePeriod } = timing;
  if (!(minimumInterval > 0 && minimumInterval <= maximumInterval && gracePeriod >= 0)) {
    throw new RangeError('intervals must be above 0, the minimum not above the maximum');
  }
  const perInterval = tail(timing);
  const intervals = MILLISECONDS_PER_HOUR / ((minimumInterval + maximumInterval) / 2);
  return {
    perInterval,
    perHour: 1 - (1 - perInterval) ** intervals,
    timesPerHour: intervals * perInterval,
  };
}

/** The part of the intervals that exceeds the grace period. */
function tail({ minimumInterval, maximumInterval, gracePeriod }: HeartbeatTiming): number {
  if (gracePeriod >= maximumInterval) return 0;
  if (gracePeriod < minimumInterval) return 1;
  return (maximumInterval - gracePeriod) / (maximumInterval - minimumInterval);
}

/** A moment, and how long before it a Node may have reported last; both in milliseconds, the moment since 1970. */
export interface Moment {
  readonly at: number;
  readonly gracePeriod: number;
}

/**
 * The cluster at a later moment at which no Node has reported again: those whose reports are older than the grace period
 * have become `Unknown`, and their Pods not ready. A Node that never said when it reported is left as it is.
 */
export function clusterAt(state: ClusterState, { at, gracePeriod }: Moment): ClusterState {
  const nodes = state.nodes.map((node) => {
    const reported = lastReport(node);
    return reported === undefined || nodeReadyAt([reported], gracePeriod, at)
      ? node
      : withUnknownStatus(node);
  });
  const pods = markPodsNotReady(state.pods, nodes, new Date(at).toISOString().replace(/\.\d+Z$/, 'Z'));
  return { ...state, nodes, pods };
}

function lastReport(node: NodeWithCapacity): number | undefined {
  const { lastHeartbeatTime } = node.status?.conditions?.find(({ type }) => type === 'Ready') ?? {};
  return typeof lastHeartbeatTime === 'string' ? Date.parse(lastHeartbeatTime) : undefined;
}

function withUnknownStatus(node: NodeWithCapacity): Node {
  const conditions = node.status?.conditions?.map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'Unknown' } : condition,
  );
  const changed: NodeWithCapacity = {
    ...node,
    status: { ...node.status, ...(conditions && { conditions }) },
  };
  return changed;
}

/**
 * Takes the readiness from every Pod on a Node that is not ready.
 *
 * A Node that never reported a Ready condition leaves its Pods alone, as does one that is not among `nodes`. A Pod without
 * a Ready condition, and one that is not ready anyway, stays as it is.
 *
 * @param nodes with the Ready condition of the time in question
 * @param at becomes the condition's `lastTransitionTime`, RFC 3339; the old one stays if absent
 * @returns the same Pods by identity, but for those that changed
 */
export function markPodsNotReady(pods: readonly Pod[], nodes: readonly Node[], at?: string): readonly Pod[] {
  const lost = new Set<string>();
  for (const node of nodes) {
    const ready = nodeReadyStatus(node);
    if (ready !== undefined && ready !== 'True') lost.add(node.metadata.name);
  }
  if (lost.size === 0) return pods;
  return pods.map((pod) => (lost.has(pod.spec?.nodeName ?? '') ? withoutReadiness(pod, at) : pod));
}

function withoutReadiness(pod: Pod, at: string | undefined): Pod {
  const conditions = pod.status?.conditions ?? [];
  const index = conditions.findIndex(({ type }) => type === 'Ready');
  const condition = conditions[index];
  if (condition === undefined || condition.status === 'False') return pod;
  const changed = {
    ...condition,
    status: 'False',
    ...(at === undefined ? {} : { lastTransitionTime: at }),
  };
  return { ...pod, status: { ...pod.status, conditions: conditions.with(index, changed) } };
}
