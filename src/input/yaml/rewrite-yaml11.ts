/**
 * In: a document in the YAML 1.1 that kubectl reads. Out: the same document in the YAML 1.2 that js-yaml reads, of the
 * same lines and with few characters inserted; or why kubectl refuses it.
 */
import type { Edit } from './yaml11-cursor.ts';
import { Yaml11Scanner } from './yaml11-scanner.ts';

export interface RewrittenYaml {
  /** What js-yaml shall read. */
  readonly text: string;
  /** From a place in `text` to the same place in the original. */
  readonly toOriginal: (offset: number) => number;
  /** Where in the original stands text behind the end of the document, which kubectl ignores. */
  readonly rest: number | undefined;
}

/** @throws RefusedYaml */
export function rewriteYaml11(source: string): RewrittenYaml {
  // In YAML 1.1 U+0085 is a line feed everywhere.
  const original = source.includes('\u0085') ? source.replaceAll('\u0085', '\n') : source;
  const scanner = new Yaml11Scanner(original);
  const { end, rest } = scanner.scan();
  const edits = scanner.cursor.edits.sort((a, b) => a.at - b.at || a.remove - b.remove);
  return { ...applyEdits(original, edits, end), rest };
}

function applyEdits(
  original: string,
  edits: readonly Edit[],
  end: number,
): Pick<RewrittenYaml, 'text' | 'toOriginal'> {
  let text = '';
  let from = 0;
  /** Where unchanged text starts in the rewritten text, and by how much it has moved. */
  const starts = [0];
  const shifts = [0];
  for (const { at, remove, insert } of edits) {
    if (at >= end) break;
    text += original.slice(from, at);
    starts.push(text.length, text.length + insert.length);
    from = at + remove;
    // Inserted text stands for the place where it was inserted, whatever its length.
    shifts.push(Number.NaN, text.length + insert.length - from);
    text += insert;
  }
  text = starts.length === 1 && end === original.length ? original : text + original.slice(from, end);
  const toOriginal = (offset: number) => {
    let index = lastAtMost(starts, offset);
    if (!Number.isNaN(shifts[index])) return offset - (shifts[index] as number);
    const insertedAt = starts[index] as number;
    while (Number.isNaN(shifts[index])) index--;
    return insertedAt - (shifts[index] as number);
  };
  return { text, toOriginal };
}

/** The index of the last of the sorted numbers that is not above `limit`. */
export function lastAtMost(numbers: readonly number[] | Int32Array, limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
