/**
 * Writes the expected texts of the fixtures. In: cluster folders below `fixtures/`. Out: what the real kube-proxies
 * print for them, in normal form: `expected/NAME` below `fixtures/clusters`, `expected/NAME@FIRST-LAST` (a run of
 * releases that print the same) below `fixtures/releases`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import {
  type Artifacts,
  findOracles,
  NEWEST_RELEASE,
  type Oracles,
  olderReleases,
  readExpected,
} from './oracles.ts';

const USAGE = `usage: npm run update-fixtures -- [FOLDER...]
FOLDER: fixtures/clusters/NAME or fixtures/releases/NAME; default: all of them
`;

/** @returns the exit status. */
export async function main(argv: readonly string[], repository: string): Promise<number> {
  if (argv.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const root = join(repository, 'test', 'oracle');
  const oracles = findOracles(root);
  const all = ['clusters', 'releases'].flatMap((kind) => {
    const folder = join(repository, 'fixtures', kind);
    return listClusters(folder).map((name) => join(folder, name));
  });
  for (const folder of argv.length > 0 ? argv.map((name) => resolve(name)) : all) {
    if (basename(dirname(folder)) === 'releases') await updateReleases(oracles, olderReleases(root), folder);
    else await updateCluster(oracles, folder);
    console.log(folder);
  }
  return 0;
}

/** `expected/`, and `expected-nfacct/` where there is one. */
async function updateCluster(oracles: Oracles, folder: string): Promise<void> {
  const { nfacct = false } = readClusterOptions(folder);
  write(join(folder, 'expected'), await newest(oracles, folder, nfacct));
  if (existsSync(join(folder, 'expected-nfacct')))
    write(join(folder, 'expected-nfacct'), await newest(oracles, folder, true));
}

async function updateReleases(oracles: Oracles, releases: readonly string[], folder: string): Promise<void> {
  const options = { ...readClusterOptions(folder), nfacct: false };
  const byRelease = new Map<string, Artifacts>();
  for (const release of releases)
    byRelease.set(release, await oracles.runRelease(release, folder, options, true));
  byRelease.set(NEWEST_RELEASE, await newest(oracles, folder, false));
  const files = new Map<string, string>();
  for (const name of [...(byRelease.get(releases[0] as string) as Artifacts).keys()]) {
    let run: { first: string; last: string; text: string } | undefined;
    for (const [release, texts] of byRelease) {
      const text = texts.get(name) as string;
      if (run?.text === text) run.last = release;
      else {
        if (run !== undefined) files.set(`${name}@${run.first}-${run.last}`, run.text);
        run = { first: release, last: release, text };
      }
    }
    if (run !== undefined) files.set(`${name}@${run.first}-${run.last}`, run.text);
  }
  write(join(folder, 'expected'), files);
}

/** The texts of the newest release that the tests compare. */
async function newest(oracles: Oracles, folder: string, nfacct: boolean): Promise<Artifacts> {
  const work = mkdtempSync(join(tmpdir(), 'fixture-'));
  try {
    for (const name of ['cluster.yaml', 'config.yaml'])
      if (existsSync(join(folder, name)))
        cpSync(join(folder, name), join(work, 'cluster', name), { recursive: true });
    const options = { ...readClusterOptions(folder), nfacct };
    writeFileSync(join(work, 'cluster', 'oracle.json'), JSON.stringify({ ...options, modes: undefined }));
    await oracles.runNewest(work, ['iptables', 'env']);
    return readExpected(join(work, 'cluster'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function write(folder: string, texts: Artifacts): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of texts) writeFileSync(join(folder, name), text);
}
