/**
 * The kernel as the judge: iptables takes what is compiled and prints it back unchanged, in a network namespace that
 * goes away afterwards. Where the machine cannot do this the tests are skipped, with the reason on stderr;
 * SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { compileRaw } from '../support/compile-cluster.ts';
import {
  type Family,
  type IptablesVariant,
  iptablesCommand,
  probeKernel,
  runInNamespace,
} from '../support/namespace.ts';
import { canonicalIptablesSave } from '../support/normal-form.ts';

// iptables waits for a lock that every iptables of the machine takes.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../../fixtures/clusters');
// The wide clusters have what the random ones have; a few of those are enough here.
const CLUSTERS = listClusters(ROOT).filter((name) => !/^random-(?!00[0-3])/.test(name));
const COMBINATIONS = (['legacy', 'nft'] as const).flatMap((variant) =>
  (['ipv4', 'ipv6'] as const).map((family) => ({ variant, family })),
);

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'svcrules-kernel-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Compiles a cluster and leaves one artifact in a file. The kernel here may lack nfacct, so the rules do without. */
async function compileTo(cluster: string, artifact: string): Promise<{ text: string; file: string }> {
  const folder = join(ROOT, cluster);
  const texts = await compileRaw(folder, { ...readClusterOptions(folder), nfacct: false });
  const text = texts.get(artifact) as string;
  const file = join(work, `${cluster}.${artifact}`);
  writeFileSync(file, text);
  return { text, file };
}

function commands(variant: IptablesVariant, family: Family): { restore: string; save: string } {
  return {
    restore: `${iptablesCommand(variant, family, 'restore')} -w 30`,
    save: iptablesCommand(variant, family, 'save'),
  };
}

/** What `iptables-save` adds and kube-proxy's rules do not decide: comment lines and counters. */
function withoutNoise(text: string): string {
  return text.replace(/^#.*\n/gm, '').replace(/\[\d+:\d+\]/g, '[0:0]');
}

describe.each(COMBINATIONS)('iptables-$variant, $family', ({ variant, family }) => {
  const reason = probeKernel(variant, family);
  if (reason !== undefined)
    process.stderr.write(`no kernel tests with iptables-${variant}, ${family}: ${reason}\n`);

  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => {
      expect(reason).toBeUndefined();
    });
  }

  describe.skipIf(reason !== undefined)('the kernel', () => {
    const { restore, save } = commands(variant, family);

    it.each(CLUSTERS)('prints iptables.save of %s back unchanged', async (cluster) => {
      const { text, file } = await compileTo(cluster, `iptables.${family}.save`);
      const printed = await runInNamespace(`${restore} <"$1"; ${save}`, [file]);
      expect(canonicalIptablesSave(printed)).toBe(canonicalIptablesSave(text));
    });

    it.each(CLUSTERS)('takes iptables.restore of %s again and again', async (cluster) => {
      const { file } = await compileTo(cluster, `iptables.${family}.restore`);
      const script = `${restore} --noflush <"$1"; ${save}; echo ---; ${restore} --noflush <"$1"; ${save}`;
      const [once, twice] = (await runInNamespace(script, [file])).split('---\n') as [string, string];
      expect(withoutNoise(once)).toContain(':KUBE-SERVICES');
      expect(withoutNoise(twice)).toBe(withoutNoise(once));
    });

    it.each(CLUSTERS)('has iptables.restore of %s within iptables.save', async (cluster) => {
      const loaded = await compileTo(cluster, `iptables.${family}.save`);
      const applied = await compileTo(cluster, `iptables.${family}.restore`);
      const script = `${restore} <"$1"; ${restore} --noflush <"$2"; ${save}`;
      const printed = await runInNamespace(script, [loaded.file, applied.file]);
      expect(canonicalIptablesSave(printed)).toBe(canonicalIptablesSave(loaded.text));
    });
  });
});
