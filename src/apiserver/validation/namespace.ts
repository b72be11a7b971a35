/**
 * Validates Namespaces. In: a defaulted Namespace. Out: faults.
 *
 * Mirrors `ValidateNamespace` of Kubernetes 1.37 (pkg/apis/core/validation).
 */
import type { DecodedNamespace } from '../decoded.ts';
import { type Faults, invalid } from '../fault.ts';
import { isKnownFinalizer, validateMetadata } from './metadata.ts';
import { checkDNSLabel, checkQualifiedName } from './names.ts';

export function validateNamespace(namespace: DecodedNamespace, faults: Faults): void {
  validateMetadata(namespace.metadata, false, checkDNSLabel, faults);
  for (const [i, finalizer] of (namespace.spec?.finalizers ?? []).entries()) {
    const path = ['spec', 'finalizers', i];
    const problem =
      checkQualifiedName(finalizer) ??
      (isKnownFinalizer(finalizer)
        ? undefined
        : "must be a standard finalizer or have the form 'example.com/name'");
    if (problem !== undefined) faults.push(invalid(path, finalizer, problem, 'spec.finalizers'));
  }
}
