/** What once broke a parser, real inputs, mutants of both and any bytes: no parser throws what it does not promise. */
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { mutant } from './mutate.ts';
import { PARSERS } from './parsers.ts';
import { seedsOf } from './seeds.ts';

vi.setConfig({ testTimeout: 60_000 });

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds for one input, on a machine that is busy with other tests. */
const PATIENCE = 10_000;

describe.each(Object.entries(PARSERS))('%s', (name, parse) => {
  const seeds = seedsOf(name, REPOSITORY);

  async function expectPromisesKept(bytes: Buffer): Promise<void> {
    const started = performance.now();
    await parse(bytes);
    expect(performance.now() - started).toBeLessThan(PATIENCE);
  }

  it('takes the corpus', async () => {
    for (const bytes of seeds) await expectPromisesKept(bytes);
  });

  it('takes mutants of it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), (seed, number) => expectPromisesKept(mutant(seeds, seed, number))),
      { numRuns: 500 },
    );
  });

  it('takes any bytes and any text', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
    const text = fc.string({ unit: 'binary', maxLength: 300 }).map((string) => Buffer.from(string));
    await fc.assert(fc.asyncProperty(fc.oneof(bytes, text), expectPromisesKept), { numRuns: 500 });
  });
});
