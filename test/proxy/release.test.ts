import { describe, expect, it } from 'vitest';
import { newestRelease, parseRelease, SUPPORTED_RELEASES } from '../../src/proxy/release.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';

describe('parseRelease', () => {
  it.each([
    ['1.37', '1.37'],
    ['v1.25', '1.25'],
    ['v1.33.1+k3s1', '1.33'],
    ['v1.30.4-gke.1000', '1.30'],
    [' 1.8 ', '1.8'],
  ])('%j is release %s', (text, name) => {
    expect(parseRelease(text).name).toBe(name);
  });

  it.each([
    '1.24',
    '1.9',
    '1.38',
    '2.0',
    '1',
    '',
    '1.3x',
    '1.37\n-j ACCEPT',
  ])('%j is refused with the list', (text) => {
    expect(() => parseRelease(text)).toThrow(OperationalError);
    expect(() => parseRelease(text)).toThrow(SUPPORTED_RELEASES.join(', '));
  });

  it('knows the newest', () => {
    expect(newestRelease().name).toBe(SUPPORTED_RELEASES.at(-1));
  });
});
