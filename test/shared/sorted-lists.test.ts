/** Sorted lists against the obvious way to do the same. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { difference, lowerBound, placesBefore, replaced } from '../../src/shared/sorted-lists.ts';

interface Item {
  readonly key: number;
}

const compare = (a: Item, b: Item) => a.key - b.key;

/** Sorted, each key once, each item an object of its own. */
const items = fc
  .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 30 })
  .map((keys) => keys.sort((a, b) => a - b).map((key): Item => ({ key })));

/** A list, and one in which some items are the same objects, some others of the same key, some gone, some new. */
const pair = fc.tuple(items, items, fc.infiniteStream(fc.boolean())).map(([before, other, coins]) => {
  const keep = before.filter(() => coins.next().value);
  const keys = new Set(keep.map(({ key }) => key));
  return { before, after: [...keep, ...other.filter(({ key }) => !keys.has(key))].sort(compare) };
});

describe('sorted lists', () => {
  it('find the first place that is not before', () => {
    fc.assert(
      fc.property(items, fc.integer({ min: -1, max: 41 }), (list, key) => {
        const place = list.findIndex((item) => item.key >= key);
        expect(lowerBound(list, (item) => item.key < key)).toBe(place < 0 ? list.length : place);
      }),
    );
  });

  it('know their items again, by identity', () => {
    fc.assert(
      fc.property(pair, ({ before, after }) => {
        expect(placesBefore(before, after, compare)).toEqual(after.map((item) => before.indexOf(item)));
        expect(difference(before, after, compare)).toEqual({
          removed: before.filter((item) => !after.includes(item)),
          added: after.filter((item) => !before.includes(item)),
        });
      }),
    );
  });

  it('become the other list by their difference', () => {
    fc.assert(
      fc.property(pair, ({ before, after }) => {
        const { removed, added } = difference(before, after, compare);
        const result = replaced(before, removed, added, compare);
        expect(result.length).toBe(after.length);
        expect(result.every((item, i) => item === after[i])).toBe(true);
      }),
    );
  });

  it('take what was never in them for removed already', () => {
    const list = [{ key: 1 }, { key: 3 }];
    expect(replaced(list, [{ key: 0 }, { key: 2 }, { key: 9 }], [], compare)).toEqual(list);
  });
});
