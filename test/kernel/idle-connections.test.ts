/**
 * What becomes of idle connections with session affinity once conntrack has forgotten them: the reason that `affinity-outlives-conntrack`
 * gives, in modes iptables and nftables, on this kernel. Left out where the kernel cannot do this; SVCRULES_REQUIRE_KERNEL=1 makes that
 * a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';
import { probeKernel, runInNamespace } from '../support/namespace.ts';

vi.setConfig({ testTimeout: 60_000 });

const CLUSTER = `apiVersion: v1
kind: Service
metadata: {name: shell}
spec:
  clusterIP: 10.96.0.40
  sessionAffinity: ClientIP
  ports: [{port: 80}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: shell-1, labels: {kubernetes.io/service-name: shell}}
addressType: IPv4
endpoints: [{addresses: [10.2.0.2]}, {addresses: [10.2.0.3]}]
ports: [{port: 8080}]
`;

const folder = mkdtempSync(join(tmpdir(), 'svcrules-idle-'));
const cluster = join(folder, 'cluster.yaml');
writeFileSync(cluster, CLUSTER);
afterAll(() => rmSync(folder, { recursive: true }));

const SCRIPT = readFileSync(join(import.meta.dirname, 'idle-connections.sh'), 'utf8');
const PEER = join(import.meta.dirname, 'idle-connections.py');

const MODES = [
  {
    mode: 'iptables',
    artifact: 'iptables.save',
    load: 'iptables-legacy-restore',
    reason: probeKernel('legacy', 'ipv4'),
  },
  { mode: 'nftables', artifact: 'ip.nft', load: 'nft -f', reason: probeNft() },
];

function probeNft(): string | undefined {
  const { status, stderr } = spawnSync('unshare', ['-n', 'nft', 'add', 'table', 'ip', 'probe'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr || 'no nft';
}

describe.each(MODES)('mode $mode', ({ mode, artifact, load, reason }) => {
  if (reason !== undefined)
    process.stderr.write(`idle connections in mode ${mode} are left out: ${reason}\n`);
  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') it('runs here', () => expect(reason).toBeUndefined());

  it.skipIf(reason !== undefined)(
    'lets a client go on with its endpoint, and resets an endpoint that speaks first',
    // It is a matter of seconds, which a busy machine may stretch.
    { retry: 2 },
    async () => {
      const { stdout, status } = await runCaptured([
        'compile',
        '-f',
        cluster,
        '--mode',
        mode,
        '--artifact',
        artifact,
      ]);
      expect(status).toBe(0);
      const rules = join(folder, artifact);
      writeFileSync(rules, stdout);
      const printed = await runInNamespace(SCRIPT, [PEER, ...load.split(' '), rules]);
      const lines = printed.trim().split('\n');
      expect(lines.filter((line) => line === 'client: echo')).toHaveLength(5);
      expect(lines).toContain('server: Connection reset by peer');
      expect(lines).toContain('pushed: timed out');
    },
  );
});
