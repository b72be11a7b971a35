/**
 * The kernel as the judge of mode nftables: `nft -f` takes the transaction, again and again, and `nft -s list table` prints
 * what we said it would, in a network namespace that goes away afterwards. Where the machine cannot do this the tests are
 * skipped, with the reason on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { runCaptured } from '../support/compile-cluster.ts';
import { loadNftables, probeNftables, runInNamespace } from '../support/namespace.ts';
import { canonicalNftList } from '../support/normal-form.ts';

vi.setConfig({ testTimeout: 60_000 });

const FIXTURES = join(import.meta.dirname, '../../fixtures');
const FAMILIES = ['ipv4', 'ipv6'] as const;
const CLUSTERS = listClusters(join(FIXTURES, 'clusters')).filter((name) => !/^random-(?!00[0-3])/.test(name));
const RELEASES = ['1.29', '1.30', '1.32', '1.33', '1.35', '1.36'];
const SAMPLES = ['source-ranges', 'affinity', 'bridge-interface', 'external-local-no-local'];

const reason = probeNftables();
if (reason !== undefined) process.stderr.write(`no kernel tests with nftables: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

describe.skipIf(reason !== undefined)('the kernel', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-kernel-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  /** Compiles a cluster into files of a folder of its own. */
  async function compileTo(folder: string, release: string): Promise<string> {
    const out = mkdtempSync(join(work, 'out-'));
    const { node } = readClusterOptions(folder);
    const config = join(folder, 'config.yaml');
    const { status, stderr } = await runCaptured([
      ...['compile', '--mode', 'nftables', '--kube-version', release, '--out', out],
      ...['-f', join(folder, 'cluster.yaml')],
      ...(existsSync(config) ? ['--proxy-config', config] : []),
      ...(node === undefined ? [] : ['--node', node]),
    ]);
    expect(status, stderr).toBe(0);
    return out;
  }

  async function judge(folder: string, release: string): Promise<void> {
    const out = await compileTo(folder, release);
    for (const family of FAMILIES) {
      const file = (kind: string) => join(out, `${family === 'ipv4' ? 'ip' : 'ip6'}.${kind}`);
      const printed = await loadNftables(family, [file('nft'), file('nft')], ['cbr0']);
      expect(canonicalNftList(printed)).toBe(readFileSync(file('list'), 'utf8'));
    }
  }

  it.each(CLUSTERS)('takes %s twice and prints its list', (name) =>
    judge(join(FIXTURES, 'clusters', name), '1.37'));

  describe.each(SAMPLES)('%s', (name) => {
    it.each(RELEASES)('of release %s', (release) => judge(join(FIXTURES, 'releases', name), release));
  });

  it('replaces the whole table, or nothing', async () => {
    const out = await compileTo(join(FIXTURES, 'clusters', 'rich'), '1.37');
    const good = join(out, 'ip.nft');
    const bad = join(work, 'bad.nft');
    writeFileSync(bad, `${readFileSync(good, 'utf8')}add rule ip kube-proxy no-such-chain drop\n`);
    const printed = await runInNamespace(
      `nft add table ip mine
       nft add table ip kube-proxy
       nft add chain ip kube-proxy stale
       nft -f "$1" && exit 1
       nft list tables; nft list table ip kube-proxy
       nft -f "$2"
       nft list tables; nft list table ip kube-proxy | grep -c stale || true`,
      [bad, good],
    );
    const tables = 'table ip mine\ntable ip kube-proxy\n';
    expect(printed).toBe(`${tables}table ip kube-proxy {\n\tchain stale {\n\t}\n}\n${tables}0\n`);
  });
});
