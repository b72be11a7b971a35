/**
 * The kernel as the judge of what the tracer believes of nftables, with rules that kube-proxy does not write. Skipped where
 * the machine cannot do this; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { traceListed } from '../../src/trace/nftables/trace.ts';
import type { Packet } from '../../src/trace/packet.ts';
import { probeNftables } from '../support/namespace.ts';
import { MECHANICS } from '../trace/nftables/mechanics-cases.ts';
import { outcomes, prepareText } from '../trace/nftables/rulesets.ts';
import { agrees, chiSquared, type Flow, judge, predict, send } from './trace-judge.ts';
import { Network } from './trace-network.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const reason = probeNftables();
if (reason !== undefined) process.stderr.write(`no mechanics traced with nftables: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

function flowOf(packet: Packet): Flow {
  return { service: '', place: packet.arrival.kind === 'host' ? 'node' : 'client', family: 'ipv4', packet };
}

describe.skipIf(reason !== undefined)('the kernel agrees that', () => {
  let network: Network;
  beforeAll(async () => {
    network = new Network();
    await network.start();
  });
  afterAll(() => network?.stop());

  /** Takes the place of all rules of before. */
  async function load(ruleset: string) {
    await network.load('nft -f -', `flush ruleset\n${ruleset}`);
    return prepareText(ruleset);
  }

  it.each(MECHANICS)('$name', async ({ ruleset, packet, expected }) => {
    const rules = await load(ruleset);
    expect(outcomes(rules, packet)).toEqual([expected]);
    const tracer = (each: Packet) => traceListed(rules, each);
    expect((await judge(network, tracer, flowOf(packet))).wrong).toBeUndefined();
  });

  // One in a thousand fair kernels exceeds the bound; one in a million does so twice.
  it('chances multiply', { retry: 1 }, async () => {
    const rules = await load(`table ip t {
      chain pre {
        type nat hook prerouting priority dstnat; policy accept;
        ip daddr 172.30.9.9 numgen random mod 4 vmap { 0 : goto a, 1 : goto a, 2 : goto b }
        ip daddr 172.30.9.9 ip protocol tcp dnat to 10.0.2.1:8080
      }
      chain a {
        ip protocol tcp dnat ip to numgen random mod 3 map { 0 : 10.0.1.1 . 8080, 1 : 10.0.1.2 . 8080, 2 : 10.0.1.2 . 8080 }
      }
      chain b {
        numgen random mod 2 0 ip protocol tcp dnat to 10.0.1.1:8080
        ip protocol tcp dnat to 10.0.2.2:8080
      }
    }`);
    const flow = flowOf({
      protocol: 'tcp',
      source: '203.0.113.2',
      destination: '172.30.9.9',
      destinationPort: 80,
      arrival: { kind: 'device', name: 'client' },
    });
    const expected = predict((packet) => traceListed(rules, packet), flow);
    expect(outcomes(rules, flow.packet)).toEqual([
      '1/3 10.0.1.2:8080',
      '7/24 10.0.1.1:8080',
      '1/4 10.0.2.1:8080',
      '1/8 10.0.2.2:8080',
    ]);
    const counts = expected.map(() => 0);
    let left = 1200;
    const worker = async () => {
      while (left-- > 0) {
        const reply = await send(network, flow, 10_000);
        const index = expected.findIndex(({ verdict }) => agrees(reply, verdict, flow));
        expect(index).toBeGreaterThanOrEqual(0);
        counts[index] = (counts[index] as number) + 1;
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    // p = 0.001 with three degrees of freedom.
    expect(chiSquared(expected, counts)).toBeLessThan(16.266);
  });
});
