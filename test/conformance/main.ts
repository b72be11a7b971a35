/**
 * Compares the compiler with the real kube-proxies on random clusters. In: flags, see USAGE. Out: a table on stdout,
 * and the clusters that differ as folders; resolves to the exit status.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareReleases, listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import {
  type ComparedMode,
  compileCluster,
  compileEnv,
  isComparedMode,
  MODE_TEXTS,
} from '../support/compile-cluster.ts';
import { compareDnsOf } from './dns-oracle.ts';
import {
  type Artifacts,
  findOracles,
  NEWEST_RELEASE,
  type Oracles,
  olderReleases,
  readExpected,
} from './oracles.ts';
import { USERSPACE_RELEASE } from './userspace-oracle.ts';

const USAGE = `usage: npm run conformance -- [flags]
  --seed N           seed of the clusters (default 1)
  --count M          how many clusters (default 25)
  --services N       Services in each cluster (default: the generator's choice)
  --mode MODE        ${Object.keys(MODE_TEXTS).join(' or ')} (default iptables)
  --wide             clusters with everything that is rare
  --clusters DIR     these cluster folders instead of random ones
  --releases A,B     also these older releases; "all" for every one there is
  --only-releases    leave the newest release out
  --env              also the service variables of every namespace
  --dns              instead of rules, the zones and answers of the real CoreDNS
  --no-save          older releases: .restore only (.save needs root)
  --keep DIR         keep the clusters that differ, with both texts and their diff
  --json FILE        the table as JSON, too
`;

interface Flags {
  readonly seed: string;
  readonly count: string;
  readonly services: string | undefined;
  readonly mode: ComparedMode;
  readonly wide: boolean;
  readonly clusters: string | undefined;
  readonly releases: readonly string[];
  readonly newest: boolean;
  readonly env: boolean;
  readonly dns: boolean;
  readonly save: boolean;
  readonly keep: string | undefined;
  readonly json: string | undefined;
}

function readFlags(argv: readonly string[], oracles: string): Flags | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string', default: '1' },
      count: { type: 'string', default: '25' },
      services: { type: 'string' },
      mode: { type: 'string', default: 'iptables' },
      wide: { type: 'boolean', default: false },
      clusters: { type: 'string' },
      releases: { type: 'string', default: '' },
      'only-releases': { type: 'boolean', default: false },
      env: { type: 'boolean', default: false },
      dns: { type: 'boolean', default: false },
      'no-save': { type: 'boolean', default: false },
      keep: { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const { mode } = values;
  if (!isComparedMode(mode))
    throw new Error(`no mode ${mode}; there are ${Object.keys(MODE_TEXTS).join(', ')}`);
  const isOld = mode === 'userspace';
  const all = isOld ? [USERSPACE_RELEASE] : olderReleases(oracles, mode);
  const releases =
    isOld || values.releases === 'all' ? all : values.releases.split(',').filter((name) => name !== '');
  for (const release of releases) {
    if (!all.includes(release))
      throw new Error(`no oracle for release ${release}; there are ${all.join(', ')}`);
  }
  return {
    seed: values.seed,
    count: values.count,
    services: values.services,
    mode,
    wide: values.wide,
    clusters: values.clusters,
    releases,
    newest: !isOld && !values['only-releases'],
    env: values.env,
    dns: values.dns,
    save: !values['no-save'],
    keep: values.keep,
    json: values.json,
  };
}

/** What became of one artifact over all clusters. */
export interface Tally {
  readonly artifact: string;
  readonly release: string;
  compared: number;
  different: number;
  lines: number;
}

/** Counts comparisons and keeps the clusters that differ. */
class Comparison {
  readonly #tallies = new Map<string, Tally>();
  /** Whether all of a cluster's texts are the same. */
  readonly #clusters = new Map<string, boolean>();
  readonly #keep: string | undefined;

  constructor(keep: string | undefined) {
    this.#keep = keep;
  }

  compare(folder: string, name: string, release: string, expected: string, actual: string): void {
    const label = `${name} ${release}`;
    const zero = { artifact: name, release, compared: 0, different: 0, lines: 0 };
    const tally = this.#tallies.get(label) ?? zero;
    this.#tallies.set(label, tally);
    tally.compared++;
    const same = expected === actual;
    this.#clusters.set(folder, same && (this.#clusters.get(folder) ?? true));
    if (same) return;
    tally.different++;
    tally.lines += countDifferentLines(expected, actual);
    if (this.#keep !== undefined) keepCluster(this.#keep, folder, `${name}@${release}`, expected, actual);
  }

  /** Prints a line for each artifact and one of all clusters. @returns how many clusters differ. */
  report(json: string | undefined): number {
    if (json !== undefined) writeFileSync(json, JSON.stringify([...this.#tallies.values()]));
    const width = Math.max(...[...this.#tallies.keys()].map((label) => label.length));
    console.log(`${'artifact'.padEnd(width)}  compared  different  lines`);
    for (const [label, tally] of this.#tallies) {
      const numbers = [
        [tally.compared, 8],
        [tally.different, 9],
        [tally.lines, 5],
      ] as const;
      console.log([label.padEnd(width), ...numbers.map(([n, size]) => String(n).padStart(size))].join('  '));
    }
    const different = [...this.#clusters.values()].filter((same) => !same).length;
    console.log(`clusters: ${this.#clusters.size - different} passed, ${different} failed`);
    return different;
  }
}

/** Lines that stand in one text only, counted with their repetitions; 1 where just the order differs. */
function countDifferentLines(expected: string, actual: string): number {
  const counts = new Map<string, number>();
  for (const line of expected.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of actual.split('\n')) counts.set(line, (counts.get(line) ?? 0) - 1);
  let sum = 0;
  for (const count of counts.values()) sum += Math.abs(count);
  return Math.max(1, sum);
}

function keepCluster(keep: string, folder: string, label: string, expected: string, actual: string): void {
  const target = join(keep, folder.split('/').at(-1) as string);
  mkdirSync(target, { recursive: true });
  for (const name of ['cluster.yaml', 'config.yaml', 'oracle.json']) {
    if (existsSync(join(folder, name))) cpSync(join(folder, name), join(target, name));
  }
  writeFileSync(join(target, `${label}.expected`), expected);
  writeFileSync(join(target, `${label}.actual`), actual);
  const files = [`${label}.expected`, `${label}.actual`];
  const { stdout } = spawnSync('diff', ['-u', ...files], { cwd: target, encoding: 'utf8' });
  writeFileSync(join(target, `${label}.diff`), stdout);
}

function noText(name: string): string {
  return `# no ${name}\n`;
}

/** A text that says why there is no rule text, so that a failure shows as a difference. */
async function orFailure(compile: () => Promise<Artifacts>): Promise<(name: string) => string> {
  try {
    const texts = await compile();
    return (name) => texts.get(name) ?? noText(name);
  } catch (error) {
    const text = `# failed: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`;
    return () => text;
  }
}

async function compareNewest(
  folder: string,
  { mode, env: withEnv }: Flags,
  comparison: Comparison,
): Promise<void> {
  const expected = await orFailure(async () => readExpected(folder));
  const actual = await orFailure(() => compileCluster(folder, { ...readClusterOptions(folder), mode }));
  for (const name of MODE_TEXTS[mode].files.keys())
    comparison.compare(folder, name, NEWEST_RELEASE, expected(name), actual(name));
  if (!withEnv) return;
  for (const [name, text] of readExpected(folder)) {
    if (!name.startsWith('env.')) continue;
    const variables = await orFailure(async () => new Map([[name, await compileEnv(folder, name.slice(4))]]));
    comparison.compare(folder, 'env', NEWEST_RELEASE, text, variables(name));
  }
}

async function compareRelease(
  oracles: Oracles,
  release: string,
  folder: string,
  { mode, wide, save: withSave }: Flags,
  comparison: Comparison,
): Promise<void> {
  const options = readClusterOptions(folder);
  if (compareReleases(release, options.firstRelease ?? '1.0') < 0) return;
  for (const nfacct of options.nfacct === true && mode === 'iptables' ? [false, true] : [false]) {
    const variant = { ...options, nfacct, mode };
    const expected = await orFailure(() => oracles.runRelease(release, folder, variant, withSave));
    const actual = await orFailure(() => compileCluster(folder, { ...variant, release }));
    for (const name of MODE_TEXTS[mode].files.keys()) {
      if (name.endsWith('.save') && (nfacct || !withSave)) continue;
      // The userspace proxier reads Endpoints, whose ports and families may be others than the Service's; slices tell less.
      if (wide && name === 'userspace.endpoints') continue;
      // What the kernel refuses is not programmed, in one go or later: there is nothing to compare with.
      if (mode === 'nftables' && expected(name) === noText(name)) continue;
      comparison.compare(folder, nfacct ? `${name}+nfacct` : name, release, expected(name), actual(name));
    }
  }
}

/** @returns the exit status. */
export async function main(argv: readonly string[], repository: string): Promise<number> {
  const root = join(repository, 'test', 'oracle');
  const flags = readFlags(argv, root);
  if (flags === undefined) {
    console.log(USAGE);
    return 0;
  }
  const oracles = findOracles(root);
  const work = mkdtempSync(join(tmpdir(), 'conformance-'));
  try {
    if (flags.clusters === undefined) generate(root, work, flags);
    else cpSync(flags.clusters, work, { recursive: true });
    if (flags.dns) {
      const comparison = new Comparison(flags.keep);
      await compareDnsOf(root, work, (name, artifact, expected, actual) =>
        comparison.compare(join(work, name), artifact, 'CoreDNS', expected, actual),
      );
      return comparison.report(flags.json) === 0 ? 0 : 1;
    }
    const folders = listClusters(work).map((name) => join(work, name));
    folders.forEach(leaveModesToFlags);
    if (flags.newest) await oracles.runNewest(work, flags.env ? [flags.mode, 'env'] : [flags.mode]);
    const comparison = new Comparison(flags.keep);
    for (const folder of folders) {
      if (flags.newest) await compareNewest(folder, flags, comparison);
      for (const release of flags.releases) await compareRelease(oracles, release, folder, flags, comparison);
    }
    return comparison.report(flags.json) === 0 ? 0 : 1;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The oracle would run the modes that a cluster names, which are all, instead of the one that is compared. */
function leaveModesToFlags(folder: string): void {
  const file = join(folder, 'oracle.json');
  if (existsSync(file)) {
    writeFileSync(file, JSON.stringify({ ...readClusterOptions(folder), modes: undefined }));
  }
}

function generate(root: string, out: string, { seed, count, services, wide, dns }: Flags): void {
  if (dns && !wide) {
    execFileSync('python3', [join(root, 'gen_dns.py'), seed, count, out], { stdio: 'inherit' });
    return;
  }
  const flags = [...(services === undefined ? [] : ['--services', services]), ...(wide ? ['--wide'] : [])];
  execFileSync('python3', [join(root, 'gen_cluster.py'), seed, count, out, ...flags], { stdio: 'inherit' });
}
