/**
 * Validates `metadata`, of any kind. In: decoded metadata with its namespace filled in. Out: faults.
 *
 * Mirrors apimachinery `pkg/api/validation/objectmeta.go` of Kubernetes 1.37, for objects that are created.
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedManagedFields, DecodedMeta, DecodedOwnerReference, StringMap } from '../decoded.ts';
import { type Faults, forbidden, invalid, notSupported, printable, required, tooLong } from '../fault.ts';
import { asPrefix, checkDNSLabel, checkLabelValue, checkQualifiedName, type FormCheck } from './names.ts';

const PATH: FieldPath = ['metadata'];
const LABELS_PATH: FieldPath = [...PATH, 'labels'];
const NAMESPACE_PATH: FieldPath = [...PATH, 'namespace'];
const ANNOTATIONS_LIMIT = 256 * 1024;
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** `checkName` is the rule for names of the object's kind. */
export function validateMetadata(
  metadata: DecodedMeta | undefined,
  namespaced: boolean,
  checkName: FormCheck,
  faults: Faults,
): void {
  const meta = metadata ?? {};
  validateNames(meta, namespaced, checkName, faults);
  if (meta.generation !== undefined && meta.generation < 0) {
    faults.push(invalid([...PATH, 'generation'], meta.generation, 'must not be negative'));
  }
  validateLabels(meta.labels, LABELS_PATH, faults);
  validateAnnotations(meta.annotations, faults);
  if (meta.ownerReferences !== undefined) validateOwnerReferences(meta.ownerReferences, faults);
  if (meta.finalizers !== undefined) validateFinalizers(meta.finalizers, faults);
  if (meta.managedFields !== undefined) validateManagedFields(meta.managedFields, faults);
}

function validateNames(meta: DecodedMeta, namespaced: boolean, checkName: FormCheck, faults: Faults): void {
  if (meta.generateName) {
    const problem = asPrefix(checkName)(meta.generateName);
    if (problem !== undefined) faults.push(invalid([...PATH, 'generateName'], meta.generateName, problem));
  }
  if (meta.name) {
    const problem = checkName(meta.name);
    if (problem !== undefined) faults.push(invalid([...PATH, 'name'], meta.name, problem));
  } else {
    faults.push(required([...PATH, 'name'], 'each object needs a name'));
  }
  const path = NAMESPACE_PATH;
  if (!namespaced) {
    if (meta.namespace) faults.push(forbidden(path, 'must not be set: the kind belongs to no namespace'));
  } else if (meta.namespace) {
    const problem = checkDNSLabel(meta.namespace);
    if (problem !== undefined) faults.push(invalid(path, meta.namespace, problem));
  } else {
    faults.push(required(path));
  }
}

/** Labels or a selector: the field is the map's, the path leads to the entry. */
export function validateLabels(labels: StringMap | undefined, path: FieldPath, faults: Faults): void {
  if (labels === undefined) return;
  for (const key in labels) {
    const value = labels[key] as string;
    const keyProblem = checkQualifiedName(key);
    if (keyProblem !== undefined) {
      faults.push(invalid([...path, key], key, `as a key ${keyProblem}`, path.join('.')));
    }
    const valueProblem = checkLabelValue(value);
    if (valueProblem !== undefined) {
      faults.push(invalid([...path, key], value, `of ${printable(key)} ${valueProblem}`, path.join('.')));
    }
  }
}

function validateAnnotations(annotations: StringMap | undefined, faults: Faults): void {
  if (annotations === undefined) return;
  const path = [...PATH, 'annotations'];
  let size = 0;
  for (const key of Object.keys(annotations)) {
    const problem = checkQualifiedName(key.toLowerCase());
    if (problem !== undefined) {
      faults.push(invalid([...path, key], key, `as a key ${problem}`, 'metadata.annotations'));
    }
    size += Buffer.byteLength(key) + Buffer.byteLength(annotations[key] as string);
  }
  if (size > ANNOTATIONS_LIMIT) faults.push(tooLong(path, ANNOTATIONS_LIMIT));
}

function validateOwnerReferences(references: readonly DecodedOwnerReference[], faults: Faults): void {
  const path = [...PATH, 'ownerReferences'];
  let controllers = 0;
  for (const [i, reference] of references.entries()) {
    const { apiVersion = '' } = reference;
    if (apiVersion === '') {
      faults.push(required([...path, i, 'apiVersion']));
    } else if (!/^([^/]*\/)?[^/]+$/.test(apiVersion)) {
      const problem = "must have the form 'version' or 'group/version'";
      faults.push(invalid([...path, i, 'apiVersion'], apiVersion, problem));
    }
    for (const name of ['kind', 'name', 'uid'] as const) {
      if (!reference[name]) faults.push(required([...path, i, name]));
    }
    if (apiVersion === 'v1' && reference.kind === 'Event') {
      faults.push(invalid([...path, i], reference.kind, 'cannot own objects'));
    }
    if (reference.controller === true && ++controllers > 1) {
      faults.push(invalid(path, reference.name, 'is a second controller; only one may be'));
    }
  }
}

function validateFinalizers(finalizers: readonly string[], faults: Faults): void {
  const path = [...PATH, 'finalizers'];
  for (const [i, finalizer] of finalizers.entries()) {
    const problem = checkQualifiedName(finalizer);
    if (problem !== undefined) faults.push(invalid([...path, i], finalizer, problem, 'metadata.finalizers'));
    if (!isKnownFinalizer(finalizer)) {
      faults.push(
        invalid([...path, i], finalizer, "must be a standard finalizer or have the form 'example.com/name'"),
      );
    }
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    faults.push(invalid(path, finalizers, 'must not have both orphan and foregroundDeletion'));
  }
}

/** A finalizer without a domain must be one of Kubernetes' own. */
export function isKnownFinalizer(finalizer: string): boolean {
  return finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer);
}

function validateManagedFields(entries: readonly DecodedManagedFields[], faults: Faults): void {
  for (const [i, entry] of entries.entries()) {
    const path = [...PATH, 'managedFields', i];
    if (!entry.operation) faults.push(required([...path, 'operation']));
    else if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      faults.push(notSupported([...path, 'operation'], entry.operation, ['Apply', 'Update']));
    }
    if (entry.fieldsType && entry.fieldsType !== 'FieldsV1') {
      faults.push(invalid([...path, 'fieldsType'], entry.fieldsType, 'must be FieldsV1'));
    }
  }
}
