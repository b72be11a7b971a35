/**
 * How often nodes report, and how long the controllers wait for them. In: KubeletConfigurations, and the manifest of
 * kube-controller-manager. Out: times in milliseconds, with their places.
 *
 * A kubelet renews its Lease four times within its duration and reports its status every `nodeStatusReportFrequency`; either
 * counts (pkg/kubelet, Kubernetes 1.37). Under load they arrive later: two to five times the interval is what clusters with
 * the default of 10 s see.
 */
import type { SourceObject } from '../input/source.ts';
import type { FieldPath } from '../shared/diagnostic.ts';
import { durationOf } from './durations.ts';
import type { Place } from './finding.ts';
import { type LintedCluster, placeInSource, placeInTemplate } from './linted-cluster.ts';
import type { PodTemplate } from './pod-templates.ts';
import { fieldsOf, listOf, numberOf, textOf } from './raw-fields.ts';

const DEFAULT_LEASE_SECONDS = 40;
const DEFAULT_REPORT_FREQUENCY = 300_000;
const RENEWALS_PER_LEASE = 4;
const EARLIEST = 2;
const LATEST = 5;

export interface ReportIntervals {
  readonly minimumInterval: number;
  readonly maximumInterval: number;
  /** Where the interval is set; undefined for the default. */
  readonly place: Place | undefined;
}

export interface GracePeriod {
  readonly gracePeriod: number;
  readonly place: Place;
  readonly isExplicit: boolean;
}

/** Of the kubelets that the input configures, the slowest. */
export function reportIntervals(cluster: LintedCluster): ReportIntervals {
  const all = cluster.sourcesOfKind('KubeletConfiguration').map(intervalOf);
  const slowest = all.reduce((slow, each) => (each.interval > slow.interval ? each : slow), {
    interval: 0,
    place: undefined as Place | undefined,
  });
  const interval = slowest.interval || (DEFAULT_LEASE_SECONDS * 1000) / RENEWALS_PER_LEASE;
  const { place } = slowest;
  return { minimumInterval: interval * EARLIEST, maximumInterval: interval * LATEST, place };
}

function intervalOf(source: SourceObject): { readonly interval: number; readonly place: Place } {
  const { nodeLeaseDurationSeconds, nodeStatusReportFrequency, nodeStatusUpdateFrequency } = source.object;
  const lease = numberOf(nodeLeaseDurationSeconds) || DEFAULT_LEASE_SECONDS;
  // A frequency of updates that is set without one of reports counts for both.
  const given = durationOf(nodeStatusReportFrequency) || durationOf(nodeStatusUpdateFrequency);
  const renewal = (lease * 1000) / RENEWALS_PER_LEASE;
  const report = given || DEFAULT_REPORT_FREQUENCY;
  return {
    interval: Math.min(renewal, report),
    place: placeInSource(source, ['nodeLeaseDurationSeconds']),
  };
}

const FLAG = '--node-monitor-grace-period';

/** Undefined where the input does not have kube-controller-manager. */
export function gracePeriod(cluster: LintedCluster): GracePeriod | undefined {
  for (const template of cluster.templates) {
    for (const [i, container] of listOf(template.spec.containers).map(fieldsOf).entries()) {
      if (!isControllerManager(container)) continue;
      return graceOf(template, container, ['spec', 'containers', i]);
    }
  }
  return undefined;
}

function isControllerManager({ command, args }: ReturnType<typeof fieldsOf>): boolean {
  const [first] = [...listOf(command), ...listOf(args)];
  return textOf(first)?.split('/').at(-1) === 'kube-controller-manager';
}

function graceOf(
  template: PodTemplate,
  container: ReturnType<typeof fieldsOf>,
  path: FieldPath,
): GracePeriod | undefined {
  for (const field of ['command', 'args']) {
    for (const [j, word] of listOf(container[field]).entries()) {
      const value = textOf(word)?.startsWith(`${FLAG}=`) ? durationOf(`${word}`.slice(FLAG.length + 1)) : 0;
      if (!value) continue;
      return { gracePeriod: value, isExplicit: true, place: placeInTemplate(template, [...path, field, j]) };
    }
  }
  const minor = /:v?1\.([0-9]+)\./.exec(textOf(container.image) ?? '')?.[1];
  if (minor === undefined) return undefined;
  // The default since 1.32, and before.
  const value = Number(minor) >= 32 ? 50_000 : 40_000;
  return { gracePeriod: value, isExplicit: false, place: placeInTemplate(template, [...path, 'image']) };
}
