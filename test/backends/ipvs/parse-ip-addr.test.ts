/** Addresses with their devices, of every form in which iproute2 prints them. */
import { describe, expect, it } from 'vitest';
import { parseIPAddresses } from '../../../src/backends/ipvs/parse-ip-addr.ts';

const LINES = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
    inet 127.0.0.1/8 scope host lo
       valid_lft forever preferred_lft forever
    inet6 ::1/128 scope host 
2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc noqueue state UP group default 
    inet 172.18.0.2/16 brd 172.18.255.255 scope global eth0
3: tun0: <POINTOPOINT,UP> mtu 1420
    inet 10.9.0.1 peer 10.9.0.2/30 scope global tun0
4: kube-ipvs0: <BROADCAST,NOARP> mtu 1500 qdisc noop state DOWN group default 
    link/ether 3e:c9:1c:b7:bc:4d brd ff:ff:ff:ff:ff:ff
    inet 10.96.0.10/32 scope global kube-ipvs0
       valid_lft forever preferred_lft forever
    inet6 FD00:10:96::000a/128 scope global 
`;

function short(text: string): string[] {
  return parseIPAddresses(text).addresses.map(
    ({ line, device, address, prefixLength }) => `${line} ${device} ${address}/${prefixLength}`,
  );
}

describe('ip addr', () => {
  it('prints all devices', () => {
    expect(parseIPAddresses(LINES).problems).toEqual([]);
    expect(short(LINES)).toEqual([
      '3 lo 127.0.0.1/8',
      '5 lo ::1/128',
      '7 eth0 172.18.0.2/16',
      '9 tun0 10.9.0.1/30',
      '12 kube-ipvs0 10.96.0.10/32',
      '14 kube-ipvs0 fd00:10:96::a/128',
    ]);
    expect(parseIPAddresses(LINES).addresses[4]).toMatchObject({
      kind: 'bound-address',
      text: '    inet 10.96.0.10/32 scope global kube-ipvs0',
    });
  });

  it('prints one line for each with -o', () => {
    const text = `4: kube-ipvs0    inet 10.96.0.1/32 scope global kube-ipvs0\\       valid_lft forever preferred_lft forever
4: kube-ipvs0    inet6 fd00::1/128 scope global \\       valid_lft forever preferred_lft forever
`;
    expect(short(text)).toEqual(['1 kube-ipvs0 10.96.0.1/32', '2 kube-ipvs0 fd00::1/128']);
  });

  it('prints JSON with -j', () => {
    const devices = [
      { ifindex: 1, ifname: 'lo', addr_info: [{ family: 'inet', local: '127.0.0.1', prefixlen: 8 }] },
      {},
      {
        ifindex: 4,
        ifname: 'kube-ipvs0',
        addr_info: [{ family: 'inet6', local: 'fd00::A', prefixlen: 128 }],
      },
    ];
    expect(short(JSON.stringify(devices))).toEqual(['1 lo 127.0.0.1/8', '1 kube-ipvs0 fd00::a/128']);
  });
});

describe('what cannot be read', () => {
  it.each([
    ['an address that is none', '4: kube-ipvs0: <>\n    inet 10.96.0.256/32\n', [2]],
    ['an address of nobody', '    inet 10.96.0.1/32\n', [1]],
    ['a prefix that is too long', '4: kube-ipvs0: <>\n    inet 10.96.0.1/33\n', [2]],
    ['a name', '4: kube-ipvs0: <>\n    inet localhost\n', [2]],
    ['JSON of an address that is none', '[{"ifname":"a","addr_info":[{"local":1}]}]', [1]],
    ['JSON of nobody', '[{"addr_info":[{"local":"10.0.0.1","prefixlen":8},null]}]', [1, 1]],
    ['JSON that is cut off', '[{"ifname":"a"', [1]],
  ])('is a problem: %s', (_, text, lines) => {
    const { addresses, problems } = parseIPAddresses(text);
    expect(addresses).toEqual([]);
    expect(problems.map(({ line }) => line)).toEqual(lines);
  });

  it.each([
    ['a long name', `4: ${'a'.repeat(1 << 20)}\n`],
    ['blanks', `${' '.repeat(1 << 20)}inet\n`],
    ['digits', `${'1'.repeat(1 << 20)}: a\n`],
    ['many lines', '    inet 1\n'.repeat(1 << 16)],
    ['an array', '['.repeat(1 << 20)],
  ])('is passed in time: %s', (_, text) => {
    const start = performance.now();
    expect(parseIPAddresses(text).addresses).toEqual([]);
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
