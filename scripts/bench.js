/**
 * Measures whole processes and prints ratios taken in this very run; absolute times belong to the machine.
 *
 *   npm run bench [-- --runs 5]
 */
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { benchCluster } from './bench-cluster.js';
import { runBundled } from './run-bundled.js';

const runsFlag = process.argv.indexOf('--runs');
const RUNS = runsFlag < 0 ? 5 : Number(process.argv[runsFlag + 1]);
const CLI = 'bin/kubectl-svcrules.js';
const folder = mkdtempSync(join(tmpdir(), 'svcrules-bench-'));
const OUTPUT = join(folder, 'output');

/** Reports the peak memory of the process that it is preloaded into. */
const probe = join(folder, 'probe.mjs');
writeFileSync(
  probe,
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)));\n",
);

/** Wall time in milliseconds and peak memory in MiB of one Node process that writes into a file. */
function measure(args) {
  return new Promise((resolve, reject) => {
    const output = openSync(OUTPUT, 'w');
    const start = process.hrtime.bigint();
    const child = spawn(process.execPath, ['--import', probe, ...args], {
      stdio: ['ignore', output, 'inherit', 'pipe'],
    });
    let rss = '';
    child.stdio[3].on('data', (data) => {
      rss += data;
    });
    child.on('close', (code) => {
      closeSync(output);
      if (code !== 0) reject(new Error(`${args.join(' ')} ended with ${code}`));
      else resolve({ wall: Number(process.hrtime.bigint() - start) / 1e6, peak: Number(rss) / 1024 });
    });
  });
}

/** The median of several runs, the contenders taking turns. */
async function compare(contenders) {
  const results = contenders.map(() => []);
  for (let run = 0; run < RUNS; run++) {
    for (const [i, args] of contenders.entries()) results[i].push(await measure(args));
  }
  return results.map((each) => ({
    wall: median(each.map(({ wall }) => wall)),
    peak: Math.max(...each.map(({ peak }) => peak)),
  }));
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const ms = (value) => `${value.toFixed(0)} ms`.padStart(8);
const mib = (value) => `${value.toFixed(0)} MiB`.padStart(8);

async function benchStart() {
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, '');
  const [bare, help] = await compare([[empty], [CLI, '--help']]);
  console.log(
    `--help                          ${ms(help.wall)}  ${(help.wall / bare.wall).toFixed(2)} × an empty script (${ms(bare.wall).trim()})`,
  );
}

async function benchCompile(services, endpoints) {
  const input = join(folder, `cluster-${services}.json`);
  writeFileSync(input, benchCluster(services, endpoints));
  const artifact = [
    'compile',
    '-f',
    input,
    '--node',
    'node-1',
    '--cluster-cidr',
    '10.128.0.0/9',
    '--artifact',
    'iptables.restore',
  ];
  await measure([CLI, ...artifact]);
  const bytes = statSync(OUTPUT).size;
  const reader = join(folder, 'reader.mjs');
  writeFileSync(
    reader,
    `import{readFileSync}from'node:fs';JSON.parse(readFileSync(process.argv[2],'utf8'));process.stdout.write('x'.repeat(${bytes}));\n`,
  );
  const [base, ours] = await compare([
    [reader, input],
    [CLI, ...artifact],
  ]);
  const size = (statSync(input).size / 1e6).toFixed(1);
  console.log(
    `compile ${String(services).padStart(6)} × ${endpoints} (${size.padStart(5)} MB)  ${ms(ours.wall)}  ${(ours.wall / base.wall).toFixed(2)} × reading and writing alone (${ms(base.wall).trim()}), ` +
      `${((ours.wall / services) * 1000).toFixed(0)} µs a Service, peak ${mib(ours.peak).trim()}, ${(bytes / 1e6).toFixed(1)} MB out`,
  );
}

try {
  await benchStart();
  for (const services of [1000, 2500, 5000, 10000]) await benchCompile(services, 10);
  await runBundled('scripts/bench-update.js');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
