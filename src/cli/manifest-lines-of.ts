/** Finds the lines of what was read. In: a cluster with its sources. Out: the places of its objects in their files. */
import { manifestPlaces } from '../proxy/manifest-places.ts';
import { type ManifestLines, manifestLines } from '../report/manifest-lines.ts';
import type { LoadedCompilation } from './load-node.ts';

export function linesOf({ state, sources }: LoadedCompilation): ManifestLines {
  return manifestLines(manifestPlaces(state), (origin, path) => {
    for (const source of sources) {
      const position = source.locate(origin, path);
      if (position !== undefined) return position;
    }
    return undefined;
  });
}
