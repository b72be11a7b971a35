/** No input of a few hundred kilobytes takes longer than reading it with the care that it needs. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { DEFAULT_LIMITS, setLimits } from '../../src/input/limits.ts';
import { readStdin } from '../support/input-folder.ts';

const N = 100_000;

describe('reading takes time in proportion to', () => {
  test.each<[string, string]>([
    ['flow items behind a deep indentation', `${' '.repeat(N)}a: [${'1,'.repeat(N)}1]\n`],
    ['flow items that js-yaml needs quoted', `a: [${'-,'.repeat(N)}b:]\n`],
    ['flow items on lines of their own', `a: [\n${'1,\n'.repeat(N)}]\n`],
    ['tabs', `a:${'\t'.repeat(N)}[${'\t'.repeat(N)}]\n`],
    ['comments', `${'# comment\n'.repeat(N)}a: 1\n`],
    ['comments without a blank', `a: [${'1,#c\n'.repeat(N)}]\n`],
    ['blank lines in quotes', `a: "${'x\\\n\n'.repeat(N)}"\n`],
    ['apostrophes', `a: '${"''".repeat(N)}'\n`],
    ['blank lines in a block of text', `a: |\n${'  x\n\n'.repeat(N)}`],
    ['lines of a plain scalar', `a: x\n${'  x\n\n'.repeat(N)}`],
    ['brackets that are never closed', `a: ${'['.repeat(N)}`],
    ['brackets that were never opened', `a: 1\n${']'.repeat(N)}`],
    ['dashes', '- '.repeat(N)],
    ['question marks', '? '.repeat(N)],
    ['colons', `a${':'.repeat(N)} b\n`],
    ['anchors and aliases', `a:\n${'- &x 1\n- *x\n'.repeat(N / 10)}`],
    ['equal keys', 'a: 1\n'.repeat(N)],
    ['keys', Array.from({ length: N }, (_, i) => `k${i}: 1\n`).join('')],
    ['tags', `a: [${'!t 1, '.repeat(N)}]\n`],
    ['documents', 'a: 1\n---\n'.repeat(N / 10)],
    ['documents that are refused', 'a: [\n---\n'.repeat(N / 10)],
    ['documents with text behind them', '{} x\n---\n'.repeat(N / 10)],
    ['malformed separators', '--- x\n'.repeat(N)],
    ['JSON documents', '{"kind":"X"}'.repeat(N / 10)],
    ['JSON brackets', `{"a":${'['.repeat(N)}`],
    ['JSON that is none', `{"a":[${'1,'.repeat(N)}}]}`],
    ['JSON escapes', `{"a":"${'\\\\'.repeat(N)}`],
  ])(
    '%s',
    async (_, text) => {
      setLimits({ ...DEFAULT_LIMITS, aliases: N });
      onTestFinished(() => setLimits(DEFAULT_LIMITS));
      const start = performance.now();
      const { diagnostics, locate } = await readStdin(text);
      for (const { origin, path } of diagnostics.slice(0, 1000)) if (origin) locate(origin, path ?? []);
      expect(performance.now() - start).toBeLessThan(10_000);
    },
    60_000,
  );
});
