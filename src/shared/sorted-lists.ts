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
  let b = 0;
  for (let a = 0; a < after.length; a++) {
    const item = after[a] as T;
    while (b < before.length && before[b] !== item && compare(before[b] as T, item) < 0) {
      removed.push(before[b++] as T);
    }
    if (before[b] === item) b++;
    else added.push(item);
  }
  return { removed: b === before.length ? removed : [...removed, ...before.slice(b)], added };
}

/** The list without what `removed` and `added` compare equal to, and with `added`. All three are sorted. */
export function replaced<T>(
  items: readonly T[],
  removed: readonly T[],
  added: readonly T[],
  compare: Compare<T>,
): readonly T[] {
  const placeOf = (item: T) => lowerBound(items, (other) => compare(other, item) < 0);
  const isAt = (place: number, item: T) => place < items.length && compare(items[place] as T, item) === 0;
  const edits = removed.map((item) => ({ place: placeOf(item), item, isNew: false }));
  for (const item of added) edits.push({ place: placeOf(item), item, isNew: true });
  // New items of a place are in their order, and before what goes there.
  edits.sort((a, b) => a.place - b.place || Number(b.isNew) - Number(a.isNew));
  const result: T[] = [];
  let next = 0;
  const copyTo = (end: number) => {
    for (; next < end; next++) result.push(items[next] as T);
  };
  for (const { place, item, isNew } of edits) {
    copyTo(place);
    if (isNew) result.push(item);
    if (isAt(place, item)) next = Math.max(next, place + 1);
  }
  copyTo(items.length);
  return result;
}
