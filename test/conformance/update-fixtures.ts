/**
 * Writes the expected texts of the fixtures. In: cluster folders below `fixtures/`. Out: what the real kube-proxies
 * print for them, in normal form: `expected/NAME` below `fixtures/clusters` and `fixtures/userspace`,
 * `expected/NAME@FIRST-LAST` (a run of releases that print the same) below `fixtures/releases`,
 * `coredns.json` below `fixtures/dns`.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { type ComparedMode, isComparedMode, MODE_TEXTS } from '../support/compile-cluster.ts';
import { askCoreDns } from './dns-oracle.ts';
import {
  type Artifacts,
  findOracles,
  NEWEST_RELEASE,
  type Oracles,
  olderReleases,
  readExpected,
} from './oracles.ts';
import { USERSPACE_RELEASE } from './userspace-oracle.ts';

const USAGE = `usage: npm run update-fixtures -- [--mode MODE]... [FOLDER...]
FOLDER: NAME below fixtures/clusters, fixtures/releases, fixtures/userspace or fixtures/dns; default: all of them
MODE: ${Object.keys(MODE_TEXTS).join(' or ')}; default: those that a folder has texts of, and iptables
`;

/** @returns the exit status. */
export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      mode: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const unknown = values.mode.filter((mode) => !isComparedMode(mode));
  if (values.help || unknown.length > 0) {
    console.log(USAGE);
    return unknown.length > 0 ? 1 : 0;
  }
  const root = join(repository, 'test', 'oracle');
  const oracles = findOracles(root);
  const all = ['clusters', 'releases', 'userspace', 'dns'].flatMap((kind) => {
    const folder = join(repository, 'fixtures', kind);
    return listClusters(folder).map((name) => join(folder, name));
  });
  for (const folder of positionals.length > 0 ? positionals.map((name) => resolve(name)) : all) {
    const modes = modesOf(folder, values.mode);
    const kind = basename(dirname(folder));
    if (kind === 'dns') await updateDns(root, folder);
    else if (kind === 'userspace') await updateUserspace(oracles, folder);
    else if (kind === 'releases') await updateReleases(oracles, root, folder, modes);
    else await updateCluster(oracles, folder, modes);
    console.log(folder);
  }
  return 0;
}

/** Those that are asked for, and those that the folder has texts of. */
function modesOf(folder: string, asked: readonly string[]): readonly ComparedMode[] {
  const expected = join(folder, 'expected');
  const present = existsSync(expected) ? readdirSync(expected) : [];
  const modes = new Set(['iptables', ...asked, ...present.map((name) => name.split('.')[0] as string)]);
  return [...modes].filter(isComparedMode);
}

/** `coredns.json`: the EndpointSlices that the real controllers make, CoreDNS's zone and its answers. */
async function updateDns(root: string, folder: string): Promise<void> {
  for (const { endpoints, dns } of (await askCoreDns(root, folder)).values()) {
    const { endpointSlices } = endpoints;
    writeFileSync(
      join(folder, 'coredns.json'),
      `${JSON.stringify({ endpoints: { endpointSlices }, dns })}\n`,
    );
  }
}

async function updateUserspace(oracles: Oracles, folder: string): Promise<void> {
  const options = { ...readClusterOptions(folder), mode: 'userspace' } as const;
  write(join(folder, 'expected'), await oracles.runRelease(USERSPACE_RELEASE, folder, options, true));
}

/** `expected/`, and `expected-nfacct/` where there is one; only mode iptables knows nfacct. */
async function updateCluster(
  oracles: Oracles,
  folder: string,
  modes: readonly ComparedMode[],
): Promise<void> {
  const { nfacct = false } = readClusterOptions(folder);
  write(join(folder, 'expected'), await newest(oracles, folder, nfacct, modes));
  if (existsSync(join(folder, 'expected-nfacct')))
    write(join(folder, 'expected-nfacct'), await newest(oracles, folder, true, ['iptables']));
}

async function updateReleases(
  oracles: Oracles,
  root: string,
  folder: string,
  modes: readonly ComparedMode[],
): Promise<void> {
  const options = { ...readClusterOptions(folder), nfacct: false };
  const texts = await newest(oracles, folder, false, modes);
  const files = new Map<string, string>();
  for (const mode of modes) {
    const byRelease = new Map<string, Artifacts>();
    for (const release of olderReleases(root, mode))
      byRelease.set(release, await oracles.runRelease(release, folder, { ...options, mode }, true));
    byRelease.set(NEWEST_RELEASE, texts);
    for (const name of MODE_TEXTS[mode].files.keys()) addRuns(files, name, byRelease);
  }
  write(join(folder, 'expected'), files);
}

/** A file for each run of releases that print the same. */
function addRuns(files: Map<string, string>, name: string, byRelease: ReadonlyMap<string, Artifacts>): void {
  let run: { first: string; last: string; text: string } | undefined;
  const end = (): void => {
    if (run !== undefined) files.set(`${name}@${run.first}-${run.last}`, run.text);
  };
  for (const [release, texts] of byRelease) {
    const text = texts.get(name);
    if (text !== undefined && run?.text === text) run.last = release;
    else {
      end();
      // The kernel may refuse what a release wants.
      run = text === undefined ? undefined : { first: release, last: release, text };
    }
  }
  end();
}

/** The texts of the newest release that the tests compare. */
async function newest(
  oracles: Oracles,
  folder: string,
  nfacct: boolean,
  modes: readonly ComparedMode[],
): Promise<Artifacts> {
  const work = mkdtempSync(join(tmpdir(), 'fixture-'));
  try {
    for (const name of ['cluster.yaml', 'config.yaml'])
      if (existsSync(join(folder, name)))
        cpSync(join(folder, name), join(work, 'cluster', name), { recursive: true });
    const options = { ...readClusterOptions(folder), nfacct };
    writeFileSync(join(work, 'cluster', 'oracle.json'), JSON.stringify({ ...options, modes: undefined }));
    await oracles.runNewest(work, [...modes, 'env']);
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
