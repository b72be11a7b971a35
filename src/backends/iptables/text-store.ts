/**
 * Keeps the texts of many chains, written in one order and read in another.
 *
 * Chains are compiled service by service, but printed in the order of their names, which are hashes: made in the order of
 * printing, each would be a jump through the memory of a big cluster. Texts are kept in long strings, which the garbage
 * collector does not move.
 */
const BATCH = 1 << 18;
/** Texts are handed on in pieces of about this many characters. */
const PIECE = 1 << 16;

interface Place {
  readonly batch: number;
  readonly start: number;
  readonly end: number;
}

export class TextStore {
  private readonly places = new Map<string, Place>();
  private readonly batches: string[] = [];
  private readonly check: (text: string, lines: number) => string;
  private batch = '';
  private lines = 0;

  /** @param check is given texts with the number of lines that they should have */
  constructor(check: (text: string, lines: number) => string) {
    this.check = check;
  }

  get names(): readonly string[] {
    return [...this.places.keys()];
  }

  add(name: string, text: string, lines: number): void {
    const start = this.batch.length;
    this.batch += text;
    this.lines += lines;
    this.places.set(name, { batch: this.batches.length, start, end: this.batch.length });
    if (this.batch.length > BATCH) this.endBatch();
  }

  *inOrder(names: readonly string[]): Generator<string> {
    this.endBatch();
    let piece = '';
    for (const name of names) {
      const { batch, start, end } = this.places.get(name) as Place;
      piece += (this.batches[batch] as string).slice(start, end);
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
