/**
 * The kernel as the judge of what the tracer believes of chains, hooks, devices, connection tracking and translation, with
 * rules that kube-proxy does not write. Skipped where the machine cannot do this; SVCRULES_REQUIRE_KERNEL=1 makes that a
 * failure.
 */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import type { Host, Packet } from '../../src/trace/packet.ts';
import { type IptablesVariant, iptablesCommand, probeKernel } from '../support/namespace.ts';
import { dump, formatVerdict } from '../trace/rules.ts';
import { agrees, chiSquared, judge, predict, send } from './trace-judge.ts';
import { CASES, fromClient, VIP } from './trace-mechanics-cases.ts';
import { LINKS, Network, NODE_ADDRESSES } from './trace-network.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const HOST: Host = {
  addresses: NODE_ADDRESSES.ipv4,
  routes: [
    ...LINKS.flatMap(({ place, far }) =>
      far.ipv4.map((address) => ({ network: `${address}/32`, device: place })),
    ),
    { network: '0.0.0.0/0', device: 'client' },
  ],
};

describe.each<IptablesVariant>(['nft', 'legacy'])('iptables-%s', (variant) => {
  const reason = probeKernel(variant, 'ipv4');
  if (reason !== undefined) process.stderr.write(`no mechanics traced with iptables-${variant}: ${reason}\n`);
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => {
      expect(reason).toBeUndefined();
    });
  }

  describe.skipIf(reason !== undefined)('the kernel agrees that', () => {
    let network: Network;
    beforeAll(async () => {
      network = new Network();
      await network.start();
    });
    afterAll(() => network?.stop());

    /** Takes the place of all rules of before. */
    async function load(tables: Readonly<Record<string, string>>) {
      const text = dump({ raw: '', mangle: '', nat: '', filter: '', ...tables });
      await network.load(`${iptablesCommand(variant, 'ipv4', 'restore')} -w 30`, text);
      const rules = prepareRules(parseSaved(text), HOST);
      return (packet: Packet) => trace(rules, packet);
    }

    it.each(CASES)('%s', async (_, tables, flow, expected) => {
      const rules = await load(tables);
      expect(predict(rules, flow).map(({ verdict }) => formatVerdict(verdict))).toEqual([expected]);
      expect((await judge(network, rules, flow)).wrong).toBeUndefined();
    });

    // One in a thousand fair kernels exceeds the bound; one in a million does so twice.
    it('chances multiply', { retry: 1 }, async () => {
      const random = (probability: string) => `-m statistic --mode random --probability ${probability}`;
      const rules = await load({
        nat: `-A PREROUTING -d 172.30.9.9/32 -p tcp -j A
          -A A ${random('0.25000000000')} ${random('0.50000000000')} -p tcp -j DNAT --to-destination 10.0.1.1:8080
          -A A -m statistic --mode random ! --probability 0.30000000028 -p tcp -j DNAT --to-destination 10.0.1.2:8080
          -A A -p tcp -j DNAT --to-destination 10.0.2.1:8080`.replace(/(-A A) (.*) -p tcp/g, '$1 -p tcp $2'),
      });
      const flow = fromClient(VIP);
      const outcomes = predict(rules, flow);
      expect(outcomes).toHaveLength(3);
      const counts = [0, 0, 0];
      let left = 1000;
      const worker = async () => {
        while (left-- > 0) {
          const reply = await send(network, flow, 10_000);
          const index = outcomes.findIndex(({ verdict }) => agrees(reply, verdict, flow));
          expect(index).toBeGreaterThanOrEqual(0);
          counts[index] = (counts[index] as number) + 1;
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      // p = 0.001 with two degrees of freedom.
      expect(chiSquared(outcomes, counts)).toBeLessThan(13.816);
    });
  });
});
