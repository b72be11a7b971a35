/** docs/modes.md and its drawings say what docs/modes/measurements.json says: nobody has changed a figure by hand. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Measurements, median } from '../scripts/measure-modes/measurements.ts';
import { drawings, fillPage } from '../scripts/measure-modes/page.ts';

const DOCS = join(import.meta.dirname, '../docs');
const read = (file: string) => readFileSync(join(DOCS, file), 'utf8');
const measured = JSON.parse(read('modes/measurements.json')) as Measurements;

describe('docs/modes.md', () => {
  it('has the figures that were measured', () => {
    expect(fillPage(read('modes.md'), measured)).toBe(read('modes.md'));
  });

  it.each([...drawings(measured)])('has %s as it was measured', (name, text) => {
    expect(text).toBe(read(`modes/${name}`));
    expect(read('modes.md')).toContain(`(modes/${name})`);
  });

  it('shows a figure that has changed', () => {
    const [size, ...sizes] = measured.sizes;
    const changed = { ...measured, sizes: [{ ...size, counts: { iptables: { rules: 7 } } }, ...sizes] };
    expect(fillPage(read('modes.md'), changed as Measurements)).toContain('| iptables | rules | 7 |');
  });

  it('has every figure once for each run', () => {
    const runs = (values: readonly number[]) => expect(values).toHaveLength(measured.runs);
    for (const { loads } of measured.sizes) Object.values(loads).forEach(runs);
    for (const { modes } of [...measured.lookups, ...measured.uml]) {
      for (const packets of Object.values(modes)) Object.values(packets).forEach(runs);
    }
    for (const path of Object.values(measured.paths)) Object.values(path).forEach(runs);
  });

  it('is refused where a part is unknown or missing', () => {
    expect(() => fillPage('<!-- measured: nonsense -->\n<!-- end -->', measured)).toThrow('nonsense');
    expect(() => fillPage('', measured)).toThrow('no place for machine');
  });
});

describe('the median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});
