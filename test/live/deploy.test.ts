/** The manifests of `deploy/` on a real API server, and what their Pods would run, with the rights that they would have. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';
import { addServiceCIDRs, replaceCluster } from '../support/live-cluster.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 90_000 });

const ROOT = join(import.meta.dirname, '../..');
const DEPLOY = join(ROOT, 'deploy');
const SHOP = join(ROOT, 'fixtures/diffs/shop');
const impossible = probeControlPlane();

test('the manifests can be applied where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('the manifests of deploy/', theManifests);

interface Container {
  readonly args: readonly string[];
  readonly securityContext: { readonly capabilities: { readonly add: readonly string[] } };
}

function containerOf(file: string): Container {
  const [object] = loadAll(readFileSync(join(DEPLOY, file), 'utf8')) as unknown as readonly [
    {
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly [Container] } } };
    },
  ];
  return object.spec.template.spec.containers[0];
}

function theManifests(): void {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-'));
  const account = 'system:serviceaccount:svcrules:svcrules';
  let plane: ControlPlane;

  beforeAll(async () => {
    plane = await startControlPlane();
    await addServiceCIDRs(plane);
    await replaceCluster(plane, SHOP);
    const first = ['rbac.yaml', 'namespace.yaml'].flatMap((file) => ['-f', join(DEPLOY, file)]);
    await plane.kubectl(['apply', ...first]);
  });

  afterAll(async () => {
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  const manifests = readdirSync(DEPLOY).filter((name) => name.endsWith('.yaml'));

  test.each(manifests)('%s is taken by the API server', async (file) => {
    const args = ['apply', '--dry-run=server', '--validate=strict', '-f', join(DEPLOY, file)];
    const said = await plane.kubectl(args);
    expect(said).toMatch(/(created|configured|unchanged) \(server dry run\)\n/);
  });

  /** Runs the program in the network of the node, as root without any other capability. */
  function onNode(capabilities: readonly string[], args: readonly string[]) {
    const [nsenter, ...enter] = plane.enter;
    const kept = capabilities.map((name) => `+${name.toLowerCase()}`);
    const setpriv = ['setpriv', '--no-new-privs', `--bounding-set=${['-all', ...kept].join()}`];
    const program = [process.execPath, 'bin/kubectl-svcrules.js', ...args, '--as', account];
    const env = { HOME: folder, PATH: process.env.PATH, KUBECONFIG: plane.env.KUBECONFIG };
    return spawnSync(nsenter, [...enter, ...setpriv, ...program], { cwd: ROOT, env, encoding: 'utf8' });
  }

  test('what the DaemonSet runs compares the node, with the rights and capabilities that it has', () => {
    const { args, securityContext } = containerOf('daemonset.yaml');
    const capabilities = securityContext.capabilities.add;
    const metrics = join(folder, 'svcrules.prom');
    const run = args
      .filter((arg) => !arg.startsWith('--every='))
      .map((arg) => arg.replace('$(NODE_NAME)', 'worker-1'))
      .map((arg) => (arg.startsWith('--metrics=') ? `--metrics=${metrics}` : arg));
    expect(run).toHaveLength(args.length - 1);

    const compiled = onNode([], ['compile', '--node', 'worker-1', '--artifact', 'iptables.save']);
    expect(compiled.status, compiled.stderr).toBe(0);
    const [nsenter, ...enter] = plane.enter;
    expect(
      spawnSync(nsenter, [...enter, 'iptables-restore'], { input: compiled.stdout, encoding: 'utf8' }).stderr,
    ).toBe('');

    const same = onNode(capabilities, [...run, '--family', 'ipv4']);
    expect(same.status, `${same.stdout}${same.stderr}`).toBe(0);
    expect(readFileSync(metrics, 'utf8')).toMatch(/^svcrules_diff_equal\{node="worker-1",.*\} 1$/m);

    const without = onNode([], [...run, '--family', 'ipv4']);
    expect(without.status).toBe(2);
    expect(readFileSync(metrics, 'utf8')).toContain('svcrules_up{node="worker-1"} 0\n');
  });

  test('what a Pod of the Job runs is understood', () => {
    const { args } = containerOf('job.yaml');
    const bundle = join(DEPLOY, 'no-such-bundle');
    const run = args.map((arg) => arg.replace('/bundles/$(JOB_COMPLETION_INDEX)', bundle));
    const { status, stderr } = onNode([], run);
    expect(status).toBe(2);
    expect(stderr).toContain('no-such-bundle');
  });
}
