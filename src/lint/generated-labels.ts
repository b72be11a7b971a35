/**
 * Labels that controllers add to Pods, so that no manifest has them. In: a selector. Out: the rest of it, and which workloads
 * can have Pods with the labels that were left out. Mirrors the workload controllers of Kubernetes 1.37.
 */
import type { StringMap } from '../apiserver/decoded.ts';
import type { PodTemplate } from './pod-templates.ts';

type Adds = (template: PodTemplate, value: string) => boolean;

const ofKind =
  (...kinds: readonly string[]): Adds =>
  ({ owner }) =>
    kinds.includes(owner.kind);

/** Jobs that a CronJob makes bear its name and a number. */
const ofJob: Adds = ({ owner }, value) =>
  owner.kind === 'Job'
    ? value === owner.name
    : owner.kind === 'CronJob' && value.startsWith(`${owner.name}-`);

const ADDED: Readonly<Record<string, Adds>> = {
  'apps.kubernetes.io/pod-index': ofKind('StatefulSet'),
  'batch.kubernetes.io/job-completion-index': ofKind('Job', 'CronJob'),
  'batch.kubernetes.io/job-name': ofJob,
  'controller-revision-hash': ofKind('DaemonSet', 'StatefulSet'),
  'job-name': ofJob,
  'pod-template-hash': ofKind('Deployment', 'ReplicaSet'),
  'rollouts-pod-template-hash': ofKind('Rollout'),
  'statefulset.kubernetes.io/pod-name': ({ owner }, value) =>
    owner.kind === 'StatefulSet' &&
    value.startsWith(`${owner.name}-`) &&
    /^[0-9]+$/.test(value.slice(owner.name.length + 1)),
  'topology.kubernetes.io/region': () => true,
  'topology.kubernetes.io/zone': () => true,
};

export interface SplitSelector {
  /** What templates must have themselves. */
  readonly own: StringMap;
  /** Whether a template's Pods can get the other labels. */
  readonly canGet: (template: PodTemplate) => boolean;
}

/** Undefined where a selector has no such labels. */
export function splitSelector(selector: StringMap): SplitSelector | undefined {
  const entries = Object.entries(selector);
  const added = entries.filter(([key]) => Object.hasOwn(ADDED, key));
  if (added.length === 0) return undefined;
  const canGet = (template: PodTemplate) =>
    added.every(([key, value]) => {
      const has = template.pod.metadata.labels?.[key];
      return has === undefined ? (ADDED[key] as Adds)(template, value) : has === value;
    });
  return { own: Object.fromEntries(entries.filter(([key]) => !Object.hasOwn(ADDED, key))), canGet };
}
