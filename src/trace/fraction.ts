/**
 * Exact shares of packets. In: counts of equally likely cases. Out: fractions of bigints, and their text for people.
 *
 * The kernel draws 31 random bits for each `-m statistic --mode random`, so shares of iptables rules have powers of two
 * below the line, up to 2^31000 for a Service with 1000 endpoints: nothing here takes a greatest common divisor of these.
 */

export interface Fraction {
  readonly numerator: bigint;
  /** Positive. */
  readonly denominator: bigint;
}

export const ZERO: Fraction = { numerator: 0n, denominator: 1n };
export const ONE: Fraction = { numerator: 1n, denominator: 1n };

/** Kernel and kube-proxy round a probability once each: to 31 bits, and to ten decimals. Together that is less than this. */
const ROUNDING = 2 / 2 ** 31;
/** Above this, a fraction within the rounding may be there by chance. */
const LARGEST_SIMPLE_DENOMINATOR = 10_000;

/** @throws RangeError if `denominator` is not positive. */
export function fraction(numerator: bigint | number, denominator: bigint | number): Fraction {
  const below = BigInt(denominator);
  if (below <= 0n) throw new RangeError(`a denominator of ${below}`);
  return { numerator: BigInt(numerator), denominator: below };
}

/** Not in lowest terms: see `reduceFraction`. */
export function multiplyFractions(a: Fraction, b: Fraction): Fraction {
  if (a === ONE) return b;
  if (b === ONE) return a;
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

/** Not in lowest terms: see `reduceFraction`. */
export function addFractions(a: Fraction, b: Fraction): Fraction {
  const [x, y, denominator] = expand(a, b);
  return { numerator: x + y, denominator };
}

/** Not in lowest terms: see `reduceFraction`. */
export function subtractFractions(a: Fraction, b: Fraction): Fraction {
  const [x, y, denominator] = expand(a, b);
  return { numerator: x - y, denominator };
}

/** Negative if `a` is less than `b`, 0 if they are equal. */
export function compareFractions(a: Fraction, b: Fraction): number {
  const [x, y] = expand(a, b);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Two fractions over one denominator: the larger one where it is a multiple of the other, as powers of two are. */
function expand(a: Fraction, b: Fraction): [bigint, bigint, bigint] {
  if (a.denominator === b.denominator) return [a.numerator, b.numerator, a.denominator];
  if (a.denominator % b.denominator === 0n) {
    return [a.numerator, b.numerator * (a.denominator / b.denominator), a.denominator];
  }
  if (b.denominator % a.denominator === 0n) {
    return [a.numerator * (b.denominator / a.denominator), b.numerator, b.denominator];
  }
  return [a.numerator * b.denominator, b.numerator * a.denominator, a.denominator * b.denominator];
}

/** The same in lowest terms. */
export function reduceFraction({ numerator, denominator }: Fraction): Fraction {
  if (numerator === 0n) return ZERO;
  if (numerator === denominator) return ONE;
  if ((denominator & (denominator - 1n)) === 0n) {
    const shift = trailingZeros(numerator | denominator);
    return { numerator: numerator >> shift, denominator: denominator >> shift };
  }
  const divisor = greatestCommonDivisor(numerator < 0n ? -numerator : numerator, denominator);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

function trailingZeros(value: bigint): bigint {
  const digits = (value & -value).toString(16);
  return BigInt(4 * (digits.length - 1) + Math.log2(Number.parseInt(digits.charAt(0), 16)));
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** The nearest number, of a fraction from 0 to 1. */
export function fractionToNumber({ numerator, denominator }: Fraction): number {
  return Number((numerator << 80n) / denominator) / 2 ** 80;
}

/**
 * A share as people say it: `1/3` for 715827882 of 2^31, which is what the kernel makes of a third; a percentage with
 * three digits that count where no simple fraction is that near.
 */
export function formatFraction(share: Fraction): string {
  const { numerator, denominator } = reduceFraction(share);
  if (denominator === 1n) return `${numerator}`;
  if (denominator <= LARGEST_SIMPLE_DENOMINATOR) return `${numerator}/${denominator}`;
  const value = fractionToNumber(share);
  for (let below = 1; below <= LARGEST_SIMPLE_DENOMINATOR; below++) {
    const above = Math.round(value * below);
    if (above === 0 || above === below) continue;
    if (Math.abs(value - above / below) <= ROUNDING) return `${above}/${below}`;
  }
  return formatPercent(value);
}

/** Never `0%` or `100%`: those would be certainties. */
function formatPercent(value: number): string {
  const distance = 100 * Math.min(value, 1 - value);
  if (distance < 1e-10) return value < 0.5 ? '<0.0000000001%' : '>99.9999999999%';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(distance)));
  return `${(100 * value).toFixed(digits)}%`;
}
