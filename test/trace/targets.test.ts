/** Targets, chains and hooks: where a packet goes once it has matched. */
import { describe, expect, it } from 'vitest';
import { trace } from '../../src/trace/iptables/trace.ts';
import { fate, PACKET, prepare } from './rules.ts';

const PASSES = '10.0.0.1:80';
const FROM_HOST = { arrival: { kind: 'host' }, source: '192.168.0.2' } as const;

describe('verdicts', () => {
  it.each([
    ['no rules at all', {}, PASSES],
    ['DROP', { filter: '-A FORWARD -j DROP' }, 'dropped'],
    ['REJECT', { filter: '-A FORWARD -j REJECT' }, 'rejected icmp-port-unreachable'],
    ['REJECT with', { filter: '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset' }, 'rejected tcp-reset'],
    ['ACCEPT ends a table', { filter: '-A FORWARD -j ACCEPT\n-A FORWARD -j DROP' }, PASSES],
    [
      'ACCEPT ends one table only',
      { mangle: '-A FORWARD -j ACCEPT', filter: '-A FORWARD -j DROP' },
      'dropped',
    ],
    ['a policy', { filter: ':FORWARD DROP [0:0]' }, 'dropped'],
    [
      'RETURN in a built-in chain',
      { filter: ':FORWARD DROP [0:0]\n-A FORWARD -j RETURN\n-A FORWARD -j ACCEPT' },
      'dropped',
    ],
    [
      'a policy that is none',
      { filter: ':FORWARD QUEUE [0:0]' },
      'cannot tell: the policy QUEUE of FORWARD in filter is not understood',
    ],
    ['a rule without target', { filter: '-A FORWARD -p tcp\n-A FORWARD -j DROP' }, 'dropped'],
    ['LOG', { filter: '-A FORWARD -j LOG --log-prefix "x y"\n-A FORWARD -j DROP' }, 'dropped'],
    [
      'NFQUEUE',
      { filter: '-A FORWARD -j NFQUEUE --queue-num 0' },
      'cannot tell: what NFQUEUE does here is not understood (filter FORWARD)',
    ],
  ])('%s', (_, tables, expected) => {
    expect(fate(tables)).toBe(expected);
  });
});

describe('chains', () => {
  it.each([
    ['come back at their end', '-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -p udp -j ACCEPT', 'dropped'],
    ['come back by RETURN', '-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -j RETURN\n-A A -j ACCEPT', 'dropped'],
    ['do not come back by ACCEPT', '-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -j B\n-A B -j ACCEPT', PASSES],
    [
      'left by goto return to the caller',
      '-A FORWARD -j A\n-A FORWARD -j DROP\n-A A -g B\n-A A -j ACCEPT\n-A B -j RETURN',
      'dropped',
    ],
    [
      'left by goto in a built-in chain end with its policy',
      '-A FORWARD -g A\n-A FORWARD -j DROP\n-A A -p udp -j DROP',
      PASSES,
    ],
    [
      'that call themselves are not followed',
      '-A FORWARD -j A\n-A A -j B\n-A B -j A',
      'cannot tell: the chain A calls itself (filter B)',
    ],
    [
      'that go to themselves are not followed',
      '-A FORWARD -j A\n-A A -g B\n-A B -g A',
      'cannot tell: the chain A calls itself (filter B)',
    ],
    [
      'that are missing are not guessed',
      '-A FORWARD -j GONE',
      'cannot tell: what GONE does here is not understood (filter FORWARD)',
    ],
  ])('%s', (_, filter, expected) => {
    expect(fate({ filter })).toBe(expected);
  });
});

describe('hooks', () => {
  /** Which table of which hook drops the packet, when each table of each hook in turn does. */
  function visited(packet: Parameters<typeof fate>[1], nat = ''): string[] {
    const all = ['raw', 'mangle', 'nat', 'filter', 'security'].flatMap((table) =>
      ['PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'].map((hook) => ({ table, hook })),
    );
    return all
      .filter(({ table, hook }) => {
        const drop = `-A ${hook} -j DROP`;
        const tables = table === 'nat' ? { nat: `${nat}\n${drop}` } : { nat, [table]: drop };
        return !fate(tables, packet).includes(':80');
      })
      .map(({ table, hook }) => `${table} ${hook}`);
  }

  it('of a forwarded packet', () => {
    expect(visited({})).toEqual([
      'raw PREROUTING',
      'mangle PREROUTING',
      'mangle FORWARD',
      'mangle POSTROUTING',
      'nat PREROUTING',
      'nat POSTROUTING',
      'filter FORWARD',
      'security FORWARD',
    ]);
  });

  it('of a packet for the host', () => {
    expect(visited({ destination: '192.168.0.2' })).toEqual([
      'raw PREROUTING',
      'mangle PREROUTING',
      'mangle INPUT',
      'nat PREROUTING',
      'nat INPUT',
      'filter INPUT',
      'security INPUT',
    ]);
  });

  it('of a packet that the host sends away', () => {
    expect(visited(FROM_HOST)).toEqual([
      'raw OUTPUT',
      'mangle OUTPUT',
      'mangle POSTROUTING',
      'nat OUTPUT',
      'nat POSTROUTING',
      'filter OUTPUT',
      'security OUTPUT',
    ]);
  });

  it('of a packet that the host sends to itself: nat is not asked twice', () => {
    expect(visited({ ...FROM_HOST, destination: '192.168.0.2' })).toEqual([
      'raw PREROUTING',
      'raw OUTPUT',
      'mangle PREROUTING',
      'mangle INPUT',
      'mangle OUTPUT',
      'mangle POSTROUTING',
      'nat OUTPUT',
      'nat POSTROUTING',
      'filter INPUT',
      'filter OUTPUT',
      'security INPUT',
      'security OUTPUT',
    ]);
  });

  it.each([
    ['to the host', '-A PREROUTING -j DNAT --to-destination 192.168.0.2:8080', {}, '192.168.0.2:8080 local'],
    [
      'away from the host',
      '-A PREROUTING -j DNAT --to-destination 10.0.0.5',
      { destination: '192.168.0.2' },
      '10.0.0.5:80',
    ],
    [
      'from the host to itself',
      '-A OUTPUT -j DNAT --to-destination 127.0.0.1:8080',
      FROM_HOST,
      '127.0.0.1:8080 local',
    ],
  ])('follow a translation %s', (_, nat, packet, expected) => {
    expect(fate({ nat }, packet)).toBe(expected);
  });
});

describe('translations', () => {
  const to = (target: string) => ({ nat: `-A PREROUTING -p tcp -j ${target}` });
  const from = (target: string) => ({ nat: `-A POSTROUTING -p tcp -j ${target}` });

  it.each([
    ['an address and a port', to('DNAT --to-destination 10.0.0.5:8080'), '10.0.0.5:8080'],
    ['an address alone: the port stays', to('DNAT --to-destination 10.0.0.5'), '10.0.0.5:80'],
    ['a port alone: the address stays', to('DNAT --to-destination :8080'), '10.0.0.1:8080'],
    [
      'addresses',
      to('DNAT --to-destination 10.0.0.5-10.0.0.7'),
      'cannot tell: the kernel chooses a destination from 10.0.0.5-10.0.0.7 (nat PREROUTING)',
    ],
    [
      'ports',
      to('DNAT --to-destination 10.0.0.5:80-90'),
      'cannot tell: the kernel chooses a destination from 10.0.0.5:80-90 (nat PREROUTING)',
    ],
    ['the device', from('MASQUERADE --random-fully'), '10.0.0.1:80 masquerade'],
    ['a source', from('SNAT --to-source 1.2.3.4'), '10.0.0.1:80 snat 1.2.3.4'],
    [
      'a source with ports',
      from('SNAT --to-source 1.2.3.4:1024-65535'),
      'cannot tell: the kernel chooses a source from 1.2.3.4:1024-65535 (nat POSTROUTING)',
    ],
    [
      'what is not understood',
      to('NETMAP --to 10.1.0.0/16'),
      'cannot tell: what NETMAP does here is not understood (nat PREROUTING)',
    ],
  ])('to %s', (_, tables, expected) => {
    expect(fate(tables)).toBe(expected);
  });

  it('end the table', () => {
    const nat =
      '-A PREROUTING -j DNAT --to-destination 10.0.0.5\n-A PREROUTING -j DNAT --to-destination 10.0.0.6';
    expect(fate({ nat })).toBe('10.0.0.5:80');
  });

  it('of IPv6', () => {
    const packet = { source: 'fd00::9', destination: 'fd00:1::1' };
    expect(fate(to('DNAT --to-destination [fd00::5]:8080'), packet)).toBe('[fd00::5]:8080');
    expect(fate(to('DNAT --to-destination fd00::5'), packet)).toBe('[fd00::5]:80');
    expect(fate({ filter: '-A FORWARD -j REJECT' }, packet)).toBe('rejected icmp6-port-unreachable');
  });

  it.each(['ESTABLISHED', 'INVALID'] as const)('are not decided for %s packets', (connection) => {
    expect(fate(to('DNAT --to-destination 10.0.0.5'), { connection })).toBe(PASSES);
  });

  it('of an established connection are taken as given', () => {
    const translation = {
      destination: { address: '10.0.0.5', port: 8080 },
      source: { kind: 'masquerade' },
    } as const;
    expect(fate({}, { connection: 'ESTABLISHED', translation })).toBe('10.0.0.5:8080 masquerade');
    const filter = '-A FORWARD -m conntrack --ctstate DNAT -j DROP';
    expect(fate({ filter }, { connection: 'ESTABLISHED', translation })).toBe('dropped');
  });

  it('are not made of untracked packets', () => {
    const nat = '-A PREROUTING -j DNAT --to-destination 10.0.0.5';
    const raw = '-A PREROUTING -d 10.0.0.1/32 -j CT --notrack';
    expect(fate({ nat, raw })).toBe(PASSES);
    expect(fate({ nat, raw, filter: '-A FORWARD -m conntrack --ctstate UNTRACKED -j DROP' })).toBe('dropped');
    expect(fate({ nat, raw: '-A PREROUTING -j CT --helper ftp' })).toContain('cannot tell: what CT does');
  });

  it('leave an address of the host that is not known', () => {
    const nat = '-A OUTPUT -j DNAT --to-destination 192.168.0.2:8080\n-A POSTROUTING -j MASQUERADE';
    const kept = '192.168.0.2:8080 local masquerade';
    expect(fate({ nat, filter: '-A INPUT -m addrtype ! --src-type LOCAL -j DROP' }, FROM_HOST)).toBe(kept);
    expect(fate({ nat, filter: '-A INPUT -s 192.168.0.2/32 -j DROP' }, FROM_HOST)).toBe(
      'cannot tell: the source has become an address of the host that is not known (filter INPUT)',
    );
  });
});

describe('marks', () => {
  const masquerade = `-A POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
    -A POSTROUTING -j MARK --set-xmark 0x4000/0x0
    -A POSTROUTING -j MASQUERADE`;

  it.each([
    ['or', '--set-xmark 0x4000/0x4000', `${PASSES} masquerade`],
    ['xor', '--set-xmark 0x4000/0x0', `${PASSES} masquerade`],
    ['set', '--set-xmark 0x4001/0xffffffff', `${PASSES} masquerade`],
    ['and', '--set-xmark 0x0/0xffffffff', PASSES],
  ])('by %s', (_, mark, expected) => {
    expect(fate({ nat: `-A PREROUTING -j MARK ${mark}\n${masquerade}` })).toBe(expected);
  });

  it('may be there before', () => {
    expect(fate({ nat: masquerade }, { mark: 0x4000 })).toBe(`${PASSES} masquerade`);
    expect(
      fate({ nat: `-A PREROUTING -j MARK --set-xmark 0x4000/0x0\n${masquerade}` }, { mark: 0x4000 }),
    ).toBe(PASSES);
  });

  it('of 32 bits', () => {
    const mangle =
      '-A FORWARD -j MARK --set-xmark 0x80000000/0x80000000\n-A FORWARD -m mark --mark 0x80000000/0x80000000 -j DROP';
    expect(fate({ mangle })).toBe('dropped');
  });
});

it('lists the rules that matched', () => {
  const nat = `-A PREROUTING -m comment --comment "a b" -j A
    -A A -p udp -j DROP
    -A A -j MARK --set-xmark 0x1/0x1
    -A A -p tcp -j DNAT --to-destination 10.0.0.5:8080`;
  const [outcome] = trace(prepare({ nat }), PACKET);
  const steps = outcome?.path.map(({ table, hook, rule }) =>
    rule.kind === 'rule' ? `${table} ${hook} ${rule.chain} ${rule.target?.kind}` : rule.kind,
  );
  expect(steps).toEqual(['nat PREROUTING PREROUTING jump', 'nat PREROUTING A mark', 'nat PREROUTING A dnat']);
});

it.each([
  [{ destination: 'web' }, /not an IP address/],
  [{ destination: 'fd00::1' }, /two families/],
])('refuses %o', (packet, message) => {
  expect(() => fate({}, packet)).toThrow(message);
});
