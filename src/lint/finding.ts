/**
 * What lint says. In: nothing; this file is the shapes that rules, the engine and the reports share.
 */
import type { Diagnostic, FieldPath, ObjectReference, Origin, Severity } from '../shared/diagnostic.ts';

/** What a rule says of one place; what it leaves out is taken from the rule's description. */
export interface Fault {
  /** Absent: that of the rule. */
  readonly severity?: Severity;
  /** One sentence without a full stop, safe to print: quotes of the input have been through `quote`. */
  readonly message: string;
  readonly why?: string | undefined;
  readonly mend?: string | undefined;
  readonly place: Place;
}

/** Where a fault lies: an object, and the steps within it. */
export interface Place {
  readonly object: ObjectReference | undefined;
  readonly origin: Origin | undefined;
  readonly path: FieldPath;
  /** As people spell the path, where that is not plain from it. */
  readonly field?: string | undefined;
}

/** A fault with all that is to be said of it. Its `code` is the rule's id. */
export interface Finding extends Diagnostic {
  readonly why: string;
  readonly mend: string;
  readonly path: FieldPath;
  /** Stays the same while the file around it changes. */
  readonly fingerprint: string;
}

/** A finding without its fingerprint. */
export type Draft = Omit<Finding, 'fingerprint'>;
