/**
 * Mode userspace as a whole: the rules in the kernel of a namespace, real HAProxy or nginx behind them with the generated
 * configuration, and connections from the node, a Pod and outside. Where the machine cannot do this the tests are skipped, with
 * the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { compile } from '../../src/index.ts';
import { iptablesCommand, probeKernel } from '../support/namespace.ts';
import { type Family, Network, type Reply } from './trace-network.ts';
import {
  BACKENDS,
  BRIEF,
  clusterIPOf,
  DNS,
  EMPTY,
  HALF,
  NODE_ADDRESS,
  STICKY,
  STICKY_DNS,
  STICKY_HALF,
  sourceOf,
  type UserspaceService,
  userspaceObjects,
  WEB,
} from './userspace-cluster.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type ProxyProgram = 'haproxy' | 'nginx';
type From = 'node' | 'pod1' | 'client';

interface Setup {
  readonly program: ProxyProgram;
  readonly family: Family;
  readonly portals: boolean;
}

/** The rules loaded, the proxy running. */
class RunningProxy {
  private readonly network = new Network();
  private readonly folder = mkdtempSync(join(tmpdir(), 'svcrules-proxy-'));
  private readonly setup: Setup;
  private child: ChildProcess | undefined;
  private said = '';

  constructor(setup: Setup) {
    this.setup = setup;
  }

  async start(): Promise<void> {
    const { program, family, portals } = this.setup;
    await this.network.start();
    const { compiled } = await compile({
      objects: userspaceObjects(family),
      mode: 'userspace',
      kubeVersion: '1.25',
      node: 'node-0',
      portals,
    });
    const textOf = (name: string) =>
      [...(compiled?.artifacts.find((artifact) => artifact.name === name)?.text() ?? [])].join('');
    const file = join(this.folder, program === 'haproxy' ? 'haproxy.cfg' : 'nginx.conf');
    writeFileSync(file, textOf(program === 'haproxy' ? 'haproxy.cfg' : 'nginx.conf'));
    if (portals) {
      const rules = textOf(family === 'ipv4' ? 'iptables.save' : 'ip6tables.save');
      await this.network.load(`${iptablesCommand('legacy', family, 'restore')} -w 30`, rules);
    }
    const pid = join(this.folder, 'nginx.pid');
    this.child =
      program === 'haproxy'
        ? this.network.spawnOnNode('haproxy', ['-db', '-f', file])
        : this.network.spawnOnNode('nginx', [
            ...['-e', 'stderr', '-c', file],
            ...['-g', `daemon off; pid ${pid};`],
          ]);
    this.child.stderr?.on('data', (data) => {
      this.said += data;
    });
    await this.untilItListens();
  }

  private async untilItListens(): Promise<void> {
    for (let i = 0; i < 100; i++) {
      const { error } = await this.dial('node', WEB, 'node port');
      if (error === undefined) return;
      await sleep(50);
    }
    throw new Error(`${this.setup.program} does not answer: ${this.said}`);
  }

  async dial(from: From, service: UserspaceService, to: 'cluster IP' | 'node port'): Promise<Reply> {
    const { family } = this.setup;
    const toNodePort = to === 'node port';
    const any = family === 'ipv4' ? '0.0.0.0' : '::';
    return this.network.connect(from, {
      protocol: service.protocol === 'TCP' ? 'tcp' : 'udp',
      source: from === 'node' ? any : sourceOf(from, family),
      address: toNodePort ? NODE_ADDRESS[family] : clusterIPOf(service, family),
      port: toNodePort ? service.nodePort : service.port,
      patience: 2000,
    });
  }

  /** The address of the Pod that answered. */
  async backendOf(from: From, service: UserspaceService, to: 'cluster IP' | 'node port'): Promise<string> {
    const { answer, error } = await this.dial(from, service, to);
    return answer?.split(' ')[0] ?? `error: ${error}`;
  }

  /** All three clients by both ways, several times. */
  async rounds(service: UserspaceService, count: number): Promise<readonly Visit[]> {
    const visits: Visit[] = [];
    for (let i = 0; i < count; i++) {
      for (const to of this.setup.portals
        ? (['cluster IP', 'node port'] as const)
        : (['node port'] as const)) {
        for (const from of ['node', 'pod1', 'client'] as const) {
          // The host itself has another address for each way.
          const client = from === 'node' ? `${from}, ${to}` : from;
          visits.push({ client, backend: await this.backendOf(from, service, to) });
        }
      }
    }
    return visits;
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await this.network.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function whyNot(program: ProxyProgram, family: Family): string | undefined {
  const { error } = spawnSync(program, ['-v']);
  return error === undefined ? probeKernel('legacy', family) : `${program}: ${error.message}`;
}

interface Visit {
  readonly client: string;
  readonly backend: string;
}

function endpointsByClient(visits: readonly Visit[]): ReadonlyMap<string, ReadonlySet<string>> {
  const endpoints = new Map<string, Set<string>>();
  for (const { client, backend } of visits) {
    endpoints.set(client, (endpoints.get(client) ?? new Set()).add(backend));
  }
  return endpoints;
}

/** One endpoint after the other, wherever it begins. */
function expectRoundRobin(visits: readonly Visit[], family: Family): void {
  const backends = visits.map(({ backend }) => backend);
  const round = backends.slice(0, BACKENDS[family].length);
  expect([...round].sort()).toEqual([...BACKENDS[family]].sort());
  expect(backends).toEqual(backends.map((_, i) => round[i % round.length]));
}

const SETUPS: readonly Setup[] = (['haproxy', 'nginx'] as const).flatMap((program) =>
  (['ipv4', 'ipv6'] as const).flatMap((family) =>
    [true, false].map((portals) => ({ program, family, portals })),
  ),
);

describe.each(SETUPS)('$program, $family, portals: $portals', (setup) => {
  const { program, family, portals } = setup;
  const reason = whyNot(program, family);
  if (reason !== undefined) process.stderr.write(`no test with ${program}, ${family}: ${reason}\n`);
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => expect(reason).toBeUndefined());
  }

  describe.skipIf(reason !== undefined)('a running proxy', () => {
    let proxy: RunningProxy;
    beforeAll(async () => {
      proxy = new RunningProxy(setup);
      await proxy.start();
    });
    afterAll(() => proxy.stop());

    it('reaches the endpoints one after the other, from everywhere', async () => {
      expectRoundRobin(await proxy.rounds(WEB, 3), family);
    });

    it('keeps a client with affinity at one endpoint, by both ways', async () => {
      const endpoints = endpointsByClient(await proxy.rounds(STICKY, 4));
      for (const own of endpoints.values()) {
        expect(own.size).toBe(1);
        expect(BACKENDS[family]).toContain([...own][0]);
      }
      // nginx has no table of clients, in which new ones go round: two of them may share an endpoint.
      const all = new Set([...endpoints.values()].flatMap((own) => [...own]));
      if (program === 'haproxy') expect(all.size).toBe(3);
    });

    it('takes connections to a Service without endpoints, and closes them', async () => {
      const { error } = await proxy.dial('pod1', EMPTY, portals ? 'cluster IP' : 'node port');
      expect(error).toMatch(/^(closed|ECONNRESET)$/);
    });

    it.each([HALF, STICKY_HALF])('leaves an endpoint that refuses connections to $name', async (service) => {
      const visits = await proxy.rounds(service, 2);
      expect(new Set(visits.map(({ backend }) => backend))).toEqual(new Set([BACKENDS[family][0]]));
    });

    it.runIf(program === 'haproxy')('forgets a client after its time', async () => {
      const before = await proxy.backendOf('client', BRIEF, 'node port');
      expect(await proxy.backendOf('client', BRIEF, 'node port')).toBe(before);
      await sleep(2500);
      expect(await proxy.backendOf('client', BRIEF, 'node port')).not.toBe(before);
    });

    it.runIf(program === 'nginx')('passes datagrams on, one endpoint after the other', async () => {
      expectRoundRobin(await proxy.rounds(DNS, 3), family);
    });

    it.runIf(program === 'nginx')('keeps datagrams of a client with affinity together', async () => {
      const endpoints = endpointsByClient(await proxy.rounds(STICKY_DNS, 3));
      for (const own of endpoints.values()) expect(own.size).toBe(1);
    });

    it.runIf(!portals)('cannot be reached by cluster IPs', async () => {
      expect(await proxy.backendOf('pod1', WEB, 'cluster IP')).toMatch(/^error: /);
    });
  });
});
