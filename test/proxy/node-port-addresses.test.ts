import { describe, expect, it } from 'vitest';
import type { NodeIdentity } from '../../src/proxy/node-identity.ts';
import { selectNodePortAddresses } from '../../src/proxy/node-port-addresses.ts';

const node: NodeIdentity = {
  name: 'here',
  node: undefined,
  zone: '',
  primaryFamily: 'IPv4',
  nodeIPs: { IPv4: '192.0.2.1', IPv6: '::1' },
  interfaceAddresses: ['192.0.2.1', '198.51.100.7', '2001:db8::7'],
};

describe('selectNodePortAddresses', () => {
  it.each([
    ['nothing', [], 'IPv4', 'all', true],
    ['only the other family', ['2001:db8::/64'], 'IPv4', 'all', true],
    ['all', ['all'], 'IPv4', 'all', true],
    ['a network behind 0.0.0.0/0', ['192.0.2.0/24', '0.0.0.0/0', '127.0.0.0/8'], 'IPv4', 'all', true],
    ['all beside a network', ['192.0.2.0/24', 'all'], 'IPv4', 'all', true],
    ['all behind the loopback address of the other family', ['::1/128', 'all'], 'IPv6', 'all', false],
    ['a network behind ::/0', ['::/0', '2001:db8::/64'], 'IPv6', 'all', false],
    ['what is no network', ['somewhere', '192.0.2.0/24'], 'IPv4', ['192.0.2.1'], false],
    ['nothing but what is no network', ['somewhere'], 'IPv4', 'all', true],
    [
      'networks that overlap',
      ['198.51.100.0/24', '192.0.2.1/32', '0.0.0.0/1', '128.0.0.0/1'],
      'IPv4',
      ['127.0.0.1', '192.0.2.1', '198.51.100.7'],
      true,
    ],
    ['a network of IPv6', ['2001:db8::/64'], 'IPv6', ['2001:db8::7'], false],
    ['a network', ['192.0.2.0/24'], 'IPv4', ['192.0.2.1'], false],
    ['the loopback network', ['127.0.0.0/8'], 'IPv4', ['127.0.0.1'], true],
    ['localhost and a network', ['localhost', '192.0.2.0/24'], 'IPv4', ['127.0.0.1', '192.0.2.1'], true],
    ['localhost', ['localhost'], 'IPv6', ['::1'], false],
    ['primary', ['primary'], 'IPv4', ['192.0.2.1'], false],
    ['primary where the family has no address', ['primary'], 'IPv6', 'all', false],
    ['a network without an address', ['203.0.113.0/24'], 'IPv4', [], false],
  ] as const)('%s', (_, nodePortAddresses, family, expected, containsIPv4Loopback) => {
    expect(selectNodePortAddresses(nodePortAddresses, node, family)).toMatchObject({
      addresses: expected === 'all' ? { kind: 'all' } : { kind: 'some', addresses: expected },
      containsIPv4Loopback,
    });
  });

  it('sorts addresses, and takes none that is none', () => {
    const interfaceAddresses = ['198.51.100.7', 'eth0', '192.0.2.1', '192.0.2.1'];
    expect(
      selectNodePortAddresses(['0.0.0.0/1', '128.0.0.0/1'], { ...node, interfaceAddresses }, 'IPv4')
        .addresses,
    ).toEqual({
      kind: 'some',
      addresses: ['127.0.0.1', '192.0.2.1', '198.51.100.7'],
    });
  });

  it('has no primary address where the node has only that of loopback', () => {
    const alone: NodeIdentity = { ...node, nodeIPs: { IPv4: '127.0.0.1', IPv6: '2001:db8::7' } };
    expect(selectNodePortAddresses(['primary'], alone, 'IPv4').addresses).toEqual({ kind: 'all' });
    expect(selectNodePortAddresses(['primary'], alone, 'IPv6').addresses).toEqual({
      kind: 'some',
      addresses: ['2001:db8::7'],
    });
  });

  it.each([
    ['IPv4', ['127.0.0.0/8'], true],
    ['IPv4', ['0.0.0.0/0', 'localhost'], true],
    ['IPv4', ['0.0.0.0/0'], false],
    ['IPv4', ['127.0.0.0/7'], false],
    ['IPv4', ['all'], false],
    ['IPv6', ['::1/128'], true],
    ['IPv6', ['127.0.0.0/8'], false],
  ] as const)('%s %j names loopback addresses: %j', (family, nodePortAddresses, namesLoopback) => {
    expect(selectNodePortAddresses(nodePortAddresses, node, family).namesLoopback).toBe(namesLoopback);
  });
});
