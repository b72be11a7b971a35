/** The same objects in any order give the same bytes. */
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { compile, DEFAULT_KINDS, readInput, type SourceObject } from '../../src/index.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { seededRandom } from '../support/hostile-strings.ts';

const ROOT = join(import.meta.dirname, '../../fixtures/clusters');

async function compileText(objects: readonly SourceObject[], node: string): Promise<string> {
  const compiled = await Promise.all(
    (['iptables', 'nftables'] as const).map((mode) => compile({ objects, node, mode })),
  );
  const artifacts = compiled.flatMap((each) => each.compiled?.artifacts ?? []);
  return artifacts.map(({ name, text }) => `${name}\n${[...text()].join('')}`).join('');
}

function shuffle<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

describe.each(listClusters(ROOT).filter((name) => !name.startsWith('random-')))('%s', (name) => {
  it('compiles to the same bytes in any order', async () => {
    const folder = join(ROOT, name);
    const filenames = ['cluster.yaml'].map((file) => join(folder, file));
    const stdin = Readable.from([]);
    const { objects } = await readInput({ filenames, recursive: false, stdin, kinds: DEFAULT_KINDS });
    const nodes = objects.filter(({ kind }) => kind === 'Node');
    const metadata = nodes[0]?.object.metadata as { readonly name: string };
    const node = readClusterOptions(folder).node ?? metadata.name;
    const text = await compileText(objects, node);
    expect(text.length).toBeGreaterThan(1000);
    expect(await compileText([...objects].reverse(), node)).toBe(text);
    const random = seededRandom(1);
    for (let i = 0; i < 3; i++) expect(await compileText(shuffle(objects, random), node)).toBe(text);
  });
});
