/** Orderings that do not depend on the machine's locale. */

/** Compares by UTF-16 code units, which for ASCII is the byte order that Go and the C locale use. */
export function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
