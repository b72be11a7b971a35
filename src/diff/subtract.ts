/** What two lists do not have in common. In: both, and what tells their lines apart. Out: what each has more often than the other. */

export function subtract<T>(
  intended: readonly T[],
  actual: readonly T[],
  keyOf: (line: T) => string,
): { readonly missing: readonly T[]; readonly extra: readonly T[] } {
  const open = new Map<string, T[]>();
  for (const line of intended) {
    const key = keyOf(line);
    const lines = open.get(key);
    if (lines === undefined) open.set(key, [line]);
    else lines.push(line);
  }
  const extra = actual.filter((line) => open.get(keyOf(line))?.shift() === undefined);
  return { missing: [...open.values()].flat(), extra };
}
