import { expect, it } from 'vitest';
import { parseMilliQuantity } from '../../src/controllers/quantity.ts';

it.each<[string, number | undefined]>([
  ['4', 4000],
  ['1500m', 1500],
  ['0.5', 500],
  ['.5', 500],
  ['1.', 1000],
  ['+2', 2000],
  ['-1', -1000],
  ['100u', 1],
  ['1n', 1],
  ['0', 0],
  ['0.0001', 1],
  ['2e3', 2_000_000],
  ['2E-3', 2],
  ['1k', 1_000_000],
  ['1Ki', 1_024_000],
  ['9E', 2 ** 63],
  ['1e999999999', 2 ** 63],
  ['1e-999999999', 1],
  ['', undefined],
  ['m', undefined],
  ['1 m', undefined],
  ['0x1', undefined],
  ['1e', undefined],
  ['9'.repeat(1000), undefined],
])('%s is %d thousandths', (text, milli) => {
  expect(parseMilliQuantity(text)).toBe(milli);
});
