import { describe, expect, it } from 'vitest';
import {
  formatProbability,
  formatStoredProbability,
  storedProbability,
} from '../../src/backends/probability.ts';

// Each of these was printed by kube-proxy 1.37.2, then by iptables-save 1.8.9 once the kernel had it.
describe('probabilities', () => {
  it.each([
    [2, '0.5000000000', '0.50000000000'],
    [3, '0.3333333333', '0.33333333349'],
    [7, '0.1428571429', '0.14285714272'],
    [2048, '0.0004882812', '0.00048828125'],
    [4096, '0.0002441406', '0.00024414062'],
  ])('one in %i', (n, written, stored) => {
    expect(formatProbability(n, 10)).toBe(written);
    expect(formatStoredProbability(n, 10)).toBe(stored);
  });

  it('five digits in releases up to 1.8', () => {
    expect(formatProbability(3, 5)).toBe('0.33333');
    expect(formatStoredProbability(3, 5)).toBe('0.33332999982');
  });

  it('the kernel keeps 31 bits', () => {
    expect(storedProbability(2, 10)).toBe(2 ** 30);
  });
});
