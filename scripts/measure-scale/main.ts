/**
 * Measures big clusters, whole processes in turn, and writes docs/performance.md with its drawing. Needs what the tests of the
 * kernel and of conformance need: root, iptables, and test/oracle/bin/oracle, the real kube-proxy.
 *
 *   npm run measure-scale [-- --runs 3] [--page]
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchCluster } from '../bench-cluster.js';
import { describeProcessor } from './machine.ts';
import type { Measurements, Size, Task, Yaml } from './measurements.ts';
import { performanceDrawing, performancePage } from './page.ts';
import { type Contender, Processes } from './run-process.ts';

const SIZES = [
  { services: 1000, each: 10 },
  { services: 5000, each: 10 },
  { services: 10_000, each: 10 },
  { services: 10_000, each: 25 },
] as const;

const CLI = 'bin/kubectl-svcrules.js';
const NODE = ['--node', 'node-1', '--cluster-cidr', '10.128.0.0/9'] as const;

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { runs: { type: 'string', default: '3' }, page: { type: 'boolean', default: false } },
  });
  const data = join(repository, 'docs/performance/measurements.json');
  if (!values.page) {
    const folder = mkdtempSync(join(tmpdir(), 'measure-scale-'));
    try {
      const measured = await measureAll(new Processes(folder), folder, Number(values.runs));
      writeFileSync(data, `${JSON.stringify(measured, null, 1)}\n`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const measured = JSON.parse(readFileSync(data, 'utf8')) as Measurements;
  writeFileSync(join(repository, 'docs/performance.md'), performancePage(measured));
  writeFileSync(join(repository, 'docs/performance/compile.svg'), performanceDrawing(measured));
  return 0;
}

async function measureAll(processes: Processes, folder: string, runs: number): Promise<Measurements> {
  const sizes: Size[] = [];
  for (const { services, each } of SIZES) {
    console.log(`${services} Services × ${each} endpoints`);
    sizes.push(await measureSize(processes, folder, services, each, runs));
  }
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return { machine: describeProcessor(), commit, sizes, yaml: await measureYaml(processes, folder, runs) };
}

async function measureSize(
  processes: Processes,
  folder: string,
  services: number,
  each: number,
  runs: number,
): Promise<Size> {
  const input = join(folder, 'cluster.json');
  writeFileSync(input, benchCluster(services, each));
  const restore = join(folder, 'iptables.restore');
  const dump = join(folder, 'iptables.save');
  for (const file of [restore, dump]) {
    const artifact = file.slice(folder.length + 1);
    await processes.run(ours('compile', ['compile', '-f', input, ...NODE, '--artifact', artifact]));
    copyFileSync(processes.output, file);
  }
  const all = contenders(folder, input, restore, dump);
  // It takes minutes for more.
  const some = services > 5000 ? all.filter(({ name }) => name !== 'iptables-nft-restore') : all;
  const tasks = await compare(processes, some, runs);
  const megabytes = statSync(input).size / 1e6;
  return { services, endpoints: services * each, megabytes, tasks };
}

function contenders(folder: string, input: string, restore: string, dump: string): readonly Contender[] {
  const reader = join(folder, 'reader.mjs');
  const bytes = statSync(restore).size;
  writeFileSync(
    reader,
    `import{readFileSync}from'node:fs';JSON.parse(readFileSync(process.argv[2],'utf8'));process.stdout.write('x'.repeat(${bytes}));\n`,
  );
  const compile = (mode: string, artifact: string) =>
    ours(`compile, ${mode}`, ['compile', '-f', input, ...NODE, '--mode', mode, '--artifact', artifact]);
  const oracle = [
    'test/oracle/bin/oracle',
    'run',
    '-mode',
    'iptables',
    '-no-kernel',
    '-node',
    'node-1',
  ] as const;
  return [
    {
      name: 'reading and writing alone',
      command: [process.execPath, reader, input],
      isNode: true,
      statuses: [0],
    },
    compile('iptables', 'iptables.restore'),
    compile('nftables', 'ip.nft'),
    compile('ipvs', 'ipvsadm.save'),
    ours('diff, nothing differs', ['diff', '-f', input, ...NODE, '--kube-version', '1.37', '--dump', dump]),
    // Some of the made Services are found fault with.
    { ...ours('lint', ['lint', '-f', input]), statuses: [0, 1] },
    {
      name: 'the real kube-proxy',
      command: [...oracle, '-o', join(folder, 'oracle'), input],
      isNode: false,
      statuses: [0],
    },
    ...(['legacy', 'nft'] as const).map(
      (variant): Contender => ({
        name: `iptables-${variant}-restore`,
        command: ['unshare', '-n', `iptables-${variant}-restore`, '--noflush'],
        isNode: false,
        input: restore,
        statuses: [0],
        once: true,
      }),
    ),
  ];
}

function ours(name: string, args: readonly string[]): Contender {
  return { name, command: [process.execPath, CLI, ...args], isNode: true, statuses: [0] };
}

/** The contenders take turns, so that what else the machine does meets all of them. */
async function compare(
  processes: Processes,
  all: readonly Contender[],
  runs: number,
): Promise<Record<string, Task>> {
  const tasks: Record<string, { walls: number[]; peak?: number }> = {};
  for (let run = 0; run < runs; run++) {
    for (const contender of all) {
      if (run > 0 && contender.once === true) continue;
      const { wall, peak } = await processes.run(contender);
      const task = tasks[contender.name] ?? { walls: [] };
      tasks[contender.name] = task;
      task.walls.push(Math.round(wall));
      if (peak !== undefined) task.peak = Math.round(Math.max(task.peak ?? 0, peak));
    }
  }
  return tasks;
}

/** Documents as people write them, one an object. */
async function measureYaml(processes: Processes, folder: string, runs: number): Promise<Yaml> {
  const { dump } = await import('js-yaml');
  const { items } = JSON.parse(benchCluster(11_000, 10)) as { items: readonly object[] };
  const input = join(folder, 'cluster.yaml');
  writeFileSync(input, items.map((item) => dump(item)).join('---\n'));
  const alone = join(folder, 'alone.mjs');
  const library = join(process.cwd(), 'node_modules/js-yaml');
  const { exports } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'));
  const module = join(library, exports['.'].import);
  writeFileSync(
    alone,
    `import{readFileSync}from'node:fs';import{loadAll}from${JSON.stringify(module)};loadAll(readFileSync(process.argv[2],'utf8'));\n`,
  );
  const tasks = await compare(
    processes,
    [
      ours('ours', ['compile', '-f', input, ...NODE, '--artifact', 'iptables.restore']),
      { name: 'alone', command: [process.execPath, alone, input], isNode: true, statuses: [0] },
    ],
    runs,
  );
  return {
    megabytes: statSync(input).size / 1e6,
    ours: tasks.ours as Task,
    alone: tasks.alone as Task,
  };
}
