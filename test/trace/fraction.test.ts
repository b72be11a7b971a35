/** Exact shares and their texts. */
import { describe, expect, it } from 'vitest';
import {
  addFractions,
  compareFractions,
  formatFraction,
  fraction,
  fractionToNumber,
  multiplyFractions,
  ONE,
  reduceFraction,
  subtractFractions,
  ZERO,
} from '../../src/trace/fraction.ts';

const THIRD = fraction(715827883, 2 ** 31);

describe('fractions', () => {
  it.each([
    [fraction(6, 8), fraction(3, 4)],
    [fraction(6, 9), fraction(2, 3)],
    [fraction(0, 8), ZERO],
    [fraction(8, 8), ONE],
    [fraction(3n << 400n, 1n << 401n), fraction(3, 2)],
    [fraction(-6, 9), fraction(-2, 3)],
  ])('reduces %o', (given, reduced) => {
    expect(reduceFraction(given)).toEqual(reduced);
  });

  it('adds, subtracts, multiplies and compares', () => {
    expect(reduceFraction(addFractions(fraction(1, 3), fraction(1, 6)))).toEqual(fraction(1, 2));
    expect(reduceFraction(addFractions(fraction(1, 8), fraction(1, 2)))).toEqual(fraction(5, 8));
    expect(reduceFraction(subtractFractions(ONE, fraction(2, 7)))).toEqual(fraction(5, 7));
    expect(reduceFraction(multiplyFractions(fraction(2, 3), fraction(3, 4)))).toEqual(fraction(1, 2));
    expect(compareFractions(fraction(1, 3), fraction(2, 5))).toBe(-1);
    expect(compareFractions(fraction(2, 6), fraction(1, 3))).toBe(0);
    expect(fractionToNumber(fraction(1, 4))).toBe(0.25);
  });

  it('refuses what is no share', () => {
    expect(() => fraction(1, 0)).toThrow(RangeError);
  });
});

describe('formatFraction', () => {
  it.each([
    [ONE, '1'],
    [ZERO, '0'],
    [fraction(1, 2), '1/2'],
    [THIRD, '1/3'],
    [fraction(715827882, 2 ** 31), '1/3'],
    [multiplyFractions(subtractFractions(ONE, THIRD), fraction(1, 2)), '1/3'],
    [fraction(Math.round(2 ** 31 / 1000), 2 ** 31), '1/1000'],
    // 0.33333, as kube-proxy wrote it before 1.20, is no third.
    [fraction(Math.round(0.33333 * 2 ** 31), 2 ** 31), '33.3%'],
    [fraction(1, 2 ** 31), '0.0000000466%'],
    [fraction(2 ** 31 - 1, 2 ** 31), '99.9999999534%'],
    [fraction(1n, 1n << 60n), '<0.0000000001%'],
    [fraction((1n << 60n) - 1n, 1n << 60n), '>99.9999999999%'],
  ])('writes %o as %s', (share, text) => {
    expect(formatFraction(share)).toBe(text);
  });
});
