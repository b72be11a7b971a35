/**
 * Admission, as kube-apiserver 1.37 does it with its default feature gates when objects are created one after the other.
 *
 * In: objects as they stand in the input. Out: those that are accepted, validated, defaulted and with every cluster IP and node
 * port; and what is wrong with the rest. Strict decoding comes first, then defaults, then what a Service would be allocated,
 * then the values of fields, then conflicts with objects before it: an object is refused at the first stage that finds a fault.
 *
 * Where it differs on purpose: a cluster IP outside the service CIDRs is accepted (the manifest may come from another cluster),
 * fields that only the server sets are kept, and the status of a Service counts.
 */

import type { SourceObject } from '../input/source.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { AdmissionOptions } from './admission-options.ts';
import { advise } from './advice.ts';
import { type AllocationRequest, allocate } from './allocation.ts';
import type { Allocation, ClusterState } from './cluster-state.ts';
import type { DecodedObject } from './decoded.ts';
import { createExaminer, type Examination, type Examiner, referTo } from './examine.ts';
import type { Fault } from './fault.ts';
import type { Kind } from './kinds.ts';
import type { EndpointSlice, Endpoints, Namespace, Node, Pod, Service, ServiceCIDR } from './objects.ts';

export { type AdmissionOptions, DEFAULT_ADMISSION_OPTIONS } from './admission-options.ts';

export type AcceptedObject = Endpoints | EndpointSlice | Namespace | Node | Pod | Service | ServiceCIDR;

/** What became of one object of the input. */
export interface AdmittedObject {
  readonly source: SourceObject;
  readonly accepted: boolean;
  readonly diagnostics: readonly Diagnostic[];
  /** As the API server would keep it; absent where it is refused. */
  readonly object?: AcceptedObject;
}

export interface Admission {
  /** Accepted objects only. */
  readonly state: ClusterState;
  /** Errors and warnings, in the order of the input. */
  readonly diagnostics: readonly Diagnostic[];
  /** One for each object of the input, in its order; those that are no API objects are left out. */
  readonly objects: readonly AdmittedObject[];
}

/**
 * Admits `objects`, whose order decides only which of two objects in conflict is refused. Pure; the input is not changed.
 * @throws OperationalError for service CIDRs that no API server would take.
 */
export function admit(objects: readonly SourceObject[], options: AdmissionOptions): Admission {
  const examiner = createExaminer(options);
  const examinations: Examination[] = [];
  for (const object of objects) {
    const examination = examiner.examine(object);
    if (examination !== undefined) examinations.push(examination);
  }
  const { allocations, settled } = allocateAll(examinations, options, examiner);
  const admitted = examinations.map((examination) => conclude(examination, settled.get(examination)));
  const diagnostics: Diagnostic[] = [];
  for (const object of admitted) diagnostics.push(...object.diagnostics);
  return { state: buildState(admitted, allocations), diagnostics, objects: admitted };
}

/** What allocation made of an examination: the finished object, or the fault. */
type Settlement =
  | { readonly object: DecodedObject; readonly fault?: undefined }
  | { readonly object?: undefined; readonly fault: Fault };

interface Completion extends Examination {
  readonly request: AllocationRequest;
}

/** `settled` has the Services to which values were given, or should have been. */
function allocateAll(
  examinations: readonly Examination[],
  options: AdmissionOptions,
  examiner: Examiner,
): { allocations: readonly Allocation[]; settled: ReadonlyMap<Examination, Settlement> } {
  const services = examinations
    .filter((examination): examination is Completion => examination.request !== undefined)
    .sort((a, b) => compareKeys(a.request, b.request));
  const requests = services.map(({ request }) => request);
  const { serviceCIDRs, serviceNodePortRange } = options;
  const results = allocate(requests, serviceCIDRs, serviceNodePortRange, examiner.reservations);
  const settled = new Map<Examination, Settlement>();
  const allocations: Allocation[] = [];
  for (const { generated } of examinations) if (generated !== undefined) allocations.push(generated);
  for (const [i, examination] of services.entries()) {
    const result = results[i] as (typeof results)[number];
    if (result.fault !== undefined) settled.set(examination, { fault: result.fault });
    else {
      settled.set(examination, { object: result.service });
      allocations.push(...result.allocations);
    }
  }
  allocations.sort((a, b) => compareKeys(a, b) || compareStrings(a.field, b.field));
  return { allocations, settled };
}

interface Key {
  readonly namespace?: string;
  readonly name: string;
}

function compareKeys(a: Key, b: Key): number {
  return compareStrings(a.namespace ?? '', b.namespace ?? '') || compareStrings(a.name, b.name);
}

const NO_DIAGNOSTICS: readonly Diagnostic[] = [];

function conclude(examination: Examination, settlement: Settlement | undefined): AdmittedObject {
  const { source, warnings } = examination;
  const faults = settlement?.fault === undefined ? examination.faults : [settlement.fault];
  const toDiagnostics = (severity: 'error' | 'warning', found: readonly Fault[]) =>
    found.map((fault) => toDiagnostic(fault, severity, examination));
  if (faults.length > 0) {
    // The API server does not warn of what it refuses.
    return { source, accepted: false, diagnostics: toDiagnostics('error', faults) };
  }
  const diagnostics = warnings.length === 0 ? NO_DIAGNOSTICS : toDiagnostics('warning', warnings);
  const object = settlement?.object ?? examination.object;
  // Decoding and validation have shown that the object has this shape.
  return { source, accepted: true, diagnostics, object: object as AcceptedObject };
}

function toDiagnostic(
  fault: Fault,
  severity: 'error' | 'warning',
  { source, object }: Examination,
): Diagnostic {
  return { severity, ...advise(fault), object: referTo(source.kind, object), origin: source.origin };
}

function buildState(admitted: readonly AdmittedObject[], allocations: readonly Allocation[]): ClusterState {
  const origins = new Map<object, SourceObject['origin']>();
  const byKind = new Map<Kind, AcceptedObject[]>();
  for (const { source, object } of admitted) {
    if (object === undefined) continue;
    origins.set(object, source.origin);
    const list = byKind.get(object.kind);
    if (list === undefined) byKind.set(object.kind, [object]);
    else list.push(object);
  }
  const listOf = <K extends Kind>(kind: K) =>
    sortByKey((byKind.get(kind) ?? []) as Extract<AcceptedObject, { kind: K }>[]);
  return {
    services: listOf('Service'),
    endpointSlices: listOf('EndpointSlice'),
    endpoints: listOf('Endpoints'),
    nodes: listOf('Node'),
    namespaces: listOf('Namespace'),
    serviceCIDRs: listOf('ServiceCIDR'),
    pods: listOf('Pod'),
    origins,
    allocations,
  };
}

/** Sorts namespace by namespace: that takes half the comparisons, and each is of names alone. */
function sortByKey<T extends AcceptedObject>(objects: readonly T[]): readonly T[] {
  const byNamespace = new Map<string, T[]>();
  for (const object of objects) {
    const { namespace = '' }: Key = object.metadata;
    const list = byNamespace.get(namespace);
    if (list === undefined) byNamespace.set(namespace, [object]);
    else list.push(object);
  }
  return [...byNamespace.keys()]
    .sort(compareStrings)
    .flatMap((namespace) =>
      (byNamespace.get(namespace) ?? []).sort((a, b) => compareStrings(a.metadata.name, b.metadata.name)),
    );
}
