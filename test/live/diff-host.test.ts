/** `diff --host` on a node of a real cluster with a real kube-proxy, before and after somebody has tampered with its rules. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { tampered } from '../diff/hosts.ts';
import { TAMPERINGS } from '../diff/tamperings.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';
import { addServiceCIDRs, replaceCluster } from '../support/live-cluster.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 90_000 });

const ROOT = join(import.meta.dirname, '../..');
const SHOP = join(ROOT, 'fixtures/diffs/shop');
const KUBE_PROXY = join(ROOT, 'test/oracle/bin/kube-proxy');
/** Every second one, which leaves more than 30 and takes half the time; not what no kernel here has an object for. */
const CHOSEN = TAMPERINGS.filter((_, i) => i % 2 === 0).filter(
  ({ name }) => !/nobody understands/.test(name),
);

const impossible =
  probeControlPlane() ??
  (existsSync(KUBE_PROXY) ? undefined : 'test/oracle/bin/kube-proxy is not built (test/oracle/build.sh api)');

test('a node can be compared where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('a node with a real kube-proxy', aRealNode);

function aRealNode(): void {
  const folder = mkdtempSync(join(tmpdir(), 'diff-host-'));
  let plane: ControlPlane;
  let proxy: ChildProcess | undefined;
  /** What kube-proxy has programmed. */
  const saved: Record<string, string> = {};

  function onNode(command: string, input = ''): { status: number | null; stdout: string; stderr: string } {
    const [nsenter, ...enter] = plane.enter;
    const env = { ...plane.env, PATH: process.env.PATH };
    const options = { cwd: ROOT, env, input, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
    return spawnSync(nsenter, [...enter, 'sh', '-c', command], options);
  }

  beforeAll(async () => {
    plane = await startControlPlane();
    await addServiceCIDRs(plane);
    await replaceCluster(plane, SHOP);
    const nodes = JSON.parse(await plane.kubectl(['get', 'node', 'worker-1', '-o', 'json']));
    onNode('ip link add node0 type dummy && ip link set node0 up');
    for (const { type, address } of nodes.status.addresses) {
      if (type === 'InternalIP')
        onNode(`ip addr add ${address} dev node0 ${address.includes(':') ? 'nodad' : ''}`);
    }
    await startProxy();
    proxy?.kill('SIGKILL');
    for (const tool of ['iptables', 'ip6tables']) saved[tool] = onNode(`${tool}-save`).stdout;
  });

  afterAll(async () => {
    proxy?.kill('SIGKILL');
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  async function startProxy(): Promise<void> {
    const config = join(folder, 'config.yaml');
    writeFileSync(
      config,
      `${readFileSync(join(SHOP, 'config.yaml'), 'utf8')}\nhostnameOverride: worker-1\n` +
        `clientConnection: {kubeconfig: ${plane.env.KUBECONFIG}}\nconntrack: {maxPerCore: 0, min: 0}\n`,
    );
    const [nsenter, ...enter] = plane.enter;
    proxy = spawn(nsenter, [...enter, KUBE_PROXY, '--config', config], { stdio: 'ignore' });
    // Both families have rules that stay as they are.
    let before = '';
    await vi.waitFor(
      () => {
        const now = onNode('iptables-save | grep -v "^[#:]"; ip6tables-save | grep -v "^[#:]"').stdout;
        const isStill = now === before;
        before = now;
        expect(now).toContain('default/kubernetes:https has no endpoints');
        expect(now).toContain('--to-destination [fd00:');
        expect(isStill).toBe(true);
      },
      { timeout: 40_000, interval: 1500 },
    );
  }

  const diff = () =>
    onNode(
      `'${process.execPath}' bin/kubectl-svcrules.js diff --host --node worker-1 --kube-version 1.37 ` +
        `--proxy-config '${join(SHOP, 'config.yaml')}' -o json`,
    );

  test('is as it should be', () => {
    const { status, stdout, stderr } = diff();
    expect(status, `${stdout}${stderr}`).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ equal: true, services: [], foreign: [], unknown: [] });
  });

  test('is tampered with in many ways', () => {
    expect(CHOSEN.length).toBeGreaterThanOrEqual(30);
  });

  test.each(CHOSEN)('after $name', ({ tamper, services, says }) => {
    const text = tampered(saved.iptables as string, tamper);
    const restored = onNode('iptables-restore', text);
    expect(restored.stderr).toBe('');
    try {
      const { status, stdout } = diff();
      expect(status).toBe(1);
      const answer = JSON.parse(stdout);
      expect(answer.equal).toBe(false);
      const named = answer.services.map(
        ({ namespace, name }: { namespace: string; name: string }) => `${namespace}/${name}`,
      );
      for (const service of Object.keys(services)) expect(named).toContain(service);
      for (const said of says) expect(stdout).toContain(JSON.stringify(said).slice(1, -1));
    } finally {
      onNode('iptables-restore', saved.iptables);
    }
  });
}
