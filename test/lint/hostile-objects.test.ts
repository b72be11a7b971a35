/** Rules read what nobody has validated, in any order: lint ends with findings and not with an error. */
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import type { SourceObject } from '../../src/input/source.ts';
import { allRules, lint } from '../../src/lint/lint.ts';
import { seededRandom } from '../support/hostile-strings.ts';

const JUNK: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e21,
  '',
  'x',
  '__proto__',
  [],
  [null],
  {},
  { name: 1 },
  [[]],
];

const DOCUMENTS = allRules()
  .flatMap(({ invalid, valid }) => [...invalid, ...valid])
  .flatMap(({ manifest, excerpt }) => {
    const documents = manifest.split(/^---$/m);
    // Of an example that is too long to read, all documents but the last two are large and alike.
    return excerpt === undefined ? documents : documents.slice(-2);
  })
  .filter((text) => !text.startsWith('- ') && !text.includes('tier: front} # ✗'));

function readDocument(text: string, number: number): SourceObject {
  const object = load(text) as Record<string, unknown>;
  const origin = { file: 'x.yaml', document: number, path: [] };
  return { apiVersion: String(object.apiVersion), kind: String(object.kind), object, origin };
}

/** One place of an object, at random, holds junk. */
function spoil(value: unknown, random: () => number): unknown {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)] as T;
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(JUNK);
  const keys = Object.keys(value);
  if (keys.length === 0) return pick(JUNK);
  const key = pick(keys);
  if (Array.isArray(value)) return value.with(Number(key), spoil(value[Number(key)], random));
  return { ...value, [key]: spoil((value as Record<string, unknown>)[key], random) };
}

describe('lint', () => {
  it('ends with findings for objects with junk anywhere', () => {
    const objects = DOCUMENTS.map(readDocument);
    const random = seededRandom(7);
    for (let round = 0; round < 60; round++) {
      const spoilt = objects
        .map((source) =>
          random() < 0.5
            ? source
            : { ...source, object: spoil(source.object, random) as SourceObject['object'] },
        )
        .filter(({ object }) => typeof object === 'object' && object !== null && !Array.isArray(object));
      const { findings } = lint({ objects: spoilt, diagnostics: [], passedOver: new Map() });
      for (const { message, why, mend } of findings) {
        for (const text of [message, why, mend]) expect(text).not.toMatch(/undefined|\[object|NaN/);
      }
    }
  }, 30_000);

  it.each(allRules())('finds the same in any order of the input: $id', ({ id, invalid }) => {
    // Of two objects in conflict, admission refuses the second.
    if (id === 'admission' || id === 'duplicate-object' || id === 'unreadable-manifest') return;
    for (const { manifest } of invalid) {
      const objects = manifest.split(/^---$/m).map(readDocument);
      const prints = (given: readonly SourceObject[]) =>
        lint({ objects: given, diagnostics: [], passedOver: new Map() }).findings.map(
          ({ fingerprint }) => fingerprint,
        );
      expect(prints(objects).length).toBeGreaterThan(0);
      expect(new Set(prints(objects)).size).toBe(prints(objects).length);
      expect(prints(objects.toReversed()).sort()).toEqual(prints(objects).sort());
    }
  });
});
