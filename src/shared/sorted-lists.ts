/** Lists in a strict order, of which most stays the same from one time to the next. */

export type Compare<T> = (a: T, b: T) => number;

/** The first place whose item is not before what is looked for. */
export function lowerBound<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** For each item of `after`, its place in `before` if it is the very same there, or -1. */
export function placesBefore<T>(
  before: readonly T[],
  after: readonly T[],
  compare: Compare<T>,
): readonly number[] {
  const places = new Array<number>(after.length);
  let b = 0;
  for (let a = 0; a < after.length; a++) {
    const item = after[a] as T;
    while (b < before.length && before[b] !== item && compare(before[b] as T, item) < 0) b++;
    places[a] = before[b] === item ? b++ : -1;
  }
  return places;
}

export interface Difference<T> {
  readonly removed: readonly T[];
  readonly added: readonly T[];
}

/** The items that are not the very same in both. */
export function difference<T>(before: readonly T[], after: readonly T[], compare: Compare<T>): Difference<T> {
  const removed: T[] = [];
  const added: T[] = [];
  let next = 0;
  for (const [a, place] of placesBefore(before, after, compare).entries()) {
    if (place < 0) added.push(after[a] as T);
    else {
      for (; next < place; next++) removed.push(before[next] as T);
      next = place + 1;
    }
  }
  for (; next < before.length; next++) removed.push(before[next] as T);
  return { removed, added };
}

/** The list without what `removed` and `added` compare equal to, and with `added`. All three are sorted. */
export function replaced<T>(
  items: readonly T[],
  removed: readonly T[],
  added: readonly T[],
  compare: Compare<T>,
): readonly T[] {
  const dropped = new Set<number>();
  const placeOf = (item: T): number => {
    const at = lowerBound(items, (other) => compare(other, item) < 0);
    if (at < items.length && compare(items[at] as T, item) === 0) dropped.add(at);
    return at;
  };
  for (const item of removed) placeOf(item);
  const places = added.map(placeOf);
  const result: T[] = [];
  let next = 0;
  const copyTo = (end: number) => {
    for (; next < end; next++) if (!dropped.has(next)) result.push(items[next] as T);
  };
  for (const [i, item] of added.entries()) {
    copyTo(places[i] as number);
    result.push(item);
  }
  copyTo(items.length);
  return result;
}
