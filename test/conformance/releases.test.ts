/**
 * Every folder of fixtures/releases and fixtures/classic compiles to what each release of kube-proxy programs:
 * `expected/TEXT@FIRST-LAST` holds for all releases from FIRST to LAST.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listClusters, readClusterOptions, readTexts } from '../support/cluster-folder.ts';
import { compileCluster, modeOfText } from '../support/compile-cluster.ts';

interface Expectation {
  readonly artifact: string;
  readonly text: string;
}

/** The expected texts by release. */
function readExpectations(folder: string): Map<string, Expectation[]> {
  const byRelease = new Map<string, Expectation[]>();
  for (const [name, text] of readTexts(join(folder, 'expected'))) {
    const match = /^(.+)@1\.(\d+)-1\.(\d+)$/.exec(name);
    if (match === null) throw new Error(`${folder}: ${name} is not TEXT@FIRST-LAST`);
    const [, artifact = '', first, last] = match;
    for (let minor = Number(first); minor <= Number(last); minor++) {
      const release = `1.${minor}`;
      byRelease.set(release, [...(byRelease.get(release) ?? []), { artifact, text }]);
    }
  }
  return byRelease;
}

for (const kind of ['releases', 'classic']) {
  const root = join(import.meta.dirname, '../../fixtures', kind);
  describe.each(listClusters(root))(`${kind}/%s`, (name) => {
    const folder = join(root, name);
    it.each([...readExpectations(folder)])('in release %s', async (release, expectations) => {
      const options = { ...readClusterOptions(folder), release };
      for (const mode of new Set(expectations.map(({ artifact }) => modeOfText(artifact)))) {
        const compiled = await compileCluster(folder, { ...options, mode });
        const ofMode = expectations.filter(({ artifact }) => modeOfText(artifact) === mode);
        for (const { artifact, text } of ofMode) expect(compiled.get(artifact), artifact).toBe(text);
      }
    });
  });
}
