/** What a watch gives: the input as it is now, and what has changed since the time before. */
import type { Source, SourceObject } from '../input/source.ts';

export interface InputUpdate {
  readonly source: () => Source;
  /** By kind, namespace and name. Absent where only the whole is known: at first, and for files. */
  readonly changes: ReadonlyMap<string, ObjectChange> | undefined;
}

/** One side may be absent, not both; they are never the same object. */
export interface ObjectChange {
  readonly before: SourceObject | undefined;
  readonly after: SourceObject | undefined;
}

export interface WatchOptions {
  /** Milliseconds within which changes count as one. */
  readonly period: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
  /** Told when changes may be missed for some time, and why; without a reason when that is over. */
  readonly onTrouble: (why: string | undefined) => void;
}

/** `Service prod/web` */
export function objectKey({ kind, object }: SourceObject): string {
  const { namespace, name } = (object.metadata ?? {}) as Readonly<Record<string, unknown>>;
  return `${kind} ${namespace ?? ''}/${name}`;
}
