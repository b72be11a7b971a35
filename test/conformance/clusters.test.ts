/** Every folder of fixtures/clusters compiles to what the real kube-proxy and kubelet say. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listClusters, readClusterOptions, readTexts } from '../support/cluster-folder.ts';
import { compileCluster, compileEnv } from '../support/compile-cluster.ts';

const ROOT = join(import.meta.dirname, '../../fixtures/clusters');

describe.each(listClusters(ROOT))('%s', (name) => {
  const folder = join(ROOT, name);
  const options = readClusterOptions(folder);
  const variants = [
    { expected: 'expected', nfacct: options.nfacct ?? false },
    { expected: 'expected-nfacct', nfacct: true },
  ].filter(({ expected }) => existsSync(join(folder, expected)));

  it.each(variants)('compiles to $expected', async ({ expected, nfacct }) => {
    const texts = readTexts(join(folder, expected));
    const compiled = await compileCluster(folder, { ...options, nfacct });
    expect(compiled.size).toBeGreaterThan(0);
    for (const [artifact, text] of compiled) expect(text, artifact).toBe(texts.get(artifact));
  });

  it.each(['ipvs', 'nftables'] as const)('compiles mode %s, where there are its texts', async (mode) => {
    const texts = [...readTexts(join(folder, 'expected'))].filter(([artifact]) =>
      artifact.startsWith(`${mode}.`),
    );
    if (texts.length === 0) return;
    const compiled = await compileCluster(folder, { ...options, mode });
    for (const [artifact, text] of texts) expect(compiled.get(artifact), artifact).toBe(text);
  });

  it('gives every namespace the variables of the kubelet', async () => {
    const artifacts = [...readTexts(join(folder, 'expected'))].filter(([artifact]) =>
      artifact.startsWith('env.'),
    );
    for (const [artifact, text] of artifacts)
      expect(await compileEnv(folder, artifact.slice('env.'.length)), artifact).toBe(text);
    expect(artifacts.length).toBeGreaterThan(0);
  });
});
