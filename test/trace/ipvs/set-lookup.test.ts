/** Who is in an ipset, as `ip_set_test` of Linux says. */
import { describe, expect, it } from 'vitest';
import { parseIPSets } from '../../../src/backends/ipvs/parse-ipset.ts';
import { setLookup } from '../../../src/trace/ipvs/set-lookup.ts';

const PACKET = {
  protocol: 'tcp',
  source: '10.0.0.9',
  sourcePort: 40_000,
  destination: '10.96.0.10',
  destinationPort: 80,
} as const;

function isIn(
  set: string,
  directions: string,
  packet: Partial<Parameters<ReturnType<typeof setLookup>>[2]> = {},
): boolean | undefined {
  const lookup = setLookup(parseIPSets(`${set}\n`));
  return lookup('S', directions.split(',') as ('src' | 'dst')[], { ...PACKET, ...packet });
}

describe('a set', () => {
  it.each([
    ['hash:ip', '10.96.0.10', 'dst', true],
    ['hash:ip', '10.96.0.10', 'src', false],
    ['hash:ip', '10.0.0.9', 'src', true],
    ['hash:ip,port', '10.96.0.10,tcp:80', 'dst,dst', true],
    ['hash:ip,port', '10.96.0.10,udp:80', 'dst,dst', false],
    ['hash:ip,port', '10.96.0.10,tcp:80', 'dst,src', false],
    ['hash:ip,port', '10.96.0.10,tcp:40000', 'dst,src', true],
    // A rule that names fewer sides than there are matches nothing, more do no harm.
    ['hash:ip,port', '10.96.0.10,tcp:80', 'dst', false],
    ['hash:ip', '10.96.0.10', 'dst,src', true],
    ['hash:ip,port,ip', '10.96.0.10,tcp:80,10.0.0.9', 'dst,dst,src', true],
    ['hash:ip,port,ip', '10.96.0.10,tcp:80,10.0.0.8', 'dst,dst,src', false],
    ['hash:ip,port,net', '10.96.0.10,tcp:80,10.0.0.0/29', 'dst,dst,src', false],
    ['hash:ip,port,net', '10.96.0.10,tcp:80,10.0.0.8/29', 'dst,dst,src', true],
    ['hash:ip,port,net', '10.96.0.10,tcp:80,10.0.0.9', 'dst,dst,src', true],
    ['hash:net', '10.0.0.0/8', 'src', true],
  ])('of type %s with %s, asked for %s', (type, entry, directions, expected) => {
    expect(isIn(`create S ${type} family inet\nadd S ${entry}`, directions)).toBe(expected);
  });

  it('of ports knows those of TCP and UDP', () => {
    const set = 'create S bitmap:port range 0-65535\nadd S 80';
    expect(isIn(set, 'dst')).toBe(true);
    expect(isIn(set, 'dst', { protocol: 'udp' })).toBe(true);
    expect(isIn(set, 'dst', { protocol: 'sctp' })).toBe(false);
    expect(isIn(set, 'src')).toBe(false);
    expect(isIn(set, 'dst', { protocol: 'other' })).toBeUndefined();
  });

  it('takes the longest network, and its word that it does not match', () => {
    const set = 'create S hash:net family inet\nadd S 10.0.0.0/8\nadd S 10.0.0.0/24 nomatch\nadd S 10.0.0.9';
    expect(isIn(set, 'src')).toBe(true);
    expect(isIn(set, 'src', { source: '10.0.0.8' })).toBe(false);
    expect(isIn(set, 'src', { source: '10.0.1.8' })).toBe(true);
    expect(isIn(set, 'src', { source: '11.0.0.1' })).toBe(false);
  });

  it('with a netmask takes all of a network', () => {
    const set = 'create S hash:ip family inet netmask 24\nadd S 10.0.0.0';
    expect(isIn(set, 'src')).toBe(true);
    expect(isIn(set, 'src', { source: '10.0.1.9' })).toBe(false);
  });

  it('of IPv6 has nothing of IPv4', () => {
    const set = 'create S hash:ip family inet6\nadd S fd00::9';
    expect(isIn(set, 'src')).toBe(false);
    expect(isIn(set, 'src', { source: 'fd00::9', destination: 'fd00::1' })).toBe(true);
  });

  it('of sets has what they have', () => {
    const set = 'create A hash:ip family inet\nadd A 10.0.0.9\ncreate S list:set size 8\nadd S A\n';
    expect(isIn(set, 'src')).toBe(true);
    expect(isIn(set, 'dst')).toBe(false);
    expect(isIn(`${set}add S UNKNOWN`, 'dst')).toBeUndefined();
    expect(isIn('create S list:set size 8\nadd S S', 'src')).toBeUndefined();
  });
});

describe('is not known', () => {
  it.each([
    ['that is not there', 'create T hash:ip family inet'],
    ['of devices', 'create S hash:net,iface family inet\nadd S 10.0.0.0/8,eth0'],
    ['of which an entry cannot be read', 'create S hash:ip family inet\nadd S 10.0.0.256'],
    ['behind an open quote', 'create S hash:ip family inet\nadd S 10.0.0.8 comment "'],
    ['with options that are not understood', 'create S hash:ip family inet later'],
    ['with a bitmask', 'create S hash:ip family inet bitmask 255.0.255.0\nadd S 10.0.0.9'],
  ])('who is in a set %s', (_, set) => {
    expect(isIn(set, 'src,src')).toBeUndefined();
  });

  it('where the packet’s own side is not', () => {
    const lookup = setLookup(parseIPSets('create S hash:ip,port family inet\nadd S 10.96.0.10,tcp:80\n'));
    const { source: _, sourcePort: __, ...unknown } = PACKET;
    expect(lookup('S', ['dst', 'dst'], unknown)).toBe(true);
    expect(lookup('S', ['src', 'dst'], unknown)).toBeUndefined();
    expect(lookup('S', ['dst', 'src'], unknown)).toBeUndefined();
  });

  it('but for a blank at its end', () => {
    expect(isIn('create S hash:ip family inet \nadd S 10.0.0.9 ', 'src')).toBe(true);
  });

  it('but what was read of it is', () => {
    expect(isIn('create S hash:ip family inet\nadd S 10.0.0.9\nadd S 10.0.0.256', 'src')).toBe(true);
  });
});
