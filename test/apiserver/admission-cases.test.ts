/**
 * What kube-apiserver 1.37.2 said of single objects, created in a cluster with the default options: refused for which reasons at
 * which fields, or accepted in which form. `undecodable` objects are refused before any field is looked at; the server names
 * no field then. Allocated values are written X; zero values and what the server alone sets are left out.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { admitAll, errorsOf, type Manifest } from './source-objects.ts';

interface AdmissionCase {
  readonly object: Manifest;
  readonly undecodable?: boolean;
  readonly refused?: readonly string[];
  readonly accepted?: Manifest;
  readonly warnings?: number;
}

const file = join(import.meta.dirname, 'expected/admission-cases.json');
const cases: readonly AdmissionCase[] = JSON.parse(readFileSync(file, 'utf8'));
const titled = cases.map((example) => ({ title: titleOf(example), ...example }));

function titleOf({ object, refused, accepted }: AdmissionCase): string {
  const outcome = refused?.join(', ') ?? (accepted === undefined ? 'undecodable' : 'accepted');
  return `${object.kind} ${JSON.stringify((object.metadata as Manifest | undefined)?.name)}: ${outcome}`;
}

/** Drops zero values, and what the server keeps to itself. */
function normalize(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).flatMap(([key, child]): [string, unknown][] => {
    const kept = normalize(child);
    const isZero = kept === null || kept === undefined || kept === '' || kept === 0 || kept === false;
    const isEmpty = typeof kept === 'object' && kept !== null && Object.keys(kept).length === 0;
    return isZero || isEmpty ? [] : [[key, kept]];
  });
  return Object.fromEntries(entries);
}

const SERVER_FIELDS = [
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'generation',
  'selfLink',
];

function comparable(object: unknown, allocated: readonly string[]): unknown {
  const copy = structuredClone(object) as Record<string, Record<string, unknown>>;
  for (const field of [...SERVER_FIELDS, 'deletionTimestamp', 'deletionGracePeriodSeconds'])
    delete copy.metadata?.[field];
  for (const reference of (copy.metadata?.ownerReferences ?? []) as Record<string, unknown>[])
    delete reference.uid;
  for (const endpoint of (Array.isArray(copy.endpoints) ? copy.endpoints : []) as Record<
    string,
    Manifest
  >[]) {
    const { uid, resourceVersion, ...targetRef } = endpoint.targetRef ?? {};
    endpoint.targetRef = targetRef;
  }
  if (String(copy.kind) === 'ServiceCIDR') {
    delete copy.status;
    delete copy.metadata?.finalizers;
  }
  for (const list of ['capacity', 'allocatable']) {
    const quantities = copy.status?.[list];
    if (quantities === undefined || copy.status === undefined) continue;
    copy.status[list] = Object.fromEntries(
      Object.entries(quantities as object).map(([k, v]) => [k, String(v)]),
    );
  }
  markAllocated(copy.spec ?? {}, allocated);
  return normalize(copy);
}

function markAllocated(spec: Record<string, unknown>, allocated: readonly string[]): void {
  for (const field of allocated) {
    const index = Number(/\[(\d+)\]/.exec(field)?.[1]);
    if (field.startsWith('spec.clusterIPs')) {
      (spec.clusterIPs as string[])[index] = 'X';
      if (index === 0) spec.clusterIP = 'X';
    } else if (field.startsWith('spec.ports')) {
      (spec.ports as Record<string, unknown>[])[index] = {
        ...(spec.ports as Manifest[])[index],
        nodePort: 'X',
      };
    } else if (field === 'spec.healthCheckNodePort') spec.healthCheckNodePort = 'X';
  }
}

describe('admission', () => {
  it.each(titled)('$title', ({ object, undecodable, refused, accepted, warnings }) => {
    const before = JSON.stringify(object);
    const admission = admitAll([object]);
    const errors = [...new Set(errorsOf(admission))].sort();
    if (accepted !== undefined) {
      expect(errors).toEqual([]);
      const allocated = admission.state.allocations.map(({ field }) => field);
      expect(comparable(admission.objects[0]?.object, allocated)).toEqual(accepted);
      expect(admission.diagnostics).toHaveLength(warnings ?? 0);
    } else if (undecodable) {
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.filter((error) => !/^(FieldValueTypeInvalid|UnknownField) /.test(error))).toEqual([]);
    } else {
      expect(errors).toEqual(refused);
      expect(admission.objects[0]?.object).toBeUndefined();
    }
    expect(JSON.stringify(object)).toBe(before);
  });
});
