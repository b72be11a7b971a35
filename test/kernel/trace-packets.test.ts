/**
 * The kernel as the judge of the tracer: connections from everywhere to every address of every kind of Service land where
 * the tracer says, and see whom it says. Where the machine cannot do this the tests are skipped, with the reason on stderr;
 * SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RecentEntry } from '../../src/trace/packet.ts';
import { stepFacts } from '../../src/trace/step.ts';
import { type Address, addressesOf, CASES, manifests, UNALLOCATED } from './trace-cluster.ts';
import {
  agrees,
  chiSquared,
  type Flow,
  judge,
  predict,
  send,
  type Tracer,
  UNSERVED_PORT,
} from './trace-judge.ts';
import {
  ELSEWHERE,
  type Family,
  Network,
  NODE_ADDRESSES,
  type Place,
  type Protocol,
} from './trace-network.ts';
import { type Compiled, SUBJECTS } from './trace-subjects.ts';

// iptables waits for a lock that every iptables of the machine takes.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

interface Source {
  readonly place: Place;
  readonly address: Readonly<Record<Family, string>>;
}

const SOURCES: readonly Source[] = [
  { place: 'client', address: { ipv4: '203.0.113.2', ipv6: 'fd00:203::2' } },
  { place: 'client', address: { ipv4: '203.0.113.130', ipv6: 'fd00:203::8002' } },
  { place: 'pod1', address: { ipv4: '10.0.1.1', ipv6: 'fd00:10:1::1' } },
  { place: 'pod2', address: { ipv4: '10.0.1.2', ipv6: 'fd00:10:1::2' } },
  { place: 'remote', address: { ipv4: '192.168.0.3', ipv6: 'fd00:192::3' } },
  { place: 'node', address: { ipv4: '192.168.0.2', ipv6: 'fd00:192::2' } },
];
const FAMILIES = ['ipv4', 'ipv6'] as const;
const PROTOCOLS = ['tcp', 'udp'] as const;

function flow(
  service: string,
  place: Place,
  family: Family,
  protocol: Protocol,
  source: string,
  { address, port }: Pick<Address, 'address' | 'port'>,
): Flow {
  const arrival = place === 'node' ? ({ kind: 'host' } as const) : ({ kind: 'device', name: place } as const);
  const packet = { protocol, source, destination: address, destinationPort: port, arrival };
  return { service, place, family, packet };
}

/** Each source to each address of each Service. */
function allFlows(): readonly Flow[] {
  return FAMILIES.flatMap((family) =>
    PROTOCOLS.flatMap((protocol) =>
      SOURCES.flatMap(({ place, address: source }) => [
        ...CASES.flatMap(({ name }, index) =>
          addressesOf(index, family, protocol).map((to) =>
            flow(name, place, family, protocol, source[family], to),
          ),
        ),
        flow('a port that nobody has', place, family, protocol, source[family], {
          address: addressesOf(0, family, protocol)[0]?.address as string,
          port: UNSERVED_PORT,
        }),
        flow('nobody', place, family, protocol, source[family], { address: UNALLOCATED[family], port: 80 }),
        flow('the node itself', place, family, protocol, source[family], {
          address: NODE_ADDRESSES[family][2] as string,
          port: 7000,
        }),
        ...(place === 'client'
          ? []
          : [
              flow('elsewhere', place, family, protocol, source[family], {
                address: ELSEWHERE[family],
                port: 7000,
              }),
            ]),
      ]),
    ),
  );
}

/** Node ports on 127.0.0.1. */
function localhostFlows(): readonly Flow[] {
  return PROTOCOLS.flatMap((protocol) =>
    CASES.map(({ name }, index) => {
      const port = addressesOf(index, 'ipv4', protocol)[3]?.port as number;
      return flow(name, 'node', 'ipv4', protocol, '127.0.0.1', { address: '127.0.0.1', port });
    }),
  );
}

describe.each(SUBJECTS)('$name', ({ name: subject, reason, config: more, compile }) => {
  if (reason !== undefined) process.stderr.write(`no packets traced with ${subject}: ${reason}\n`);
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => {
      expect(reason).toBeUndefined();
    });
  }

  describe.skipIf(reason !== undefined)('the kernel', () => {
    let network: Network;
    let compiled: Compiled;
    let folder: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'svcrules-trace-'));
      writeFileSync(
        join(folder, 'cluster.yaml'),
        manifests()
          .map((each) => JSON.stringify(each))
          .join('\n---\n'),
      );
      const config = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' };
      writeFileSync(
        join(folder, 'config.yaml'),
        JSON.stringify({ ...config, clusterCIDR: '10.0.0.0/16,fd00:10::/32', ...more }),
      );
      const addresses = [...NODE_ADDRESSES.ipv4, ...NODE_ADDRESSES.ipv6];
      compiled = await compile(folder, addresses);
      network = new Network();
      await network.start();
      for (const family of FAMILIES) await network.load(compiled[family].command, compiled[family].rules);
    });
    afterAll(async () => {
      await network?.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    function tracerFor({ family }: Flow): Tracer {
      return compiled[family].tracer;
    }

    it('agrees on every source, address, protocol and family', async () => {
      const flows = [...allFlows(), ...localhostFlows()].filter(({ service }) => service !== 'affinity');
      const wrong: string[] = [];
      const kinds = new Map<string, number>();
      const queue = [...flows];
      const worker = async () => {
        for (let each = queue.pop(); each !== undefined; each = queue.pop()) {
          const { wrong: text, outcome } = await judge(network, tracerFor(each), each);
          if (text !== undefined) wrong.push(text);
          const kind = outcome?.verdict.kind ?? 'wrong';
          kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: 48 }, worker));
      expect(wrong).toEqual([]);
      expect(flows.length).toBeGreaterThan(600);
      expect(kinds.get('delivered')).toBeGreaterThan(300);
      expect(kinds.get('rejected')).toBeGreaterThan(40);
      expect(kinds.get('dropped')).toBeGreaterThan(40);
    });

    it('agrees on session affinity', async () => {
      const seen = new Map<string, RecentEntry[]>();
      const wrong: string[] = [];
      for (const each of allFlows().filter(({ service }) => service === 'affinity')) {
        for (let i = 0; i < 3; i++) {
          const recent = seen.get(each.packet.source) ?? [];
          const { wrong: text, outcome } = await judge(network, tracerFor(each), each, recent);
          if (text !== undefined) wrong.push(text);
          const lists = (outcome?.path ?? []).flatMap((step) => stepFacts(step).remembers);
          seen.set(each.packet.source, [...recent, ...lists.map((list) => ({ list, secondsAgo: 1 }))]);
          // Whoever is remembered has one way only.
          expect(predict(tracerFor(each), each, seen.get(each.packet.source))).toHaveLength(1);
        }
      }
      expect(wrong).toEqual([]);
    });

    // One in a thousand fair kernels exceeds the bound; one in a million does so twice.
    it.each(FAMILIES)('agrees on shares, %s', { retry: 1 }, async (family) => {
      const source = (SOURCES[0] as Source).address[family];
      const to = addressesOf(0, family, 'udp')[0] as Address;
      const each = flow('cluster', 'client', family, 'udp', source, to);
      const outcomes = predict(tracerFor(each), each);
      const counts = outcomes.map(() => 0);
      let left = 1200;
      const worker = async () => {
        while (left-- > 0) {
          const reply = await send(network, each, 10_000);
          const index = outcomes.findIndex(({ verdict }) => agrees(reply, verdict, each));
          expect(index).toBeGreaterThanOrEqual(0);
          counts[index] = (counts[index] as number) + 1;
        }
      };
      await Promise.all(Array.from({ length: 16 }, worker));
      expect(counts).toHaveLength(3);
      // p = 0.001 with two degrees of freedom.
      expect(chiSquared(outcomes, counts)).toBeLessThan(13.816);
    });
  });
});
