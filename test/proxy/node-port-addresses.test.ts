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

  it.each([
    ['IPv4', ['127.0.0.0/8'], true],
    ['IPv4', ['0.0.0.0/0', 'localhost'], true],
    ['IPv4', ['0.0.0.0/0'], false],
    ['IPv4', ['127.0.0.0/7'], false],
    ['IPv6', ['::1/128'], true],
    ['IPv6', ['127.0.0.0/8'], false],
  ] as const)('%s %j names loopback addresses: %j', (family, nodePortAddresses, namesLoopback) => {
    expect(selectNodePortAddresses(nodePortAddresses, node, family).namesLoopback).toBe(namesLoopback);
  });
});
