/** What reading the input gives: plain objects, each with its origin. Nothing here has been validated. */
import type { Diagnostic, FieldPath, Origin, Position } from '../shared/diagnostic.ts';

/** An object as it stands in the input, List kinds already taken apart. */
export interface SourceObject {
  /** `''` where it is absent or no string. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
}

export interface Source {
  /** Objects of the kinds that are read, in the order of the input. */
  readonly objects: readonly SourceObject[];
  /** How many objects of each other kind were passed over. */
  readonly passedOver: ReadonlyMap<string, number>;
  /** Documents that cannot be parsed, keys that stand twice. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Finds the line and column of a field by parsing its document once more.
   * Where the field itself is absent, its closest ancestor that exists is taken.
   */
  readonly locate: (origin: Origin, path: FieldPath) => Position | undefined;
}
