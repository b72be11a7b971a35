/** Matches: each says yes, no, or why nobody can tell. */
import { describe, expect, it } from 'vitest';
import type { Packet } from '../../src/trace/packet.ts';
import { fate, HOST, outcomes, prepare } from './rules.ts';

const YES = 'dropped';
const NO = '10.0.0.1:80';

/** Whether a packet matches: `dropped` if so. */
function match(rule: string, packet: Partial<Packet> = {}, host = HOST): string {
  return fate({ filter: `-A FORWARD ${rule} -j DROP` }, packet, host);
}

describe.each<[string, Partial<Packet>, string]>([
  ['-s 10.0.0.0/8', {}, YES],
  ['-s 10.0.0.9/32', {}, YES],
  ['-s 10.0.0.8/32', {}, NO],
  ['! -s 10.0.0.0/8', {}, NO],
  ['! -s 10.1.0.0/16', {}, YES],
  ['-d 10.0.0.1/32', {}, YES],
  ['-d 10.0.0.0/31', {}, YES],
  ['-d 10.0.0.2/31', {}, NO],
  ['-d 10.0.0.1/255.0.0.255', {}, YES],
  ['! -d 10.0.0.1/32', {}, NO],
  ['-p tcp', {}, YES],
  ['-p udp', {}, NO],
  ['! -p udp', {}, YES],
  ['-p 6', {}, YES],
  ['-p icmp', {}, NO],
  ['-p tcp', { protocol: 'other' }, '10.0.0.1'],
  [
    '-p icmp',
    { protocol: 'other' },
    "cannot tell: whether the packet's protocol is icmp is unknown (filter FORWARD)",
  ],
  ['-p udp', { protocol: 'udp' }, YES],
  ['-p sctp', { protocol: 'sctp' }, YES],
  ['-i veth1', {}, YES],
  ['-i veth+', {}, YES],
  ['-i eth+', {}, NO],
  ['! -i eth+', {}, YES],
  ['-i veth', {}, NO],
  [
    '-i veth1',
    { arrival: { kind: 'device' } },
    'cannot tell: the device that the packet came in by is unknown (filter FORWARD)',
  ],
  ['-i veth1 -p udp', { arrival: { kind: 'device' } }, NO],
  ['-o eth0', {}, 'cannot tell: the device that the packet leaves by is unknown (filter FORWARD)'],
  ['-f', {}, NO],
  ['! -f', {}, YES],
  ['-p tcp -m tcp --dport 80', {}, YES],
  ['-p tcp -m tcp --dport 81', {}, NO],
  ['-p tcp -m tcp ! --dport 81', {}, YES],
  ['-p tcp -m tcp --dport 79:81', {}, YES],
  ['-p tcp -m tcp --sport 40000', {}, YES],
  ['-p tcp -m tcp --sport 1024:65535 --dport 443', {}, NO],
  ['-p udp -m udp --dport 80', {}, NO],
  ['-p tcp -m multiport --dports 22,80:90', {}, YES],
  ['-p tcp -m multiport --dports 22,443', {}, NO],
  ['-p tcp -m multiport ! --dports 22,443', {}, YES],
  ['-p tcp -m multiport --sports 40000', {}, YES],
  ['-p tcp -m multiport --ports 80', {}, YES],
  ['-p tcp -m multiport --ports 443', {}, NO],
  ['-m addrtype --src-type LOCAL', {}, NO],
  ['-m addrtype --src-type LOCAL', { source: '192.168.0.2' }, YES],
  ['-m addrtype ! --src-type LOCAL', {}, YES],
  ['-m addrtype ! --dst-type LOCAL', {}, YES],
  ['-m addrtype --dst-type MULTICAST', {}, NO],
  [
    '-m addrtype --dst-type UNICAST',
    {},
    "cannot tell: whether an address has the type UNICAST depends on the host's routes (filter FORWARD)",
  ],
  ['-m conntrack --ctstate NEW', {}, YES],
  ['-m conntrack --ctstate RELATED,ESTABLISHED', {}, NO],
  ['-m conntrack --ctstate RELATED,ESTABLISHED', { connection: 'ESTABLISHED' }, YES],
  ['-m conntrack --ctstate INVALID', { connection: 'INVALID' }, YES],
  ['-m conntrack --ctstate DNAT', {}, NO],
  ['-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT', {}, YES],
  ['-m state --state NEW', {}, YES],
  ['-m mark --mark 0x4000/0x4000', {}, NO],
  ['-m mark --mark 0x4000/0x4000', { mark: 0x4001 }, YES],
  ['-m mark ! --mark 0x4000/0x4000', {}, YES],
  ['-m recent --rcheck --seconds 60 --reap --name L --mask 255.255.255.255 --rsource', {}, NO],
  [
    '-m recent --rcheck --seconds 60 --reap --name L --mask 255.255.255.255 --rsource',
    { recent: [{ list: 'L', secondsAgo: 60 }] },
    YES,
  ],
  [
    '-m recent --rcheck --seconds 60 --reap --name L --mask 255.255.255.255 --rsource',
    { recent: [{ list: 'L', secondsAgo: 61 }] },
    NO,
  ],
  [
    '-m recent --rcheck --name L --mask 255.255.255.255 --rsource',
    { recent: [{ list: 'L', secondsAgo: 1e6 }] },
    YES,
  ],
  [
    '-m recent --rcheck --name L --mask 255.255.255.255 --rdest',
    {},
    'cannot tell: which addresses the list L holds is unknown (filter FORWARD)',
  ],
  ['-m recent --set --name L --mask 255.255.255.255 --rsource', {}, YES],
  ['-m nfacct --nfacct-name  dropped', {}, YES],
  ['-m comment --comment "any text"', {}, YES],
  [
    '-m physdev --physdev-is-in',
    {},
    'cannot tell: whether the packet came in by a port of a bridge is unknown (filter FORWARD)',
  ],
  ['-m physdev --physdev-is-in', { bridged: true }, YES],
  ['-m physdev ! --physdev-is-in', { bridged: false }, YES],
  [
    '-m set --match-set blocked src',
    {},
    'cannot tell: what is in the set blocked is unknown (filter FORWARD)',
  ],
  ['! -p tcp -m set --match-set blocked src', {}, NO],
  ['-p udp -m set --match-set blocked src', {}, NO],
  ['-m time --timestart 10:00:00', {}, 'cannot tell: the match time is not understood (filter FORWARD)'],
  [
    '-m statistic --mode nth --every 3 --packet 0',
    {},
    'cannot tell: the match statistic is not understood (filter FORWARD)',
  ],
  [
    '-p tcp -m tcp --sport 40000',
    { sourcePort: undefined as never },
    'cannot tell: the source port is unknown (filter FORWARD)',
  ],
])('%s', (rule, packet, expected) => {
  it(`with ${JSON.stringify(packet)}`, () => {
    expect(match(rule, packet)).toBe(expected);
  });
});

it('knows the state DNAT of translated connections, to another place', () => {
  const filter = '-A FORWARD -m conntrack --ctstate DNAT -j DROP';
  expect(fate({ filter, nat: '-A PREROUTING -j DNAT --to-destination 10.0.0.5' })).toBe('dropped');
  expect(fate({ filter, nat: '-A PREROUTING -j DNAT --to-destination 10.0.0.1' })).toBe(NO);
});

it('knows no connection before connection tracking', () => {
  expect(fate({ raw: '-A PREROUTING -m conntrack --ctstate NEW -j DROP' })).toBe(NO);
});

it('knows local networks and devices where the host tells', () => {
  const host = {
    ...HOST,
    localNetworks: ['10.0.0.0/30'],
    routes: [
      { network: '0.0.0.0/0', device: 'eth0' },
      { network: '10.7.0.0/16', device: 'cni0' },
    ],
  };
  expect(fate({ filter: '-A INPUT -m addrtype --dst-type LOCAL -j DROP' }, {}, host)).toBe('dropped');
  const nat = '-A PREROUTING -j DNAT --to-destination 10.7.0.1';
  expect(fate({ nat, filter: '-A FORWARD -o cni0 -j DROP' }, {}, host)).toBe('dropped');
  expect(fate({ nat, filter: '-A FORWARD -o eth0 -j DROP' }, {}, host)).toBe('10.7.0.1:80');
});

it('keeps the device of before a translation within OUTPUT', () => {
  const host = {
    ...HOST,
    routes: [
      { network: '0.0.0.0/0', device: 'eth0' },
      { network: '10.7.0.0/16', device: 'cni0' },
    ],
  };
  const packet = { arrival: { kind: 'host' }, source: '192.168.0.2' } as const;
  const nat = '-A OUTPUT -j DNAT --to-destination 10.7.0.1';
  expect(fate({ nat, filter: '-A OUTPUT -o eth0 -j DROP' }, packet, host)).toBe('dropped');
  expect(fate({ nat, mangle: '-A POSTROUTING -o cni0 -j DROP' }, packet, host)).toBe('dropped');
});

it('asks for sets', () => {
  const asked: unknown[] = [];
  const rules = prepare(
    { filter: '-A FORWARD -m set ! --match-set A src,dst -j DROP' },
    HOST,
    (...question) => {
      asked.push(question);
      return false;
    },
  );
  expect(outcomes(rules)).toEqual(['dropped']);
  const packet = {
    protocol: 'tcp',
    source: '10.0.0.9',
    sourcePort: 40000,
    destination: '10.0.0.1',
    destinationPort: 80,
  };
  expect(asked).toEqual([['A', ['src', 'dst'], packet]]);
});

describe('chance', () => {
  const chain = (matches: readonly string[]) =>
    matches.map((m, i) => `-A PREROUTING -p tcp${m} -j DNAT --to-destination 10.0.1.${i}:80`).join('\n');
  const random = (probability: string) => ` -m statistic --mode random --probability ${probability}`;

  it('shares out', () => {
    const nat = chain([random('0.33333333349'), random('0.50000000000'), '']);
    expect(outcomes(prepare({ nat }))).toEqual(['1/3 10.0.1.0:80', '1/3 10.0.1.1:80', '1/3 10.0.1.2:80']);
  });

  it('is drawn anew by each match, and may be negated', () => {
    const filter = `-A FORWARD${random('0.50000000000')}${random('0.50000000000')} -j DROP`;
    expect(outcomes(prepare({ filter }))).toEqual(['3/4 10.0.0.1:80', '1/4 dropped']);
    const negated = '-A FORWARD -m statistic --mode random ! --probability 0.25000000000 -j DROP';
    expect(outcomes(prepare({ filter: negated }))).toEqual(['3/4 dropped', '1/4 10.0.0.1:80']);
  });

  it('comes together again', () => {
    const mangle = `-A FORWARD${random('0.50000000000')} -j MARK --set-xmark 0x1/0x1
      -A FORWARD${random('0.25000000000')} -j MARK --set-xmark 0x2/0x2
      -A FORWARD -j MARK --set-xmark 0x0/0xffffffff`;
    expect(outcomes(prepare({ mangle }))).toEqual([NO]);
  });
});

describe('affinity', () => {
  const nat = `-A PREROUTING -m recent --rcheck --seconds 60 --reap --name A --mask 255.255.255.255 --rsource -j A
    -A PREROUTING -m statistic --mode random --probability 0.50000000000 -j A
    -A PREROUTING -j B
    -A A -p tcp -m recent --set --name A --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.1.1:80
    -A B -p tcp -m recent --set --name B --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.1.2:80`;

  it('of a new client is undecided, of a known one is kept', () => {
    const rules = prepare({ nat });
    expect(outcomes(rules)).toEqual(['1/2 10.0.1.1:80', '1/2 10.0.1.2:80']);
    expect(outcomes(rules, { recent: [{ list: 'A', secondsAgo: 59 }] })).toEqual(['10.0.1.1:80']);
  });

  it.each([
    ['set', '-m recent --set --name L --mask 255.255.255.255 --rsource', [], YES],
    [
      'set before a match that says no',
      '-m recent --set --name L --mask 255.255.255.255 --rsource -m mark --mark 0x1',
      [],
      YES,
    ],
    [
      'not set behind a match that says no',
      '-m mark --mark 0x1 -m recent --set --name L --mask 255.255.255.255 --rsource',
      [],
      NO,
    ],
    [
      'set or not behind a match in doubt',
      '-m time --timestart 10:00:00 -m recent --set --name L --mask 255.255.255.255 --rsource',
      [],
      'cannot tell: the match time is not understood (filter FORWARD)',
    ],
    [
      'removed',
      '-m recent --remove --name L --mask 255.255.255.255 --rsource',
      [{ list: 'L', secondsAgo: 5 }],
      NO,
    ],
    [
      'brought up to date',
      '-m recent --update --seconds 60 --name L --mask 255.255.255.255 --rsource',
      [{ list: 'L', secondsAgo: 50 }],
      YES,
    ],
  ])('%s', (_, first, recent, expected) => {
    const filter = `-A FORWARD ${first}
      -A FORWARD -m recent --rcheck --seconds 10 --name L --mask 255.255.255.255 --rsource -j DROP`;
    expect(fate({ filter }, { recent })).toBe(expected);
  });
});
