import { describe, expect, test } from 'vitest';
import { familyOfName, familyOfTable } from '../../src/host/iptables-family.ts';
import { natTable } from './texts.ts';

describe('a rule shows the family', () => {
  test.each([
    ['-A X ! -s 127.0.0.0/8 -d 127.0.0.0/8 -j DROP', 'IPv4'],
    ['-A X -s 10.0.0.1/255.255.0.255 -j RETURN', 'IPv4'],
    ['-A X -j DNAT --to-destination 10.0.0.1:8080', 'IPv4'],
    ['-A X -j REJECT --reject-with icmp-port-unreachable', 'IPv4'],
    ['-A X -p icmp -m icmp --icmp-type 8 -j ACCEPT', 'IPv4'],
    ['-A X ! -d ::1/128 -j RETURN', 'IPv6'],
    ['-A X -d ::1.2.3.4/128 -j RETURN', 'IPv6'],
    ['-A X -j DNAT --to-destination [fd00::1]:8080', 'IPv6'],
    ['-A X -j SNAT --to-source fd00::1-fd00::9', 'IPv6'],
    ['-A X -j REJECT --reject-with icmp6-port-unreachable', 'IPv6'],
    ['-A X -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT', 'IPv6'],
    ['[1:2] -A X -d fd00::1/128 -j RETURN', 'IPv6'],
    ['-A X -p ipv6-icmp -j ACCEPT', 'IPv6'],
    ['-A X -p icmp -j ACCEPT', 'IPv4'],
  ])('%s', (rule, family) => {
    expect(familyOfTable(natTable(rule))).toBe(family);
  });

  test.each([
    '-A X -p tcp -j REJECT --reject-with tcp-reset',
    '-A X -p tcp -j REDIRECT --to-ports 8080',
    '-A X -j DNAT --to-destination :8080',
    '-A X -m comment --comment "-d 10.0.0.1/32 \\" -s fd00::1/128" -j RETURN',
    '-A X -m comment --comment 10.0.0.1 -j RETURN',
    '-A X -j LOG --log-prefix fd00::1',
  ])('or does not: %s', (rule) => {
    expect(familyOfTable(natTable(rule))).toBeUndefined();
  });
});

describe('the comment of the tool shows the family', () => {
  test.each([
    ['iptables-save v1.4.21', 'IPv4'],
    ['iptables-nft-save v1.8.9 (nf_tables)', 'IPv4'],
    ['ip6tables-save v1.8.9', 'IPv6'],
    ['ip6tables-legacy-save v1.8.9', 'IPv6'],
    ['xtables-save v1.8.2', undefined],
  ])('%s', (tool, family) => {
    expect(familyOfTable(natTable('-A X -j RETURN', tool))).toBe(family);
  });

  test('but addresses count for more', () => {
    expect(familyOfTable(natTable('-A X -d fd00::1/128 -j RETURN', 'iptables-save v1.8.2'))).toBe('IPv6');
  });
});

test.each([
  ['ip6tables.save', 'IPv6'],
  ['/ipv4/iptables.ipv6.save', 'IPv6'],
  ['node1-v6.txt', 'IPv6'],
  ['iptables.ipv4.save', 'IPv4'],
  ['dump-v4', 'IPv4'],
  ['iptables.save', undefined],
  ['rev6.txt', undefined],
  ['-', undefined],
])('the name %s', (name, family) => {
  expect(familyOfName(name)).toBe(family);
});
