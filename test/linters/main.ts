/**
 * Side by side with kube-score: what each finds of the seeded faults, and how long each takes for 5,000 manifests. In: nothing but
 * `--manifests N`. Out: docs/lint/comparison.md. kube-score is built into test/oracle/bin if it is not there (Go). kube-linter and popeye
 * are not run: kube-linter's module is not on the Go proxy, popeye asks a cluster. Of them stands what they document.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { lintManifest, markedLines } from '../lint/lint-text-input.ts';
import { BASE, SEEDS, type Seed } from './seeds.ts';

const KUBE_SCORE = 'github.com/zegl/kube-score/cmd/kube-score@v1.20.0';
const RUNS = 3;

interface Row {
  readonly seed: Seed;
  readonly ours: boolean;
  /** What kube-score says beyond what it says of the manifest without the fault. */
  readonly kubeScore: readonly string[];
}

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const count = argv[0] === '--manifests' ? Number(argv[1]) : 5000;
  const kubeScore = buildKubeScore(repository);
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-linters-'));
  try {
    const usual = new Set(askKubeScore(kubeScore, folder, BASE));
    const rows: Row[] = [];
    for (const seed of SEEDS) {
      const found = askKubeScore(kubeScore, folder, seed.manifest).filter((each) => !usual.has(each));
      rows.push({ seed, ours: await isFound(seed), kubeScore: found });
    }
    const ours = join(repository, 'bin/kubectl-svcrules.js');
    const manifests = writeManifests(join(folder, 'many'), count);
    const files = readdirSync(manifests).map((file) => join(manifests, file));
    const seconds = {
      ours: medianSeconds(process.execPath, [ours, 'lint', '-f', manifests, '-o', 'json']),
      kubeScore: medianSeconds(kubeScore, ['score', '-o', 'json', ...files]),
    };
    writeFileSync(join(repository, 'docs/lint/comparison.md'), page(rows, count, seconds));
    const missed = rows.filter((row) => !row.ours).map(({ seed }) => seed.name);
    for (const name of missed) console.error(`missed: ${name}`);
    console.log(
      `${rows.length - missed.length} of ${rows.length} found; ${rows.filter(isKubeScores).length} by kube-score`,
    );
    console.log(
      `${count} manifests: ${seconds.ours.toFixed(1)} s, kube-score ${seconds.kubeScore.toFixed(1)} s`,
    );
    return missed.length === 0 && seconds.ours < seconds.kubeScore ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function buildKubeScore(repository: string): string {
  const bin = join(repository, 'test/oracle/bin');
  const path = join(bin, 'kube-score');
  if (!existsSync(path)) {
    mkdirSync(bin, { recursive: true });
    execFileSync('go', ['install', KUBE_SCORE], { env: { ...process.env, GOBIN: bin }, stdio: 'inherit' });
  }
  return path;
}

async function isFound({ rule, manifest }: Seed): Promise<boolean> {
  const [line] = markedLines(manifest);
  const result = await lintManifest(manifest);
  return result.findings.some((finding) => finding.code === rule && result.lineOf(finding) === line);
}

/** Its checks of what seeds are about; what it says of the containers that a seed brings along is none of the fault. */
const IS_OF_SERVICES = /service|probes|stateful|strategy/;

interface Scored {
  readonly object_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string };
    readonly grade: number;
    readonly skipped: boolean;
    readonly comments: readonly { readonly summary: string }[] | null;
  }[];
}

/** Of grade 10 is what is in order. A file that it cannot read is a finding, too. */
function askKubeScore(kubeScore: string, folder: string, manifest: string): string[] {
  const file = join(folder, 'manifest.yaml');
  writeFileSync(file, manifest);
  const { stdout, stderr } = spawnSync(kubeScore, ['score', '-o', 'json', file], { encoding: 'utf8' });
  if (stdout.trim() === '') return [`refuses the file: ${stderr.trim().split('\n')[0]}`];
  return (JSON.parse(stdout) as Scored[]).flatMap(({ checks, object_name }) =>
    checks
      .filter(({ grade, skipped, check }) => !skipped && grade < 10 && IS_OF_SERVICES.test(check.id))
      .flatMap(({ check, comments }) =>
        (comments ?? [{ summary: '' }]).map(
          ({ summary }) => `${check.id} (${object_name.split('/')[0]}): ${summary}`,
        ),
      ),
  );
}

/** Half of them Services, half of them what they select, a file each. */
function writeManifests(folder: string, count: number): string {
  mkdirSync(folder);
  const [service = '', deployment = ''] = BASE.split('---\n');
  for (let i = 0; i < count / 2; i++) {
    const named = (text: string) => text.replaceAll(/\bweb\b/g, `web-${i}`);
    writeFileSync(join(folder, `service-${i}.yaml`), named(service));
    writeFileSync(join(folder, `deployment-${i}.yaml`), named(deployment));
  }
  return folder;
}

function medianSeconds(command: string, args: readonly string[]): number {
  const times = Array.from({ length: RUNS }, () => {
    const start = process.hrtime.bigint();
    const { status } = spawnSync(command, args, { stdio: 'ignore' });
    if (status !== 0 && status !== 1) throw new Error(`${command} ended with ${status}`);
    return Number(process.hrtime.bigint() - start) / 1e9;
  });
  return times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] as number;
}

function isKubeScores({ kubeScore }: Row): boolean {
  return kubeScore.length > 0;
}

function page(
  rows: readonly Row[],
  count: number,
  seconds: { readonly ours: number; readonly kubeScore: number },
): string {
  const has = (pick: (row: Row) => unknown) => rows.filter((row) => pick(row)).length;
  const ids = (found: readonly string[]) =>
    [...new Set(found.map((text) => text.replace(/[ :].*$/s, '')))].join(', ');
  return [
    '# Beside other linters',
    '',
    'Made by `npm run compare-linters`. Each of the faults below is put, alone, into a Deployment with a Service with which both linters are',
    'content (`test/linters/seeds.ts`). A fault counts as found by `lint` if its rule names the very line; as found by kube-score 1.20.0 if that',
    'says anything of Services or probes that it does not say without the fault, in any line: service-type is against each node port, be it',
    'well or not. kube-linter and popeye are not run, the one because its module cannot be',
    'had from the Go proxy, the other because it asks a cluster; for them stands the check that their own list of checks has for such a fault,',
    'also where it is against every node port or every ExternalName. kube-score says more of what a fault brings along; only its checks of',
    'Services, probes and StatefulSets are counted.',
    'They look at much that `lint` leaves to them: limits, privileges, images.',
    '',
    `| fault | \`lint\` | kube-score | kube-linter documents | popeye documents |`,
    '|---|---|---|---|---|',
    ...rows.map(({ seed, ours, kubeScore }) => {
      const own = ours ? `[${seed.rule}](${seed.rule}.md)` : 'missed';
      return `| ${seed.name} | ${own} | ${ids(kubeScore)} | ${seed.kubeLinter ?? ''} | ${seed.popeye ?? ''} |`;
    }),
    `| found of ${rows.length} | ${has(({ ours }) => ours)} | ${has(isKubeScores)} | ${has(({ seed }) => seed.kubeLinter)} | ${has(({ seed }) => seed.popeye)} |`,
    '',
    `Time for ${count} manifests, a file each, half of them Services: \`lint\` ${seconds.ours.toFixed(1)} s, kube-score ${seconds.kubeScore.toFixed(1)} s`,
    `(wall time, median of ${RUNS}, JSON, ${cpus().length} cores).`,
    '',
  ].join('\n');
}
