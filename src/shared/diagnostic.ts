/**
 * Diagnostics are data: what is wrong with an input, where, why it matters and how to mend it.
 * They are collected and returned, never thrown. (A file that cannot be read is not a diagnostic
 * but an operational error, see `operational-error.ts`.)
 */

/** Where an object stands in the input. Lines and columns are found on demand from it. */
export interface Origin {
  /** The file as the user named it, or `-` for standard input. */
  readonly file: string;
  /** 1-based number of the YAML or JSON document within the file. */
  readonly document: number;
  /** Steps from the root of the document to the object: empty, or `['items', 3]` within a List. */
  readonly path: FieldPath;
}

/** Steps from an object's root to a field: property names and list indexes. */
export type FieldPath = readonly (string | number)[];

/** 1-based line and column (in UTF-16 code units) within a file. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Severity = 'error' | 'warning' | 'note';

/** Names an object as messages do: kind, and where they are known, namespace and name. */
export interface ObjectReference {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable identifier; for refused fields the API server's own reason, such as `FieldValueInvalid`. */
  readonly code: string;
  /** What is wrong, in one sentence without a full stop. */
  readonly message: string;
  /** Why it matters. */
  readonly why?: string;
  /** How to mend it. */
  readonly mend?: string;
  readonly object?: ObjectReference;
  /** The field as the API server spells it, such as `spec.ports[0].nodePort`. */
  readonly field?: string;
  readonly origin?: Origin;
  /** Steps within the object to the place that is at fault; the closest one that exists is shown. */
  readonly path?: FieldPath;
}

/** Spells a path as Kubernetes does: `['spec', 'ports', 0, 'port']` is `spec.ports[0].port`. */
export function formatFieldPath(path: FieldPath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

/** `Service prod/web`, `Node worker-1`. */
export function formatObjectReference({ kind, namespace, name }: ObjectReference): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
