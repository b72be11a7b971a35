/** What IPVS does with a packet, one thing at a time. A kernel judges the same in test/kernel/ipvs-trace.test.ts. */
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../../src/backends/iptables/parse.ts';
import { parseIPSets } from '../../../src/backends/ipvs/parse-ipset.ts';
import { parseSavedServers } from '../../../src/backends/ipvs/parse-ipvsadm.ts';
import { trace } from '../../../src/trace/iptables/trace.ts';
import { prepareIpvsNode } from '../../../src/trace/ipvs/prepare-node.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { affinityOf } from '../../../src/trace/trace-host.ts';
import { dump, outcomes } from '../rules.ts';

const VIP = '10.96.0.10';
const BOUND = [VIP, 'fd00:10:96::10', '192.0.2.1'];
const HOST = { addresses: ['192.168.0.2', '10.0.0.2'] };

function prepareServers(servers: string, tables: Readonly<Record<string, string>> = {}, sets = '') {
  const text = servers
    .trim()
    .split('\n')
    .map((line) => `${line.trim()}\n`)
    .join('');
  return prepareIpvsNode(
    {
      dump: parseSaved(dump(tables)),
      sets: parseIPSets(sets),
      servers: parseSavedServers(text),
      bound: BOUND.map((address) => ({ address })),
    },
    HOST,
  );
}

function fate(
  servers: string,
  packet: Partial<Packet> = {},
  tables: Readonly<Record<string, string>> = {},
): readonly string[] {
  return outcomes(prepareServers(servers, tables), { destination: VIP, ...packet });
}

const RR = `-A -t ${VIP}:80 -s rr`;
const ONE = `${RR}\n-a -t ${VIP}:80 -r 10.0.0.5:8080 -m -w 1`;
const TWO = `${ONE}\n-a -t ${VIP}:80 -r 10.0.0.6:8080 -m -w 3`;
const HOSTS_OWN = { arrival: { kind: 'host' } } as const;

describe('a virtual server', () => {
  it('sends what comes from a device and what the host sends to its real servers', () => {
    expect(fate(ONE)).toEqual(['10.0.0.5:8080']);
    expect(fate(ONE, HOSTS_OWN)).toEqual(['10.0.0.5:8080']);
  });

  it('is found by protocol, address and port', () => {
    expect(fate(ONE, { destinationPort: 81 })).toEqual([`${VIP}:81 local`]);
    expect(fate(ONE, { protocol: 'udp' })).toEqual([`${VIP}:80 local`]);
    expect(fate(ONE, { destination: '192.168.0.2' })).toEqual(['192.168.0.2:80 local']);
    const six = '-A -t [fd00:10:96::10]:80 -s rr\n-a -t [fd00:10:96::10]:80 -r [fd00::5]:8080 -m -w 1';
    expect(fate(six, { source: 'fd00::9', destination: 'fd00:10:96:0::10' })).toEqual(['[fd00::5]:8080']);
  });

  it('is nothing to packets that are forwarded', () => {
    const elsewhere = ONE.replaceAll(VIP, '10.96.0.99');
    expect(fate(elsewhere, { destination: '10.96.0.99' })).toEqual(['10.96.0.99:80']);
    expect(fate(elsewhere, { destination: '10.96.0.99', ...HOSTS_OWN })).toEqual(['10.0.0.5:8080']);
  });

  it('refuses without real servers that take connections', () => {
    expect(fate(RR)).toEqual(['rejected icmp-port-unreachable']);
    expect(fate(ONE.replace('-w 1', '-w 0'))).toEqual(['rejected icmp-port-unreachable']);
    const six = { source: 'fd00::9', destination: 'fd00:10:96::10' };
    expect(fate('-A -t [fd00:10:96::10]:80 -s rr', six)).toEqual(['rejected icmp6-port-unreachable']);
  });

  it('may be for a mark, before any for an address', () => {
    const marked = `${ONE}\n-A -f 7 -s rr\n-a -f 7 -r 10.0.0.7:0 -m -w 1`;
    const mangle = '-A PREROUTING -p tcp -j MARK --set-xmark 0x7/0xffffffff';
    expect(fate(marked)).toEqual(['10.0.0.5:8080']);
    expect(fate(marked, {}, { mangle })).toEqual(['10.0.0.7:80']);
  });

  it('of port 0 serves all ports that no other serves, where it is persistent', () => {
    const all = `${ONE}\n-A -t ${VIP}:0 -s rr -p 360\n-a -t ${VIP}:0 -r 10.0.0.7:0 -m -w 1`;
    expect(fate(all)).toEqual(['10.0.0.5:8080']);
    expect(fate(all, { destinationPort: 81 })).toEqual(['10.0.0.7:81']);
    expect(fate(all.replace(' -p 360', ''), { destinationPort: 81 })).toEqual([
      'rejected icmp-port-unreachable',
    ]);
  });

  it('of FTP has the ports of its data, where it is persistent', () => {
    const ftp = ONE.replaceAll(`${VIP}:80`, `${VIP}:21`);
    expect(fate(ftp, { destinationPort: 2000 })).toEqual([`${VIP}:2000 local`]);
    const persistent = ftp.replace('-s rr', '-s rr -p 60');
    expect(fate(persistent, { destinationPort: 2000 })).toEqual(['10.0.0.5:2000']);
    expect(fate(persistent, { destinationPort: 80 })).toEqual([`${VIP}:80 local`]);
    expect(fate(ONE, { sourcePort: 20 })).toEqual([`${VIP}:80 local`]);
  });

  it('sends to the host itself as well', () => {
    const own = ONE.replace('10.0.0.5', '10.0.0.2');
    expect(fate(own)).toEqual(['10.0.0.2:8080 local']);
    expect(fate(own, HOSTS_OWN)).toEqual(['10.0.0.2:8080 local']);
  });

  it('is left out where its line cannot be read, but not passed over', () => {
    expect(fate('-A -t web:http -s rr')).toEqual([
      expect.stringMatching(/^cannot tell: line 1 of the virtual servers cannot be read/),
    ]);
  });

  it('is not guessed at where it has options that are not understood', () => {
    expect(fate(ONE.replace('-s rr', '-s rr --later'))).toEqual([
      'cannot tell: what --later does is not understood (ipvs INPUT)',
    ]);
  });
});

describe('schedulers', () => {
  const scheduled = (scheduler: string, servers = TWO) =>
    fate(servers.replace('-s rr', `-s ${scheduler}`)).map((text) => text.replace('10.0.0.', ''));
  const HALVES = ['1/2 5:8080', '1/2 6:8080'];
  const QUARTERS = ['3/4 6:8080', '1/4 5:8080'];

  it.each([
    ['rr', HALVES],
    ['lc', HALVES],
    ['wrr', QUARTERS],
    ['wlc', QUARTERS],
    ['sh', QUARTERS],
    ['mh', QUARTERS],
    ['mh -b mh-port', QUARTERS],
    ['fo', ['6:8080']],
  ])('%s deals', (scheduler, expected) => {
    expect(scheduled(scheduler)).toEqual(expected);
  });

  it.each([
    'dh',
    'sed',
    'nq',
    'lblc',
    'lblcr',
    'ovf',
    'later',
  ])('%s takes one that is not known', (scheduler) => {
    expect(scheduled(scheduler)).toEqual([expect.stringContaining('cannot tell')]);
    expect(scheduled(scheduler, ONE)).toEqual(['5:8080']);
  });

  const DRAINED = TWO.replace('-w 1', '-w 0');
  it.each([
    ['rr', ['6:8080']],
    ['wrr', ['6:8080']],
    // The table keeps a place for it, unless clients may fall back to another.
    ['sh', ['3/4 6:8080', '1/4 rejected icmp-port-unreachable']],
    ['sh -b sh-fallback', ['6:8080']],
    ['mh -b mh-fallback', ['6:8080']],
    ['mh', [expect.stringContaining('cannot tell')]],
    ['dh', [expect.stringContaining('cannot tell')]],
  ])('%s gives nothing to a real server of weight 0', (scheduler, expected) => {
    expect(scheduled(scheduler, DRAINED)).toEqual(expected);
  });

  it('fo cannot tell equals apart', () => {
    expect(scheduled('fo', TWO.replace('-w 3', '-w 1'))).toEqual([expect.stringContaining('cannot tell')]);
  });
});

describe('persistence', () => {
  const KEPT = TWO.replace('-s rr', '-s rr -p 100');
  const recent = (secondsAgo: number) => [{ list: `tcp ${VIP}:80 -> 10.0.0.6:8080`, secondsAgo }];

  it('gives a client the real server that it had', () => {
    expect(fate(KEPT)).toHaveLength(2);
    expect(fate(KEPT, { recent: recent(100) })).toEqual(['10.0.0.6:8080']);
    expect(fate(KEPT, { recent: recent(101) })).toHaveLength(2);
    expect(fate(TWO, { recent: recent(1) })).toHaveLength(2);
  });

  it('forgets a real server that takes no new connections, and one that is gone', () => {
    expect(fate(KEPT.replace('-w 3', '-w 0'), { recent: recent(1) })).toEqual(['10.0.0.5:8080']);
    expect(fate(ONE.replace('-s rr', '-s rr -p 100'), { recent: recent(1) })).toEqual(['10.0.0.5:8080']);
  });

  it('is what the next connection is asked with', () => {
    const packet = { protocol: 'tcp', source: '10.0.0.9', destination: VIP, destinationPort: 80 } as const;
    const rules = prepareServers(KEPT);
    const arrival = { kind: 'device' } as const;
    const found = trace(rules, { ...packet, arrival });
    const entry = affinityOf(found.slice(1), 3);
    expect(entry).toEqual({ list: `tcp ${VIP}:80 -> 10.0.0.6:8080`, secondsAgo: 3 });
    expect(outcomes(rules, { ...packet, arrival, recent: entry === undefined ? [] : [entry] })).toEqual([
      '10.0.0.6:8080',
    ]);
    expect(affinityOf(trace(prepareServers(TWO), { ...packet, arrival }), 3)).toBeUndefined();
  });
});

describe('the rules of iptables', () => {
  const MARK = {
    nat: '-A PREROUTING -p tcp -j MARK --set-xmark 0x4000/0x4000\n-A POSTROUTING -m mark --mark 0x4000/0x4000 -j MASQUERADE',
  };

  it('see the packet in INPUT as it came, and then in OUTPUT as it leaves', () => {
    expect(fate(ONE, {}, { filter: `-A INPUT -d ${VIP}/32 -j DROP` })).toEqual(['dropped']);
    expect(fate(ONE, {}, { filter: '-A OUTPUT -d 10.0.0.5/32 -p tcp -m tcp --dport 8080 -j DROP' })).toEqual([
      'dropped',
    ]);
    expect(fate(ONE, {}, { mangle: '-A OUTPUT -d 10.0.0.5/32 -j DROP' })).toEqual(['dropped']);
    const never = `-A FORWARD -j DROP\n-A INPUT -d 10.0.0.5/32 -j DROP\n-A OUTPUT -d ${VIP}/32 -j DROP`;
    expect(fate(ONE, {}, { filter: never })).toEqual(['10.0.0.5:8080']);
  });

  it('see what the host sends in filter OUTPUT as it leaves alone', () => {
    expect(fate(ONE, HOSTS_OWN, { filter: `-A OUTPUT -d ${VIP}/32 -j DROP` })).toEqual(['10.0.0.5:8080']);
    expect(fate(ONE, HOSTS_OWN, { filter: '-A OUTPUT -d 10.0.0.5/32 -j DROP' })).toEqual(['dropped']);
    expect(fate(ONE, HOSTS_OWN, { mangle: `-A OUTPUT -d ${VIP}/32 -j DROP` })).toEqual(['dropped']);
  });

  it('translate the source behind, and the destination before, but not again', () => {
    expect(fate(ONE, {}, MARK)).toEqual(['10.0.0.5:8080 masquerade']);
    const before = '-A PREROUTING -p tcp -j DNAT --to-destination 10.0.0.77:1';
    expect(fate(ONE, {}, { nat: before })).toEqual(['10.0.0.77:1']);
    expect(fate(ONE, {}, { nat: before.replace('PREROUTING', 'OUTPUT') })).toEqual(['10.0.0.5:8080']);
  });

  it('masquerade nothing that stays on the host, unless the host sent it', () => {
    const own = ONE.replace('10.0.0.5', '10.0.0.2');
    expect(fate(own, {}, MARK)).toEqual(['10.0.0.2:8080 local']);
    const output = { nat: MARK.nat.replace('PREROUTING', 'OUTPUT') };
    expect(fate(own, HOSTS_OWN, output)).toEqual(['10.0.0.2:8080 local masquerade']);
  });

  it.each([
    ['--vproto 6 --vaddr 10.96.0.10 --vport 80', true],
    ['--vproto 6 --vaddr 10.96.0.10', true],
    ['--vproto 17 --vaddr 10.96.0.10 --vport 80', false],
    ['--vproto 6 --vaddr 10.96.0.11 --vport 80', false],
    ['--vproto 6 --vaddr 10.96.0.10 --vport 8080', false],
  ])('know whose the packet was: %s', (match, drops) => {
    const filter = `-A OUTPUT -m ipvs ${match} -j DROP\n-A INPUT -m ipvs ${match} -j DROP`;
    expect(fate(ONE, {}, { filter })).toEqual([drops ? 'dropped' : '10.0.0.5:8080']);
  });

  it('may ask of IPVS what is not understood', () => {
    const filter = '-A OUTPUT -m ipvs --vdir ORIGINAL -j DROP';
    expect(fate(ONE, {}, { filter })).toEqual([
      'cannot tell: the match ipvs is not understood (filter OUTPUT)',
    ]);
  });
});

describe('ways to a real server', () => {
  it('by route leaves the packet as it is', () => {
    const route = ONE.replace('-m', '-g');
    expect(fate(route)).toEqual([`${VIP}:80`]);
    expect(fate(route, {}, { filter: `-A OUTPUT -d ${VIP}/32 -j DROP` })).toEqual(['dropped']);
    expect(fate(route.replace('10.0.0.5', '10.0.0.2'))).toEqual([`${VIP}:80 local`]);
  });

  it('by a tunnel is not followed', () => {
    expect(fate(ONE.replace('-m', '-i'))).toEqual([
      expect.stringContaining('cannot tell: what becomes of packets in a tunnel'),
    ]);
  });
});

describe('later packets of a connection', () => {
  const established = { connection: 'ESTABLISHED' } as const;
  it('go where the first one went, and not by the rules', () => {
    const translation = { destination: { address: '10.0.0.6', port: 8080 } };
    expect(fate(TWO, { ...established, translation })).toEqual(['10.0.0.6:8080']);
    expect(fate(TWO, { ...established, translation }, { filter: '-A FORWARD -j DROP' })).toEqual([
      '10.0.0.6:8080',
    ]);
    expect(fate(TWO, { ...established, translation }, { filter: '-A INPUT -j DROP' })).toEqual(['dropped']);
  });

  it('are of nobody where the first one went to no real server', () => {
    expect(fate(TWO, established)).toEqual([`${VIP}:80 local`]);
    const translation = { destination: { address: '10.0.0.99', port: 8080 } };
    expect(fate(TWO, { ...established, translation })).toEqual([
      expect.stringContaining('cannot tell: 10.0.0.99 is no real server'),
    ]);
  });
});

it('is found at once among many', () => {
  const lines = Array.from({ length: 10_000 }, (_, i) => {
    const service = `-t 10.${100 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}:80`;
    return `-A ${service} -s rr\n-a ${service} -r 10.0.0.5:8080 -m -w 1`;
  });
  const rules = prepareServers([...lines, TWO].join('\n'));
  const start = performance.now();
  for (let i = 0; i < 1000; i++) expect(outcomes(rules, { destination: VIP })).toHaveLength(2);
  expect(performance.now() - start).toBeLessThan(2000);
});
