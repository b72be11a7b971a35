/** How probabilities are written by kube-proxy and, once the kernel has rounded them, by iptables-save. */

/** As C and Go print it: rounded to the nearest, ties to the even digit. (`toFixed` rounds ties up.) */
function formatFixed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  const twice = value.toFixed(digits + 1);
  // Only fractions of a power of two can lie exactly between two decimals.
  const isTie = Number.isInteger(value * 2 ** 31) && twice.endsWith('5') && Number(twice) === value;
  const lastIsOdd = '13579'.includes(text.charAt(text.length - 1));
  return isTie && lastIsOdd ? twice.slice(0, -1) : text;
}

const written = new Map<number, string>();
const stored = new Map<number, string>();

/** What kube-proxy hands to iptables-restore for a share of one in `n`. */
export function formatProbability(n: number, digits: number): string {
  const key = n * 16 + digits;
  let text = written.get(key);
  if (text === undefined) {
    text = formatFixed(1 / n, digits);
    written.set(key, text);
  }
  return text;
}

/** What iptables-save prints for it: the kernel keeps 31 bits. */
export function formatStoredProbability(n: number, digits: number): string {
  const key = n * 16 + digits;
  let text = stored.get(key);
  if (text === undefined) {
    text = formatFixed(storedProbability(n, digits) / 2 ** 31, 11);
    stored.set(key, text);
  }
  return text;
}

/** The share of packets that the kernel lets match, in units of 2^-31. */
export function storedProbability(n: number, digits: number): number {
  return Math.round(2 ** 31 * Number(formatProbability(n, digits)));
}
