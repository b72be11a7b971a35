/** Completion with names of a real cluster: a real kubectl asks the plugin, which asks the API server by that kubectl. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type BuiltCli, buildCli } from '../support/built-cli.ts';
import { type ControlPlane, probeControlPlane, startControlPlane } from '../support/control-plane.ts';
import { addServiceCIDRs, replaceCluster } from '../support/live-cluster.ts';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 90_000 });

const impossible = probeControlPlane();

test('a cluster can be asked where it is required', () => {
  if (process.env.SVCRULES_REQUIRE_LIVE === '1') expect(impossible).toBeUndefined();
  else expect(impossible).not.toBe('');
});

if (impossible === undefined) describe('kubectl completes', aRealCluster);

function aRealCluster(): void {
  const folder = mkdtempSync(join(tmpdir(), 'completion-'));
  let plane: ControlPlane;
  let cli: BuiltCli;

  beforeAll(async () => {
    [plane, cli] = await Promise.all([startControlPlane(), buildCli()]);
    await addServiceCIDRs(plane);
    await replaceCluster(plane, 'fixtures/diffs/shop');
    mkdirSync(join(folder, 'path'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${cli.path}' "$@"\n`;
    writeFileSync(join(folder, 'path/kubectl-svcrules'), program, { mode: 0o755 });
    symlinkSync(resolve('bin/kubectl_complete-svcrules'), join(folder, 'path/kubectl_complete-svcrules'));
  });

  afterAll(async () => {
    cli?.remove();
    await plane?.stop();
    rmSync(folder, { recursive: true });
  });

  test.each([
    ['Nodes', ['diff', '--node', 'worker-1'], ['worker-1']],
    ['namespaces', ['env', '-n', 'kube-s'], ['kube-system']],
    ['Services', ['trace', '--to', 'prod/w'], ['prod/web']],
    ['Services of the current namespace', ['explain', 'svc/k'], ['svc/kubernetes']],
    ['nothing for what is not there', ['env', '--pod', ''], []],
  ])('%s', (_, words, expected) => {
    const env = {
      HOME: folder,
      KUBECONFIG: plane.env.KUBECONFIG,
      PATH: `${join(folder, 'path')}${delimiter}${process.env.PATH}`,
    };
    const [nsenter, ...enter] = plane.enter;
    const args = [...enter, 'kubectl', '__complete', 'svcrules', ...words];
    const { stdout } = spawnSync(nsenter, args, { env, encoding: 'utf8' });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual([...expected, ':4']);
  });
}
