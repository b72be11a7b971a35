/** Every seeded fault is found by its rule, in its line, and nothing is wrong with what the seeds are made of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { linesOf, lintManifest, markedLines } from '../lint/lint-text-input.ts';
import { BASE, SEEDS } from './seeds.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/lint/comparison.md'), 'utf8');

describe('seeded faults', () => {
  it('are at least forty, each with one marked line, and stand on the page', () => {
    expect(SEEDS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(SEEDS.map(({ name }) => name)).size).toBe(SEEDS.length);
    for (const { name, manifest } of SEEDS) {
      expect(markedLines(manifest), name).toHaveLength(1);
      expect(PAGE).toContain(`| ${name} |`);
    }
  });

  it('are not in what they are put into', async () => {
    expect(await linesOf(await lintManifest(BASE))).toEqual([]);
  });

  it.each(SEEDS)('$name', async ({ rule, manifest }) => {
    const [line] = markedLines(manifest);
    expect(await linesOf(await lintManifest(manifest))).toContain(`${rule}:${line}`);
  });
});
