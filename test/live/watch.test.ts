/** `compile --watch` on a real cluster that changes 500 times, through a kubectl with 50 faults and a crash of the API server. */

import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { RuleChange } from '../../src/backends/backend.ts';
import { run } from '../../src/cli/main.ts';
import { AppliedChanges, linesOfSaves } from '../support/applied-changes.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';
import { faultyKubectl } from '../support/faulty-kubectl.ts';
import { seededRandom } from '../support/hostile-strings.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const CHANGES = 500;
const BATCH = 10;
const FAULTS = 50;
/** Services that stay as they are: whatever goes wrong, no output is without them. */
const STABLE = 12;
const FLAGS = ['--node', 'worker-1', '--cluster-cidr', '10.244.0.0/16', '--mode', 'iptables'];

const impossible = probeControlPlane();

test('a cluster can be watched where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('a cluster that is watched', aWatchedCluster);

interface Update {
  readonly update: number;
  readonly services: number;
  readonly changes: readonly RuleChange[];
}

/** Keeps the records that have been written. */
class Records extends Writable {
  readonly updates: Update[] = [];
  private rest = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const lines = (this.rest + chunk.toString()).split('\n');
    this.rest = lines.pop() as string;
    for (const line of lines) this.updates.push(JSON.parse(line));
    done();
  }
}

class Log extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const service = (name: string, policy = 'Cluster') => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { ports: [{ port: 80 }], internalTrafficPolicy: policy },
});

const slice = (name: string, addresses: readonly string[]) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: `${name}-x`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
});

function aWatchedCluster(): void {
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
    const stable = Array.from({ length: STABLE }, (_, i) => `stable-${i}`);
    const node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'worker-1' },
      status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] },
    };
    await apply('create', [node, ...stable.flatMap((name) => [service(name), slice(name, ['10.244.9.9'])])]);
  });

  afterAll(() => plane?.stop());

  async function apply(verb: string, items: readonly unknown[]): Promise<void> {
    if (items.length === 0) return;
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const rest = verb === 'delete' ? ['--wait=false'] : ['--validate=false'];
    await plane.kubectl([verb, '-f', '-', ...rest], list);
  }

  /** Makes `count` changes of random objects. */
  async function change(existing: Map<string, 'service' | 'both'>, count: number, random: () => number) {
    const created: unknown[] = [];
    const replaced: unknown[] = [];
    const deleted: unknown[] = [];
    const address = () => `10.244.1.${Math.floor(random() * 200)}`;
    const touched = new Set<string>();
    while (touched.size < count) {
      const name = `web-${Math.floor(random() * 40)}`;
      if (touched.has(name)) continue;
      touched.add(name);
      const addresses = [...new Set([address(), address(), address()])];
      const roll = random();
      switch (existing.get(name)) {
        case undefined:
          created.push(service(name));
          existing.set(name, 'service');
          break;
        case 'service':
          created.push(slice(name, addresses));
          existing.set(name, 'both');
          break;
        case 'both':
          if (roll < 0.2) {
            deleted.push(service(name), slice(name, []));
            existing.delete(name);
          } else if (roll < 0.4) {
            deleted.push(slice(name, []));
            existing.set(name, 'service');
          } else replaced.push(slice(name, addresses));
      }
    }
    await apply('create', created);
    await apply('replace', replaced);
    await apply('delete', deleted);
  }

  async function fresh(): Promise<string[]> {
    const texts = await Promise.all(
      ['iptables.save', 'ip6tables.save'].map(async (name) => {
        const { stdout } = await runCaptured(['compile', '--artifact', name, ...FLAGS], plane.env);
        return [name, stdout];
      }),
    );
    return linesOfSaves(Object.fromEntries(texts));
  }

  test('is current in the end, and never half of one', async () => {
    const kubectl = faultyKubectl(plane.env.KUBECTL_PATH as string, FAULTS);
    const stop = new AbortController();
    const stdout = new Records();
    const stderr = new Log();
    const env = { ...plane.env, KUBECTL_PATH: kubectl.path };
    const io = { stdin: Readable.from([]), stdout, stderr, env, untilStopped: () => stop.signal };
    const watching = run(['compile', '--watch', '-o', 'json', '--min-sync-period', '100ms', ...FLAGS], io);
    await vi.waitFor(() => expect(stdout.updates).toHaveLength(1), 20_000);
    const random = seededRandom(4711);
    const existing = new Map<string, 'service' | 'both'>();
    for (let made = 0; made < CHANGES; made += BATCH) {
      if (made === CHANGES / 10) {
        await plane.restart();
        kubectl.askForForgotten();
      }
      await change(existing, BATCH, random);
    }
    // What is left of the faults needs events to happen at.
    for (let more = 0; kubectl.faults().length < FAULTS && more < 100; more++)
      await change(existing, 3, random);
    // Two watches may meet the last one at the same time.
    expect(kubectl.faults().length).toBeGreaterThanOrEqual(FAULTS);
    expect(new Set(kubectl.faults()).size).toBeGreaterThanOrEqual(8);
    // The API server itself has said that it has forgotten the moment.
    expect([...new Set(kubectl.faults())]).toContain('stale');
    expect(kubectl.faults()).not.toContain('stale, and not refused');
    const wanted = await fresh();
    const together = () => {
      const applied = new AppliedChanges();
      for (const { changes } of stdout.updates) applied.apply(changes);
      return applied.lines();
    };
    await vi.waitFor(() => expect(together()).toEqual(wanted), { timeout: 40_000, interval: 1000 });
    stop.abort();
    expect(await watching, stderr.text).toBe(0);
    expect(stdout.updates.length).toBeGreaterThan(10);
    for (const { services, changes } of stdout.updates) {
      expect(services).toBeGreaterThanOrEqual(STABLE);
      const lost = changes.filter(({ before }) => before?.some((line) => line.includes('default/stable-')));
      expect(lost).toEqual([]);
    }
    kubectl.remove();
  });
}
