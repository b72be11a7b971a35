/** Runs one parser on its mutants in a thread, which its parent ends when it hangs. `progress` says which one it is at. */
import { parentPort, workerData } from 'node:worker_threads';
import { mutant } from './mutate.ts';
import { PARSERS, type Parse } from './parsers.ts';
import { seedsOf } from './seeds.ts';

export interface Assignment {
  readonly parser: string;
  readonly repository: string;
  readonly seed: number;
  /** The first mutant, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** One 32-bit number: the mutant at hand. */
  readonly progress: SharedArrayBuffer;
}

export type Report =
  | { readonly kind: 'crash'; readonly number: number; readonly stack: string }
  | { readonly kind: 'done' };

const { parser, repository, seed, from, to, progress } = workerData as Assignment;
const at = new Int32Array(progress);
const parse = PARSERS[parser] as Parse;
const seeds = seedsOf(parser, repository);
const report = (message: Report): void => parentPort?.postMessage(message);
for (let number = from; number < to; number++) {
  Atomics.store(at, 0, number);
  try {
    await parse(mutant(seeds, seed, number));
  } catch (error) {
    report({ kind: 'crash', number, stack: error instanceof Error ? String(error.stack) : String(error) });
  }
}
report({ kind: 'done' });
