/** Big listings: what a packet costs does not grow with the Services that it is not for. */
import { describe, expect, it } from 'vitest';
import { parseListed } from '../../../src/backends/nftables/parse-listed.ts';
import { formatFraction } from '../../../src/trace/fraction.ts';
import { type PreparedListed, prepareListed } from '../../../src/trace/nftables/prepare.ts';
import { traceListed } from '../../../src/trace/nftables/trace.ts';
import type { Packet } from '../../../src/trace/packet.ts';
import { expectWhole } from '../rules.ts';

const PACKET: Packet = {
  protocol: 'tcp',
  source: '10.0.0.9',
  destination: '10.96.0.0',
  destinationPort: 80,
  arrival: { kind: 'device' },
};

/** Rules in the manner of kube-proxy. */
function big(services: number, endpoints: number): PreparedListed {
  const numbers = Array.from({ length: services }, (_, s) => s);
  const targets = Array.from({ length: endpoints }, (_, e) => `${e} : 10.${e >> 8}.${e & 255}.1 . 8080`);
  const dnat = `meta l4proto tcp dnat ip to numgen random mod ${endpoints} map { ${targets.join(', ')} }`;
  const elements = (key: (s: number) => string) =>
    numbers.map((s) => `${key(s)} : goto service-${s}`).join(',\n');
  const text = `table ip kube-proxy {
    map service-ips {
      type ipv4_addr . inet_proto . inet_service : verdict
      elements = { ${elements((s) => `10.96.${s >> 8}.${s & 255} . tcp . 80`)} }
    }
    map service-nodeports {
      type inet_proto . inet_service : verdict
      elements = { ${elements((s) => `tcp . ${30000 + s}`)} }
    }
    ${numbers.map((s) => `chain service-${s} {\n${dnat}\n}`).join('\n')}
    chain nat-prerouting {
      type nat hook prerouting priority dstnat; policy accept;
      ip daddr . meta l4proto . th dport vmap @service-ips
      fib daddr type local meta l4proto . th dport vmap @service-nodeports
    }
  }`;
  return prepareListed(parseListed(text), { addresses: ['192.168.0.2'] });
}

/** In milliseconds; the fastest of some runs, which other load on the machine disturbs least. */
function fastest(run: () => void): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
}

describe('a packet costs', () => {
  it('no more among ten thousand Services than among hundreds', () => {
    const cost = (rules: PreparedListed) =>
      fastest(() => {
        for (let i = 0; i < 500; i++) {
          traceListed(rules, { ...PACKET, destination: `10.96.1.${i & 127}` });
          traceListed(rules, { ...PACKET, destination: '192.168.0.2', destinationPort: 30000 + (i & 127) });
        }
      });
    expect(cost(big(10_000, 3))).toBeLessThan(5 * cost(big(400, 3)) + 50);
  });

  it('little with a thousand endpoints, whose shares are exact', () => {
    const found = traceListed(big(1, 1000), PACKET);
    expectWhole(found);
    expect(found).toHaveLength(1000);
    expect(new Set(found.map(({ fraction }) => formatFraction(fraction)))).toEqual(new Set(['1/1000']));
  });
});
