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
import type { Diagnostic, ObjectReference } from '../shared/diagnostic.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { AdmissionOptions } from './admission-options.ts';
import { advise } from './advice.ts';
import { type AllocationRequest, allocate } from './allocation.ts';
import type { Allocation, ClusterState } from './cluster-state.ts';
import type { DecodedObject } from './decoded.ts';
import { createExaminer, type Examination, type Examiner } from './examine.ts';
import type { Fault } from './fault.ts';
import type { Kind } from './kinds.ts';
import type { EndpointSlice, Endpoints, Namespace, Node, Pod, Service, ServiceCIDR } from './objects.ts';

export {
  type AdmissionOptions,
  DEFAULT_ADMISSION_OPTIONS,
  DEFAULT_NODE_PORT_RANGE,
  DEFAULT_SERVICE_CIDRS,
} from './admission-options.ts';

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
  const examinations = objects.map(examiner.examine).filter((examination) => examination !== undefined);
  const { allocations, settled } = allocateAll(examinations, options, examiner);
  const admitted = examinations.map((examination) => conclude(examination, settled));
  return {
    state: buildState(admitted, allocations),
    diagnostics: admitted.flatMap(({ diagnostics }) => diagnostics),
    objects: admitted,
  };
}

/** What allocation made of an examination: the finished object, or the fault. */
type Settlement = { readonly object: DecodedObject } | { readonly fault: Fault };

function allocateAll(
  examinations: readonly Examination[],
  options: AdmissionOptions,
  examiner: Examiner,
): { allocations: readonly Allocation[]; settled: ReadonlyMap<Examination, Settlement> } {
  const services = examinations
    .flatMap((examination) =>
      examination.request === undefined ? [] : { examination, request: examination.request },
    )
    .sort((a, b) => compareKeys(a.request, b.request));
  const requests: readonly AllocationRequest[] = services.map(({ request }) => request);
  const { serviceCIDRs, serviceNodePortRange } = options;
  const results = allocate(requests, serviceCIDRs, serviceNodePortRange, examiner.reservations);
  const settled = new Map<Examination, Settlement>();
  const allocations: Allocation[] = examinations.flatMap(({ generated }) => generated ?? []);
  for (const [i, { examination }] of services.entries()) {
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

function conclude(examination: Examination, settled: ReadonlyMap<Examination, Settlement>): AdmittedObject {
  const { source, reference, warnings } = examination;
  const settlement = settled.get(examination);
  const faults = settlement !== undefined && 'fault' in settlement ? [settlement.fault] : examination.faults;
  const accepted = faults.length === 0;
  const diagnostics = [
    ...faults.map((fault) => toDiagnostic(fault, 'error', source, reference)),
    // The API server does not warn of what it refuses.
    ...(accepted ? warnings.map((warning) => toDiagnostic(warning, 'warning', source, reference)) : []),
  ];
  if (!accepted) return { source, accepted, diagnostics };
  const object = settlement !== undefined && 'object' in settlement ? settlement.object : examination.object;
  // Decoding and validation have shown that the object has this shape.
  return { source, accepted, diagnostics, object: object as AcceptedObject };
}

function toDiagnostic(
  fault: Fault,
  severity: 'error' | 'warning',
  source: SourceObject,
  object: ObjectReference,
): Diagnostic {
  return { severity, ...advise(fault), object, origin: source.origin };
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
    ((byKind.get(kind) ?? []) as Extract<AcceptedObject, { kind: K }>[]).sort((a, b) =>
      compareKeys(a.metadata, b.metadata),
    );
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
