/** Packets of every kind, and what their paths say. */
import { describe, expect, it } from 'vitest';
import { traceListed } from '../../../src/trace/nftables/trace.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { stepFacts } from '../../../src/trace/step.ts';
import { outcomes, prepareText } from './rulesets.ts';

/** As kube-proxy writes a Service with affinity, two endpoints, and a client outside that is masqueraded. */
const AFFINITY = `table ip kube-proxy {
  set affinity-a {
    type ipv4_addr
    size 65535
    flags dynamic,timeout
    timeout 3h
  }
  set affinity-b {
    type ipv4_addr
    size 65535
    flags dynamic,timeout
    timeout 3h
    elements = { 203.0.113.130 expires 2h59m }
  }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.1 . tcp . 80 comment "ns/web" : goto service }
  }
  chain service {
    ip saddr @affinity-a goto endpoint-a
    ip saddr @affinity-b goto endpoint-b
    numgen random mod 2 vmap { 0 : goto endpoint-a, 1 : goto endpoint-b }
  }
  chain endpoint-a {
    update @affinity-a { ip saddr }
    meta l4proto tcp dnat to 10.0.1.1:8080
  }
  chain endpoint-b {
    update @affinity-b { ip saddr }
    meta l4proto tcp dnat to 10.0.1.2:8080
  }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
  }
  chain nat-prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump services
  }
}`;

const CLIENT: Packet = {
  protocol: 'tcp',
  source: '203.0.113.2',
  destination: '10.96.0.1',
  destinationPort: 80,
  arrival: { kind: 'device' },
};

describe('affinity', () => {
  const rules = prepareText(AFFINITY);

  it('is drawn first', () => {
    expect(outcomes(rules, CLIENT)).toEqual(['1/2 10.0.1.1:8080', '1/2 10.0.1.2:8080']);
  });

  it.each([
    ['is kept', 'affinity-b', 10_799, ['10.0.1.2:8080']],
    ['ends with its timeout', 'affinity-b', 10_800, ['1/2 10.0.1.1:8080', '1/2 10.0.1.2:8080']],
    ['is one of a set', 'affinity-a', 0, ['10.0.1.1:8080']],
  ])('%s', (_, list, secondsAgo, expected) => {
    expect(outcomes(rules, { ...CLIENT, recent: [{ list, secondsAgo }] })).toEqual(expected);
  });

  it('is there of whom the listing has', () => {
    expect(outcomes(rules, { ...CLIENT, source: '203.0.113.130' })).toEqual(['10.0.1.2:8080']);
  });

  it('is on the path for the next time', () => {
    const found = traceListed(rules, CLIENT);
    expect(found.map(({ path }) => path.flatMap((step) => stepFacts(step).remembers))).toEqual([
      ['affinity-a'],
      ['affinity-b'],
    ]);
  });
});

describe('a path', () => {
  it('has the rules that matched, with the elements that decided', () => {
    const [first] = traceListed(prepareText(AFFINITY), CLIENT);
    expect(
      first?.path.map(
        ({ table, hook, rule }) => `${table} ${hook} ${rule.kind === 'nft-rule' ? rule.chain : ''}`,
      ),
    ).toEqual([
      'ip kube-proxy prerouting nat-prerouting',
      'ip kube-proxy prerouting services',
      'ip kube-proxy prerouting service',
      'ip kube-proxy prerouting endpoint-a',
      'ip kube-proxy prerouting endpoint-a',
    ]);
    expect(
      first?.path.map(({ element }) => element && [element.set, element.comment, element.verdict]),
    ).toEqual([
      undefined,
      ['service-ips', 'ns/web', { kind: 'goto', chain: 'service' }],
      ['', undefined, { kind: 'goto', chain: 'endpoint-a' }],
      undefined,
      undefined,
    ]);
  });
});

describe('a connection', () => {
  const rules = prepareText(`table ip t {
    chain pre {
      type nat hook prerouting priority dstnat; policy accept;
      dnat to 10.0.1.2
    }
    chain forward {
      type filter hook forward priority filter; policy accept;
      ct state established accept
      ct state invalid drop
      ct status dnat reject
    }
  }`);
  const packet = { ...CLIENT, destination: '10.0.1.1' };

  it.each([
    ['new', {}, 'rejected icmp-port-unreachable'],
    ['known, not translated', { connection: 'ESTABLISHED' }, '10.0.1.1:80'],
    [
      'known, translated',
      {
        connection: 'ESTABLISHED',
        translation: { destination: { address: '10.0.2.1', port: 8080 }, source: { kind: 'masquerade' } },
      },
      '10.0.2.1:8080 masquerade',
    ],
    ['of which nothing is known', { connection: 'INVALID' }, 'dropped'],
  ] as const)('%s', (_, more, expected) => {
    expect(outcomes(rules, { ...packet, ...more })).toEqual([expected]);
  });
});

describe('packets', () => {
  const accept = 'table ip t {\n}\n';

  it('of IPv6 meet tables of ip6 and inet', () => {
    const drops = (family: string) => `table ${family} t {
      chain forward {
        type filter hook forward priority filter; policy accept;
        th dport 80 drop
      }
    }`;
    const packet = { ...CLIENT, source: 'fd00:203::2', destination: 'fd00:10:1::1' };
    const fates = ['ip', 'ip6', 'inet'].map((family) => outcomes(prepareText(drops(family)), packet)[0]);
    expect(fates).toEqual(['[fd00:10:1::1]:80', 'dropped', 'dropped']);
  });

  it('to many are not followed', () => {
    expect(outcomes(prepareText(accept), { ...CLIENT, destination: '224.0.0.1' })).toEqual([
      'cannot tell: who listens to a multicast address is unknown',
    ]);
  });

  it.each([
    ['of two families', { source: 'fd00::1' }, 'source and destination are of two families'],
    ['to no address', { destination: 'x' }, 'not an IP address: "x"'],
  ])('%s are refused', (_, more, message) => {
    expect(() => traceListed(prepareText(accept), { ...CLIENT, ...more })).toThrow(message);
  });

  it('without a port are refused', () => {
    const { destinationPort: _, ...packet } = CLIENT;
    expect(() => traceListed(prepareText(accept), packet)).toThrow('no destination port');
  });
});
