/** Every folder of fixtures/userspace compiles to what the real userspace proxier of 1.25 programs. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listClusters, readClusterOptions, readTexts } from '../../support/cluster-folder.ts';
import { compileCluster } from '../../support/compile-cluster.ts';

const ROOT = join(import.meta.dirname, '../../../fixtures/userspace');

describe.each(listClusters(ROOT))('%s', (name) => {
  it('compiles to the rules and endpoints of the real proxier', async () => {
    const folder = join(ROOT, name);
    const texts = readTexts(join(folder, 'expected'));
    const compiled = await compileCluster(folder, {
      ...readClusterOptions(folder),
      mode: 'userspace',
      release: '1.25',
    });
    expect(compiled.size).toBe(3);
    for (const [artifact, text] of compiled) expect(text, artifact).toBe(texts.get(artifact));
  });
});
