/** Big dumps: what a packet costs does not grow with the Services that it is not for. */
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { formatFraction } from '../../src/trace/fraction.ts';
import { type PreparedRules, prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { expectWhole, HOST, PACKET } from './rules.ts';

/** Rules in the manner of kube-proxy. */
function big(services: number, endpoints: number): PreparedRules {
  const chains: string[] = [];
  const rules = ['-A PREROUTING -j KUBE-SERVICES'];
  for (let s = 0; s < services; s++) {
    const address = `10.96.${s >> 8}.${s & 255}`;
    chains.push(`:SVC-${s} - [0:0]`);
    rules.push(`-A KUBE-SERVICES -d ${address}/32 -p tcp -m tcp --dport 80 -j SVC-${s}`);
    rules.push(`-A KUBE-NODEPORTS -p tcp -m tcp --dport ${30000 + s} -j SVC-${s}`);
    for (let e = 0; e < endpoints; e++) {
      chains.push(`:SEP-${s}-${e} - [0:0]`);
      const share = (Math.round(2 ** 31 / (endpoints - e)) / 2 ** 31).toFixed(11);
      const random = e < endpoints - 1 ? ` -m statistic --mode random --probability ${share}` : '';
      rules.push(`-A SVC-${s}${random} -j SEP-${s}-${e}`);
      rules.push(`-A SEP-${s}-${e} -p tcp -m tcp -j DNAT --to-destination 10.${e >> 8}.${e & 255}.1:8080`);
    }
  }
  rules.push('-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS');
  const head = [':PREROUTING ACCEPT [0:0]', ':KUBE-SERVICES - [0:0]', ':KUBE-NODEPORTS - [0:0]'];
  const text = `*nat\n${[...head, ...chains, ...rules].join('\n')}\nCOMMIT\n`;
  return prepareRules(parseSaved(text), HOST);
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
    const cost = (rules: PreparedRules) =>
      fastest(() => {
        for (let i = 0; i < 500; i++) {
          trace(rules, { ...PACKET, destination: `10.96.1.${i & 127}` });
          trace(rules, { ...PACKET, destination: '192.168.0.2', destinationPort: 30000 + (i & 127) });
        }
      });
    expect(cost(big(10_000, 3))).toBeLessThan(5 * cost(big(400, 3)) + 50);
  });

  it('little with a thousand endpoints, whose shares are exact', () => {
    const found = trace(big(1, 1000), { ...PACKET, destination: '10.96.0.0' });
    expectWhole(found);
    expect(found).toHaveLength(1000);
    expect(new Set(found.map(({ fraction }) => formatFraction(fraction)))).toEqual(new Set(['1/1000']));
  });
});
