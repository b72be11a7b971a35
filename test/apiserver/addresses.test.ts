/** The quick test for ordinary addresses agrees with the rules that it stands for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkCIDR,
  checkEndpointIP,
  checkIP,
  isOrdinaryIPv4,
} from '../../src/apiserver/validation/addresses.ts';

describe('isOrdinaryIPv4', () => {
  it('is true for nothing that a rule refuses', () => {
    const text = fc.array(
      fc.constantFrom(...'0123456789.', '127.', '169.254.', '224.0.0.', '10.', '255', '\n'),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV4(),
          text.map((parts) => parts.join('')),
        ),
        (value) => {
          if (isOrdinaryIPv4(value)) expect(checkIP(value) ?? checkEndpointIP(value)).toBeUndefined();
        },
      ),
      { numRuns: 5000 },
    );
  });

  it.each(['10.0.0.1', '255.255.255.255', '192.168.100.20', '224.1.0.1'])('is true for %s', (value) => {
    expect(isOrdinaryIPv4(value)).toBe(true);
  });

  it.each([
    '10.0.0.1\n',
    '10.0.0',
    '10.0.0.1.',
    '010.0.0.1',
    '256.1.1.1',
    '127.0.0.1',
    '169.254.0.1',
    '::1',
  ])('is false for %j', (value) => {
    expect(isOrdinaryIPv4(value)).toBe(false);
  });
});

describe('checkCIDR', () => {
  it.each(['10.0.0.0/8', '0.0.0.0/0', '2001:DB8::/32', '::/0'])('takes %s', (value) => {
    expect(checkCIDR(value)).toBeUndefined();
  });

  it.each([
    '10.0.0.1/8',
    '10.0.0.0/08',
    '010.0.0.0/8',
    '::ffff:10.0.0.0/104',
    '10.0.0.0',
    '10.0.0.0/33',
    '10.0.0.0/8\n',
  ])('refuses %j', (value) => {
    expect(checkCIDR(value)).toBeDefined();
  });
});
