/** Objects that a program already has. In: plain objects. Out: the same as if they had been read from a file. */
import type { SourceObject } from '../input/source.ts';

/** @param file what messages call the place that they come from */
export function manifestObjects(objects: readonly object[], file = 'objects'): readonly SourceObject[] {
  return objects.map((object, i) => {
    const { apiVersion, kind } = object as { readonly apiVersion?: unknown; readonly kind?: unknown };
    return {
      apiVersion: typeof apiVersion === 'string' ? apiVersion : '',
      kind: typeof kind === 'string' ? kind : '',
      object: object as SourceObject['object'],
      origin: { file, document: i + 1, path: [] },
    };
  });
}
