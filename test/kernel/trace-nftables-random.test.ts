/**
 * Random rules of nftables, and the kernel as the judge of what the tracer makes of them. Skipped where the machine cannot do
 * this; SVCRULES_REQUIRE_KERNEL=1 makes that a failure. SVCRULES_RANDOM_RULESETS says how many, SVCRULES_RANDOM_SEED from where.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { traceListed } from '../../src/trace/nftables/trace.ts';
import type { Packet } from '../../src/trace/packet.ts';
import { probeNftables } from '../support/namespace.ts';
import { prepareText } from '../trace/nftables/rulesets.ts';
import { type Flow, judge } from './trace-judge.ts';
import { Network } from './trace-network.ts';
import { randomRuleset } from './trace-nftables-random.ts';

vi.setConfig({ testTimeout: 600_000, hookTimeout: 60_000 });

const COUNT = Number(process.env.SVCRULES_RANDOM_RULESETS ?? 25);
const SEED = Number(process.env.SVCRULES_RANDOM_SEED ?? 1);

const reason = probeNftables();
if (reason !== undefined) process.stderr.write(`no random rules of nftables: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

const FLOWS: readonly Flow[] = ['10.0.1.1', '10.0.1.2', '10.0.2.1', '10.0.2.2'].flatMap((destination) =>
  (['tcp', 'udp'] as const).map((protocol): Flow => {
    const packet: Packet = {
      protocol,
      source: '203.0.113.2',
      destination,
      destinationPort: protocol === 'tcp' ? 8080 : 8081,
      arrival: { kind: 'device', name: 'client' },
    };
    return { service: '', place: 'client', family: 'ipv4', packet };
  }),
);

describe.skipIf(reason !== undefined)('the kernel', () => {
  let network: Network;
  beforeAll(async () => {
    network = new Network();
    await network.start();
  });
  afterAll(() => network?.stop());

  /** A port that is taken again by chance is no longer that of a connection from under other rules. */
  async function forgetSoon(): Promise<void> {
    await network.load('nft -f -', randomRuleset(SEED));
    for (const name of ['udp_timeout', 'udp_timeout_stream']) {
      await network.load(`cat >/proc/sys/net/netfilter/nf_conntrack_${name}`, '1');
    }
  }

  it(`agrees on ${COUNT} random rulesets`, async () => {
    const wrong: string[] = [];
    const kinds = new Map<string, number>();
    await forgetSoon();
    for (let seed = SEED; seed < SEED + COUNT; seed++) {
      const ruleset = randomRuleset(seed);
      await network.load('nft -f -', `flush ruleset\n${ruleset}`);
      const rules = prepareText(ruleset);
      const tracer = (packet: Packet) => traceListed(rules, packet);
      const judged = await Promise.all(FLOWS.map((flow) => judge(network, tracer, flow)));
      for (const { wrong: text, outcome } of judged) {
        if (text !== undefined) wrong.push(`seed ${seed}: ${text}`);
        const kind = outcome?.verdict.kind ?? 'wrong';
        kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
      }
    }
    expect(wrong).toEqual([]);
    // Of each kind many, so that agreement means something.
    expect(kinds.get('delivered')).toBeGreaterThanOrEqual(COUNT);
    expect(kinds.get('dropped')).toBeGreaterThanOrEqual(COUNT);
  });
});
