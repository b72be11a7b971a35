/**
 * Fuzzes parsers with mutants of real inputs: `npm run fuzz -- --parser NAME --count N --seed S`. What makes a parser throw
 * what it does not promise, break a promise or take longer than two seconds is kept in `test/fuzz/crashes`, where the
 * file's name says which run made it. Once mended, the file belongs into `test/fuzz/corpus/NAME`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { mutant } from './mutate.ts';
import { PARSERS } from './parsers.ts';
import { seedsOf } from './seeds.ts';
import type { Assignment, Report } from './worker.ts';

/** Milliseconds that one input may take. */
const HANG = 2000;

/** So many cases of a parser are kept; more of them rarely say more. */
const KEPT = 20;

interface Run {
  readonly parser: string;
  readonly repository: string;
  readonly seed: number;
  readonly count: number;
  readonly program: string;
  /** Every case found, by its first lines. */
  readonly cases: Set<string>;
}

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      parser: { type: 'string', default: 'all' },
      count: { type: 'string', default: '10000' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean' },
    },
  });
  const names = values.parser === 'all' ? Object.keys(PARSERS) : [values.parser];
  if (values.help || !names.every((name) => Object.hasOwn(PARSERS, name))) {
    process.stderr.write(`--parser all|${Object.keys(PARSERS).join('|')} --count N --seed S\n`);
    return values.help ? 0 : 2;
  }
  const program = join(repository, 'test/.cache', `fuzz-${process.pid}.mjs`);
  await bundleWorker(repository, program);
  let found = 0;
  try {
    for (const parser of names) {
      const [seed, count] = [Number(values.seed), Number(values.count)];
      found += await fuzz({ parser, repository, seed, count, program, cases: new Set() });
    }
  } finally {
    rmSync(program, { force: true });
  }
  return found === 0 ? 0 : 1;
}

async function bundleWorker(repository: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(repository, 'test/fuzz/worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    outfile,
  });
}

/** @returns how many different cases were found. */
async function fuzz(run: Run): Promise<number> {
  const started = performance.now();
  for (let from = 0; from < run.count; ) from = await runWorker(run, from);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  process.stdout.write(
    `${run.parser}: ${run.count} executions with seed ${run.seed} in ${seconds} s, ${run.cases.size} cases\n`,
  );
  return run.cases.size;
}

/** Runs mutants in one thread until all are done or one hangs. @returns the mutant to go on with. */
async function runWorker(run: Run, from: number): Promise<number> {
  const { parser, repository, seed, count } = run;
  const progress = new SharedArrayBuffer(4);
  const at = new Int32Array(progress);
  at[0] = from;
  const workerData: Assignment = { parser, repository, seed, from, to: count, progress };
  const worker = new Worker(run.program, { workerData, resourceLimits: { maxOldGenerationSizeMb: 512 } });
  let end: 'running' | 'done' | 'dead' = 'running';
  worker.on('message', (report: Report) => {
    if (report.kind === 'done') end = 'done';
    else keep(run, report.number, report.stack);
  });
  worker.on('error', (error) => {
    end = 'dead';
    keep(run, Atomics.load(at, 0), `the thread died\n${error.message}`);
  });
  for (let before = -1, since = 0; end === 'running'; ) {
    await sleep(50);
    const now = Atomics.load(at, 0);
    if (now !== before) [before, since] = [now, performance.now()];
    // On a busy machine a thread may stand still for a while; a hang does not end in five times that.
    else if (performance.now() - since > HANG * ((await isStarved()) ? 5 : 1)) {
      end = 'dead';
      keep(run, now, `longer than ${HANG} ms\n`);
    }
  }
  await worker.terminate();
  return (end as string) === 'done' ? count : Atomics.load(at, 0) + 1;
}

/** Whether a short sleep takes much longer than it should. */
async function isStarved(): Promise<boolean> {
  const started = performance.now();
  await sleep(10);
  return performance.now() - started > 100;
}

function keep(run: Run, number: number, stack: string): void {
  const summary = stack.split('\n').slice(0, 3).join('\n');
  if (run.cases.has(summary) || run.cases.size >= KEPT) return;
  run.cases.add(summary);
  const { parser, repository, seed } = run;
  const folder = join(repository, 'test/fuzz/crashes');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${parser}-${seed}-${number}`);
  writeFileSync(file, mutant(seedsOf(parser, repository), seed, number));
  process.stderr.write(`${file}: ${summary}\n`);
}
