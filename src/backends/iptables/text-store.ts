/**
 * Keeps the texts of many chains, written in one order and read in another.
 *
 * Chains are compiled service by service, but printed in the order of their names, which are hashes: made in the order of
 * printing, each would be a jump through the memory of a big cluster. Texts are kept in long strings, which the garbage
 * collector does not move.
 */
import { compareStrings } from '../../shared/ordering.ts';

const BATCH = 1 << 18;
/** Texts are handed on in pieces of about this many characters. */
const PIECE = 1 << 18;

export class TextStore {
  private readonly names: string[] = [];
  private readonly batchOf: number[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly batches: string[] = [];
  private readonly check: (text: string, lines: number) => string;
  private batch = '';
  private lines = 0;

  /** @param check is given texts with the number of lines that they should have */
  constructor(check: (text: string, lines: number) => string) {
    this.check = check;
  }

  add(name: string, text: string, lines: number): void {
    this.names.push(name);
    this.batchOf.push(this.batches.length);
    this.starts.push(this.batch.length);
    this.batch += text;
    this.ends.push(this.batch.length);
    this.lines += lines;
    if (this.batch.length > BATCH) this.endBatch();
  }

  /** The places of all names: `first` in that order, then the others sorted. */
  order(first: readonly string[]): readonly number[] {
    // Many short lists sort faster than a long one, and the hashes spread names evenly.
    const byStart = new Map<string, number[]>();
    for (let place = 0; place < this.names.length; place++) {
      const name = this.name(place);
      const start = first.includes(name) ? '' : name.slice(0, 'KUBE-SEP-XX'.length);
      const sameStart = byStart.get(start);
      if (sameStart === undefined) byStart.set(start, [place]);
      else sameStart.push(place);
    }
    const sorted = [...byStart.keys()].sort().map((start) => byStart.get(start) as number[]);
    for (const places of sorted) places.sort((a, b) => compareStrings(this.name(a), this.name(b)));
    byStart.get('')?.sort((a, b) => first.indexOf(this.name(a)) - first.indexOf(this.name(b)));
    return sorted.flat();
  }

  name(place: number): string {
    return this.names[place] as string;
  }

  *texts(order: readonly number[]): Generator<string> {
    this.endBatch();
    let piece = '';
    for (const place of order) {
      const batch = this.batches[this.batchOf[place] as number] as string;
      piece += batch.slice(this.starts[place], this.ends[place]);
      if (piece.length > PIECE) {
        yield piece;
        piece = '';
      }
    }
    yield piece;
  }

  private endBatch(): void {
    this.batches.push(this.check(this.batch, this.lines));
    this.batch = '';
    this.lines = 0;
  }
}
