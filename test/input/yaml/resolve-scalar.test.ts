import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { resolveKey, resolveScalar } from '../../../src/input/yaml/resolve-scalar.ts';

const INT = 'tag:yaml.org,2002:int';

describe('a scalar', () => {
  test.each([
    ['80', 80],
    ['0777', 511],
    ['1_000', 1000],
    ['1:30', '1:30'],
    ['off', false],
    ['', null],
    ['1e3', 1000],
    ['9007199254740993', 9007199254740992],
  ])('%j is %j', (text, value) => {
    expect(resolveScalar(text, '', true)).toEqual({ kind: 'value', value });
    expect(resolveScalar(text, '', false)).toEqual({ kind: 'value', value: text });
  });

  test('a number is read as JavaScript reads it', () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })), (number) => {
        // -0 without a point is an integer, which has no sign.
        const text = Object.is(number, -0) ? '-0.0' : String(number);
        expect(resolveScalar(text, '', true)).toEqual({ kind: 'value', value: number });
      }),
    );
  });

  test('is refused where its tag does not fit', () => {
    expect(resolveScalar('x', INT, true)).toEqual({ kind: 'refused', reason: '"x" is no !!int' });
    expect(resolveScalar('.inf', '', true)).toEqual({
      kind: 'refused',
      reason: '".inf" is no number that JSON has',
    });
  });

  test('with very many digits is read at once', () => {
    const digits = '9'.repeat(1_000_000);
    const start = performance.now();
    expect(resolveScalar(digits, '', true)).toEqual({ kind: 'value', value: digits });
    expect(resolveScalar(`0x${digits}`, '', true)).toEqual({ kind: 'value', value: `0x${digits}` });
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('a key', () => {
  test.each([
    ['1', '1'],
    ['0x1F', '31'],
    ['1.0', '1'],
    ['0.1', '0.1'],
    ['1e6', '1e+06'],
    ['123456', '123456'],
    ['1234567.5', '1.2345675e+06'],
    ['3.14159265358979', '3.1415927'],
    ['0.0001', '0.0001'],
    ['0.00001', '1e-05'],
    ['1e300', '.inf'],
    ['-1e300', '-.inf'],
    ['.nan', '.nan'],
    ['-0.0', '-0'],
    ['yes', 'true'],
    ['2001-01-01', '2001-01-01'],
  ])('%s is %j', (text, value) => {
    expect(resolveKey(text, '', true)).toEqual({ kind: 'value', value });
    expect(resolveKey(text, '', false)).toEqual({ kind: 'value', value: text });
  });

  test.each(['', '~', 'null', '18446744073709551615'])('%j is refused', (text) => {
    expect(resolveKey(text, '', true)).toMatchObject({ kind: 'refused' });
  });
});
