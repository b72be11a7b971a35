import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalIP,
  containsIP,
  formatCIDR,
  formatIP,
  formatNtop,
  isLoopback,
  parseCIDR,
  parseIP,
} from '../../src/shared/ip.ts';

const bytes = (text: string) => parseIP(text) as Uint8Array;

describe('parseIP and formatIP', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['010.001.0.09', '10.1.0.9'],
    ['::', '::'],
    ['::1', '::1'],
    ['FD00:0:0:0:0:0:0:0001', 'fd00::1'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    ['fd00:1:0:1:1:1:0:1', 'fd00:1:0:1:1:1:0:1'],
    ['1::', '1::'],
    ['::1.2.3.4', '::102:304'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalIP(text)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1..2.3',
    '1.2.3.',
    ':1',
    '1:2:3:4:5:6:7',
    '1::2::3',
    '1:2:3:4:5:6:7:8::',
    'fe80::1%eth0',
    '12345::',
    '1.2.3.4::',
    ' 1.2.3.4',
    '1.2.3.4\n',
    'a',
  ])('%j is no address', (text) => {
    expect(parseIP(text)).toBeUndefined();
    expect(canonicalIP(text)).toBeUndefined();
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (address) => {
        const text = formatIP(address);
        expect(formatIP(bytes(text))).toBe(text);
      }),
    );
  });
});

describe('formatNtop', () => {
  it.each([
    ['::102:304', '::1.2.3.4'],
    ['::1', '::1'],
    ['fd00::102:304', 'fd00::102:304'],
    ['10.0.0.1', '10.0.0.1'],
  ])('%s is %s', (canonical, printed) => {
    expect(formatNtop(bytes(canonical))).toBe(printed);
  });
});

describe('CIDRs', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['192.168.10.130/25', '192.168.10.128/25'],
    ['fd00:10:180::1/48', 'fd00:10:180::/48'],
  ])('%s is the network %s', (text, network) => {
    const cidr = parseCIDR(text);
    expect(cidr && formatCIDR(cidr)).toBe(network);
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '/8',
    '10.0.0.0/8 ',
  ])('%j is no CIDR', (text) => {
    expect(parseCIDR(text)).toBeUndefined();
  });

  it('contain addresses of their own family only', () => {
    const all = parseCIDR('0.0.0.0/0');
    const pods = parseCIDR('10.244.0.0/16');
    if (all === undefined || pods === undefined) throw new Error('not parsed');
    expect(containsIP(pods, bytes('10.244.255.1'))).toBe(true);
    expect(containsIP(pods, bytes('10.245.0.1'))).toBe(false);
    expect(containsIP(all, bytes('fd00::1'))).toBe(false);
  });

  it('know loopback', () => {
    expect([isLoopback(bytes('127.9.9.9')), isLoopback(bytes('::1')), isLoopback(bytes('::2'))]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
