/**
 * The Pods that an input asks for. In: Pods and workloads as they stand in manifests. Out: each as a Pod without addresses,
 * with its place, so that a Service's selector and named ports can be judged before anything runs.
 *
 * A workload's Pods stand for it only once: of a dump with a Deployment, its ReplicaSets and their Pods, the Deployment counts.
 */
import type { Container, ContainerPort, Pod, Protocol } from '../apiserver/objects.ts';
import type { SourceObject } from '../input/source.ts';
import type { FieldPath, ObjectReference, Origin } from '../shared/diagnostic.ts';
import { type Fields, fieldsOf, listOf, textOf, textsOf, valueAt } from './raw-fields.ts';

/** Where each kind keeps its Pod; Rollout is of Argo, DeploymentConfig of OpenShift. */
const TEMPLATE_PATHS: Readonly<Record<string, FieldPath>> = {
  Pod: [],
  CronJob: ['spec', 'jobTemplate', 'spec', 'template'],
  DaemonSet: ['spec', 'template'],
  Deployment: ['spec', 'template'],
  DeploymentConfig: ['spec', 'template'],
  Job: ['spec', 'template'],
  ReplicaSet: ['spec', 'template'],
  ReplicationController: ['spec', 'template'],
  Rollout: ['spec', 'template'],
  StatefulSet: ['spec', 'template'],
};

export const WORKLOAD_KINDS: readonly string[] = Object.keys(TEMPLATE_PATHS);

export interface PodTemplate {
  /** The workload, or the Pod itself. */
  readonly owner: ObjectReference & { readonly namespace: string };
  /** What its Pods will be like; only what selectors and named ports read is declared. */
  readonly pod: Pod;
  /** The Pod's `spec` as it was written. */
  readonly spec: Fields;
  readonly source: SourceObject;
  readonly origin: Origin;
  /** Steps to what has `metadata` and `spec` of the Pod. */
  readonly path: FieldPath;
}

/** @param defaultNamespace of objects that name none */
export function podTemplates(
  objects: readonly SourceObject[],
  defaultNamespace: string,
): readonly PodTemplate[] {
  const workloads = objects.filter(({ kind }) => Object.hasOwn(TEMPLATE_PATHS, kind));
  const present = new Set(workloads.map((source) => keyOf(source.kind, source, defaultNamespace)));
  return workloads
    .filter((source) => !ownersOf(source).some((owner) => present.has(owner(source, defaultNamespace))))
    .flatMap((source) => podTemplate(source, defaultNamespace));
}

function keyOf(kind: string, { object }: SourceObject, defaultNamespace: string, name?: string): string {
  const metadata = fieldsOf(object.metadata);
  return `${kind} ${textOf(metadata.namespace) ?? defaultNamespace} ${name ?? textOf(metadata.name) ?? ''}`;
}

function ownersOf({ object }: SourceObject) {
  const references = listOf(fieldsOf(object.metadata).ownerReferences).map(fieldsOf);
  return references.map(
    ({ kind, name }) =>
      (source: SourceObject, defaultNamespace: string) =>
        keyOf(textOf(kind) ?? '', source, defaultNamespace, textOf(name) ?? ''),
  );
}

function podTemplate(source: SourceObject, defaultNamespace: string): PodTemplate[] {
  const path = TEMPLATE_PATHS[source.kind] ?? [];
  const template = valueAt(source.object, path);
  if (typeof template !== 'object' || template === null) return [];
  const own = fieldsOf(source.object.metadata);
  const namespace = textOf(own.namespace) ?? defaultNamespace;
  const name = textOf(own.name) ?? textOf(own.generateName) ?? '(without a name)';
  const { metadata, spec } = fieldsOf(template);
  const fields = fieldsOf(spec);
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels: textsOf(fieldsOf(metadata).labels) },
    spec: {
      containers: listOf(fields.containers).map(readContainer),
      initContainers: listOf(fields.initContainers).map(readContainer),
      hostNetwork: fields.hostNetwork === true,
      enableServiceLinks: fields.enableServiceLinks !== false,
    },
  };
  const owner = { kind: source.kind, namespace, name };
  return [{ owner, pod, spec: fields, source, origin: source.origin, path }];
}

function readContainer(value: unknown): Container {
  const { name, restartPolicy, ports } = fieldsOf(value);
  const always = textOf(restartPolicy);
  return {
    name: textOf(name) ?? '',
    ...(always === undefined ? {} : { restartPolicy: always }),
    ports: listOf(ports).map(readPort),
  };
}

function readPort(value: unknown): ContainerPort {
  const { name, containerPort, protocol } = fieldsOf(value);
  const named = textOf(name);
  const transport = textOf(protocol) as Protocol | undefined;
  return {
    ...(named === undefined ? {} : { name: named }),
    containerPort: typeof containerPort === 'number' ? containerPort : 0,
    ...(transport === undefined ? {} : { protocol: transport }),
  };
}

/** Whether something decides when the Pod is ready; without, it is as soon as its containers run. */
export function hasReadinessProbe({ spec }: PodTemplate): boolean {
  const sidecars = listOf(spec.initContainers)
    .map(fieldsOf)
    .filter(({ restartPolicy }) => restartPolicy === 'Always');
  const containers = [...listOf(spec.containers).map(fieldsOf), ...sidecars];
  if (listOf(spec.readinessGates).length > 0) return true;
  return containers.some(({ readinessProbe }) => readinessProbe !== undefined && readinessProbe !== null);
}
