/**
 * What rules look at. In: the objects of an input. Out: the cluster that they make, as the control plane would make it, and
 * beside it what manifests say of Pods that do not run yet. Everything is indexed, so that a rule costs no more than what it
 * looks at.
 */
import { type AdmissionOptions, admit, DEFAULT_ADMISSION_OPTIONS } from '../apiserver/admit.ts';
import type { Allocation, ClusterState } from '../apiserver/cluster-state.ts';
import { SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { EndpointSlice, Endpoints, Service } from '../apiserver/objects.ts';
import { modernizeStoredObjects } from '../apiserver/stored-objects.ts';
import { hasSelector, isSelecting, podCluster } from '../controllers/pod-cluster.ts';
import { reconcileEndpointSlices } from '../controllers/reconcile-endpoint-slices.ts';
import { type ServiceVariables, serviceVariables } from '../discovery/env/service-variables.ts';
import type { SourceObject } from '../input/source.ts';
import type { Diagnostic, FieldPath, Origin } from '../shared/diagnostic.ts';
import type { Place } from './finding.ts';
import { splitSelector } from './generated-labels.ts';
import { type PodTemplate, podTemplates } from './pod-templates.ts';
import { fieldsOf } from './raw-fields.ts';

export interface LintInput {
  readonly objects: readonly SourceObject[];
  /** Of reading: documents that are refused, keys that stand twice. */
  readonly diagnostics: readonly Diagnostic[];
  /** Counts of kinds that were not kept. */
  readonly passedOver: ReadonlyMap<string, number>;
  /** What differs from `DEFAULT_ADMISSION_OPTIONS`. */
  readonly admission?: Partial<AdmissionOptions>;
  /** The objects are those of a live cluster. */
  readonly live?: boolean;
}

export interface LintedCluster {
  readonly input: LintInput;
  /** What was admitted, without what controllers add. */
  readonly admitted: ClusterState;
  /** The same with an EndpointSlice for every endpoint. */
  readonly state: ClusterState;
  /** Of admission, and of objects that had to be put into today's form. */
  readonly admission: readonly Diagnostic[];
  readonly templates: readonly PodTemplate[];
  /** The templates that a Service's selector matches. */
  readonly templatesOf: (service: Service) => readonly PodTemplate[];
  /** All of a namespace. */
  readonly templatesIn: (namespace: string) => readonly PodTemplate[];
  /** What the kubelet gives to containers of a namespace that want service links. */
  readonly variablesOf: (namespace: string) => ServiceVariables;
  readonly service: (namespace: string, name: string) => Service | undefined;
  /** Whether the input has a Service of that name, be it admitted or not. */
  readonly hasService: (namespace: string, name: string) => boolean;
  /** What the API server would have chosen for a Service, so that no manifest says it. */
  readonly allocationsOf: (namespace: string, name: string) => readonly Allocation[];
  /** All slices of a Service, those that controllers would write included. */
  readonly slicesOf: (service: Service) => readonly EndpointSlice[];
  /** Those that the input has. */
  readonly writtenSlicesOf: (service: Service) => readonly EndpointSlice[];
  readonly endpointsOf: (service: Service) => Endpoints | undefined;
  /** As it stands in the input; only of admitted objects that are no controller's. */
  readonly sourceOf: (object: object) => SourceObject | undefined;
  readonly sourcesOfKind: (kind: string) => readonly SourceObject[];
  readonly placeOf: (object: Locatable, path?: FieldPath) => Place;
}

interface Locatable {
  readonly kind: string;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}

export function lintedCluster(input: LintInput): LintedCluster {
  const options = { ...DEFAULT_ADMISSION_OPTIONS, ...input.admission };
  const { objects, diagnostics } = modernizeWhereStored(input.objects);
  const admission = admit(objects.filter(isOfApi), options);
  const admitted = admission.state;
  const state = input.live ? admitted : reconcileEndpointSlices(admitted).state;
  const templates = podTemplates(input.objects, options.namespace);
  const byKind = groupBy(input.objects, ({ kind }) => kind);
  const byNamespace = groupBy(templates, ({ owner }) => owner.namespace);
  const slices = groupBy(state.endpointSlices, serviceKeyOf);
  const writtenSlices = groupBy(admitted.endpointSlices, serviceKeyOf);
  const services = new Map(admitted.services.map((service) => [keyOf(service), service]));
  const serviceNames = new Set(
    (byKind.get('Service') ?? []).map(({ object }) => {
      const { namespace, name } = fieldsOf(object.metadata);
      return `${namespace || options.namespace}/${name}`;
    }),
  );
  const allocations = groupBy(admitted.allocations, ({ namespace, name }) => `${namespace}/${name}`);
  const endpoints = new Map(admitted.endpoints.map((each) => [keyOf(each), each]));
  const sources = new Map(
    admission.objects.flatMap(({ object, source }) =>
      object === undefined ? [] : [[object as object, source]],
    ),
  );
  return {
    input,
    admitted,
    state,
    admission: [...diagnostics, ...admission.diagnostics],
    templates,
    templatesOf: selectTemplates(admitted, templates, byNamespace),
    templatesIn: (namespace) => byNamespace.get(namespace) ?? [],
    variablesOf: variablesByNamespace(admitted),
    service: (namespace, name) => services.get(`${namespace}/${name}`),
    hasService: (namespace, name) => serviceNames.has(`${namespace}/${name}`),
    allocationsOf: (namespace, name) => allocations.get(`${namespace}/${name}`) ?? [],
    slicesOf: (service) => slices.get(keyOf(service)) ?? [],
    writtenSlicesOf: (service) => writtenSlices.get(keyOf(service)) ?? [],
    endpointsOf: (service) => endpoints.get(keyOf(service)),
    sourceOf: (object) => sources.get(object),
    sourcesOfKind: (kind) => byKind.get(kind) ?? [],
    placeOf: (object, path = []) => placeOf(object, state.origins.get(object), path),
  };
}

function serviceKeyOf({ metadata }: EndpointSlice): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME_LABEL]}`;
}

function placeOf({ kind, metadata }: Locatable, origin: Origin | undefined, path: FieldPath): Place {
  const { namespace, name } = metadata;
  return { object: { kind, ...(namespace === undefined ? {} : { namespace }), name }, origin, path };
}

/** The place of a field of an object that is not admitted. */
export function placeInSource({ kind, object, origin }: SourceObject, path: FieldPath): Place {
  const { namespace, name } = fieldsOf(object.metadata);
  const reference = {
    kind,
    ...(typeof namespace === 'string' ? { namespace } : {}),
    name: typeof name === 'string' ? name : '',
  };
  return { object: reference.name === '' ? undefined : reference, origin, path };
}

/** The place of a field of a Pod that does not run yet. */
export function placeInTemplate({ owner, origin, path }: PodTemplate, within: FieldPath): Place {
  return { object: owner, origin, path: [...path, ...within] };
}

/** Admission knows the kinds that decide what a node does with a Service; the others are read as they stand. */
function isOfApi({ kind }: SourceObject): boolean {
  return API_KINDS.has(kind);
}

const API_KINDS: ReadonlySet<string> = new Set([
  'EndpointSlice',
  'Endpoints',
  'Namespace',
  'Node',
  'Pod',
  'Service',
  'ServiceCIDR',
]);

/** An object with a `resourceVersion` is of a dump: a cluster holds it, whatever today's API server would say. */
function modernizeWhereStored(objects: readonly SourceObject[]) {
  const isStored = ({ object }: SourceObject) => fieldsOf(object.metadata).resourceVersion !== undefined;
  const diagnostics: Diagnostic[] = [];
  const modernized = objects.map((source) => {
    if (!isStored(source)) return source;
    const result = modernizeStoredObjects([source]);
    diagnostics.push(...result.diagnostics);
    return result.objects[0] ?? source;
  });
  return { objects: modernized, diagnostics };
}

/** Templates stand in for Pods, so that selectors are read as the controllers read them. */
function selectTemplates(
  state: ClusterState,
  templates: readonly PodTemplate[],
  byNamespace: ReadonlyMap<string, readonly PodTemplate[]>,
) {
  const byPod = new Map(templates.map((template) => [template.pod, template]));
  const cluster = podCluster({ ...state, pods: [...byPod.keys()] });
  const select = (service: Service): readonly PodTemplate[] => {
    const split = splitSelector(service.spec.selector ?? {});
    if (split === undefined || !isSelecting(service)) {
      return cluster.selectPods(service).map((pod) => byPod.get(pod) as PodTemplate);
    }
    const reduced = { ...service, spec: { ...service.spec, selector: split.own } };
    const candidates = hasSelector(reduced)
      ? cluster.selectPods(reduced).map((pod) => byPod.get(pod) as PodTemplate)
      : (byNamespace.get(service.metadata.namespace) ?? []);
    return candidates.filter(split.canGet);
  };
  const known = new Map<Service, readonly PodTemplate[]>();
  return (service: Service) => {
    const found = known.get(service) ?? select(service);
    known.set(service, found);
    return found;
  };
}

/** Several rules ask, and a big namespace has many. */
function variablesByNamespace({ services }: ClusterState) {
  const byNamespace = groupBy(services, ({ metadata }) => metadata.namespace);
  const kubernetes = services.filter(({ metadata }) => keyOf({ metadata }) === 'default/kubernetes');
  const known = new Map<string, ServiceVariables>();
  return (namespace: string) => {
    const visible = [...(namespace === 'default' ? [] : kubernetes), ...(byNamespace.get(namespace) ?? [])];
    const found = known.get(namespace) ?? serviceVariables(visible, { namespace, enableServiceLinks: true });
    known.set(namespace, found);
    return found;
  };
}

export function groupBy<T>(items: readonly T[], keyOfItem: (item: T) => string): ReadonlyMap<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOfItem(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

export function keyOf({ metadata }: { readonly metadata: { namespace: string; name: string } }): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Whether an object has been in a cluster, where controllers write to it. */
export function isFromCluster(source: SourceObject | undefined): boolean {
  const metadata = fieldsOf(source?.object.metadata);
  return metadata.resourceVersion !== undefined || metadata.uid !== undefined;
}
