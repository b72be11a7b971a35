/**
 * Kubernetes quantities such as `4`, `1500m`, `0.5`, `2e3` and `1Ki`, as `resource.Quantity` of apimachinery 0.37 reads
 * them. In: text. Out: thousandths.
 */

const QUANTITY = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;

const DECIMAL_EXPONENT: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};

const BINARY_SUFFIXES = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

/** A quantity has at most this many thousandths: the greatest 64-bit integer. */
const MAX_MILLI = 2n ** 63n - 1n;

/** Powers of ten beyond this one round to one thousandth or meet the limit, whatever they are multiplied with. */
const MAX_EXPONENT = 64;
const MAX_DIGITS = 64;

/** @returns thousandths, rounded up (away from zero); undefined for text that is no quantity. */
export function parseMilliQuantity(text: string): number | undefined {
  const match = QUANTITY.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', suffix = '', exponentText] = match;
  const digits = whole + fraction;
  if (digits === '' || digits.length > MAX_DIGITS) return undefined;
  const binary = BINARY_SUFFIXES.indexOf(suffix) + 1;
  const power = exponentText === undefined ? (DECIMAL_EXPONENT[suffix] ?? 0) : Number(exponentText);
  const exponent = 3 - fraction.length + Math.min(MAX_EXPONENT, Math.max(-MAX_EXPONENT, power));
  let milli = BigInt(digits) * 1024n ** BigInt(binary);
  if (exponent >= 0) milli *= 10n ** BigInt(exponent);
  else {
    const divisor = 10n ** BigInt(-exponent);
    milli = (milli + divisor - 1n) / divisor;
  }
  const bounded = Number(milli > MAX_MILLI ? MAX_MILLI : milli);
  return sign === '-' ? -bounded : bounded;
}
