/**
 * HAProxy and nginx as judges: they take the configuration that is generated for every cluster of the fixtures, behind
 * kube-proxy's rules and in its place. Where they are not installed the tests are skipped, with the reason on stderr;
 * SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Frontend } from '../../src/backends/userspace/frontend.ts';
import { printHAProxy } from '../../src/backends/userspace/haproxy.ts';
import { printNginx } from '../../src/backends/userspace/nginx.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { hostileStrings } from '../support/hostile-strings.ts';
import { probeKernel, runInNamespace } from '../support/namespace.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const CLUSTERS = ['clusters', 'userspace'].flatMap((kind) =>
  listClusters(join(FIXTURES, kind)).map((name) => join(kind, name)),
);

/** Addresses that this host does not have may be listened on, so that they can be looked at. */
const PREPARE = `ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind
  echo 1 >/proc/sys/net/ipv6/ip_nonlocal_bind`;

const reason =
  (['haproxy', 'nginx'] as const)
    .map((program) => spawnSync(program, ['-v']).error?.message)
    .find((message) => message !== undefined) ?? probeKernel('legacy', 'ipv4');
if (reason !== undefined) process.stderr.write(`no test of configurations: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => expect(reason).toBeUndefined());
}

describe.skipIf(reason !== undefined)('the generated configuration', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-configurations-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(CLUSTERS)('of %s passes the check of both', async (cluster) => {
    const folder = join(FIXTURES, cluster);
    const folders: string[] = [];
    for (const portals of [true, false]) {
      const out = join(work, cluster.replace('/', '.'), portals ? 'portals' : 'standalone');
      mkdirSync(out, { recursive: true });
      const flags = [...inputFlags(folder, { ...readClusterOptions(folder), release: '1.25' })];
      if (!portals) flags.push('--no-portals');
      const result = await runCaptured(['compile', ...flags, '--mode', 'userspace', '--out', out]);
      expect(result.status, result.stderr).toBe(0);
      folders.push(out);
    }
    const script = `${PREPARE}
      for folder in "$@"; do
        haproxy -c -f "$folder/haproxy.cfg" >&2
        nginx -e stderr -t -c "$folder/nginx.conf" -g "pid $folder/pid;" >&2
      done
      echo passed`;
    expect(await runInNamespace(script, folders)).toBe('passed\n');
  });

  it('has a listener for each name, whatever the name', async () => {
    const strings = hostileStrings(20_261_125, 1000).filter((text) => !text.includes('--modprobe'));
    const frontends = strings.map(
      (text, i): Frontend => ({
        name: `prod/${text}`,
        family: 'IPv4',
        protocol: 'TCP',
        listeners: [{ address: '127.0.0.1', port: 10000 + i }],
        origin: 'TCP 10.96.0.1:80',
        endpoints: ['127.0.0.2:80'],
        affinitySeconds: i % 2,
      }),
    );
    writeFileSync(join(work, 'haproxy.cfg'), [...printHAProxy(frontends, ['head'], false)].join(''));
    writeFileSync(join(work, 'nginx.conf'), [...printNginx(frontends, ['head'], false, 250)].join(''));
    // What they listen on in the end is what counts.
    const script = `${PREPARE}
      cd "$1"
      count() { ss -Hltn | wc -l; }
      trap 'kill $proxy 2>/dev/null || true' EXIT
      haproxy -db -f haproxy.cfg >&2 & proxy=$!
      for i in $(seq 100); do [ "$(count)" -lt ${frontends.length} ] || break; sleep 0.1; done
      count; kill $proxy; wait $proxy || true
      nginx -e stderr -c "$1/nginx.conf" -g "daemon off; pid $1/pid;" >&2 & proxy=$!
      for i in $(seq 100); do [ "$(count)" -lt ${frontends.length} ] || break; sleep 0.1; done
      count; kill $proxy; wait $proxy || true`;
    const counts = await runInNamespace(script, [work]);
    expect(counts).toBe(`${frontends.length}\n${frontends.length}\n`);
  });
});
