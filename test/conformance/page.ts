/**
 * Compares everything with the real components and writes docs/conformance.md. In: flags, see USAGE. Out: the table's data in
 * docs/conformance/results.json, and the page made of it; clusters that differ as folders. Resolves to the exit status.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Tally } from './main.ts';
import { conformancePage, type Result } from './render-page.ts';

const USAGE = `usage: npm run conformance:all -- [flags]
  --seed N      seed of the clusters (default: the days since 1970, so that each week has others)
  --count M     how many clusters of each kind (default 100; a tenth of it for what takes a second a cluster)
  --keep DIR    keep the clusters that differ
  --write       write docs/conformance/results.json and docs/conformance.md
  --page        only write the page anew, of the results that there are
`;

interface Run {
  readonly stage: string;
  readonly clusters: 'usual' | 'wide';
  readonly flags: readonly string[];
  /** Of the count. */
  readonly share: number;
}

const RUNS: readonly Run[] = [
  { stage: 'iptables', clusters: 'usual', share: 1, flags: ['--releases', 'all', '--env'] },
  { stage: 'iptables', clusters: 'wide', share: 1, flags: ['--releases', 'all', '--wide'] },
  { stage: 'nftables', clusters: 'usual', share: 1, flags: ['--mode', 'nftables', '--releases', 'all'] },
  {
    stage: 'nftables',
    clusters: 'wide',
    share: 0.5,
    flags: ['--mode', 'nftables', '--releases', 'all', '--wide'],
  },
  { stage: 'ipvs', clusters: 'usual', share: 1, flags: ['--mode', 'ipvs', '--releases', 'all'] },
  { stage: 'ipvs', clusters: 'wide', share: 0.5, flags: ['--mode', 'ipvs', '--releases', 'all', '--wide'] },
  { stage: 'userspace', clusters: 'usual', share: 0.5, flags: ['--mode', 'userspace'] },
  { stage: 'dns', clusters: 'usual', share: 0.1, flags: ['--dns'] },
];

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      seed: { type: 'string', default: `${Math.floor(Date.now() / 86_400_000)}` },
      count: { type: 'string', default: '100' },
      keep: { type: 'string' },
      write: { type: 'boolean', default: false },
      page: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const data = join(repository, 'docs/conformance/results.json');
  const page = join(repository, 'docs/conformance.md');
  if (values.page) {
    writeFileSync(page, conformancePage(JSON.parse(readFileSync(data, 'utf8'))));
    return 0;
  }
  const keep = values.keep === undefined ? [] : ['--keep', values.keep];
  const results: Result[] = [];
  let status = 0;
  for (const run of RUNS) {
    const count = Math.max(1, Math.round(Number(values.count) * run.share));
    const tallies = compareOne(repository, run, ['--seed', values.seed, '--count', `${count}`, ...keep]);
    if (tallies === undefined) status = 1;
    results.push(...(tallies ?? []).map((tally) => ({ ...tally, stage: run.stage, clusters: run.clusters })));
  }
  if (results.some(({ different }) => different > 0)) status = 1;
  if (values.write) {
    const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: repository,
      encoding: 'utf8',
    });
    const all = { seed: Number(values.seed), commit: commit.trim(), results };
    writeFileSync(data, `${JSON.stringify(all, null, 1)}\n`);
    writeFileSync(page, conformancePage(all));
  }
  return status;
}

/** @returns undefined where nothing could be compared. */
function compareOne(repository: string, { flags }: Run, common: readonly string[]): Tally[] | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'conformance-page-'));
  try {
    const json = join(folder, 'tallies.json');
    const args = ['scripts/conformance.js', ...flags, ...common, '--json', json];
    console.log(`\n${args.slice(1, -2).join(' ')}`);
    const { status } = spawnSync(process.execPath, args, { cwd: repository, stdio: 'inherit' });
    // 1 says that something differs, which the table says too.
    return status === 0 || status === 1 ? (JSON.parse(readFileSync(json, 'utf8')) as Tally[]) : undefined;
  } catch {
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
