// Changes the sources in small ways and looks whether a test notices: npm run mutation -- FILE... (default: the row below).
// Works in a copy of the repository, where it installs Stryker, which the repository itself does not depend on.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';

const FILES = [
  'src/proxy/service-traffic.ts',
  'src/proxy/topology-hints.ts',
  'src/proxy/node-port-addresses.ts',
  'src/backends/iptables/service-rules.ts',
  'src/backends/iptables/service-plan.ts',
];

/** The tests that have to notice; those that need the kernel would take hours. */
const TESTS = [
  'test/proxy/**/*.test.ts',
  'test/backends/iptables/**/*.test.ts',
  'test/conformance/clusters.test.ts',
  'test/trace/explained-service.test.ts',
];

const STRYKER = ['@stryker-mutator/core@9.6.1', '@stryker-mutator/vitest-runner@9.6.1'];

const mutate = process.argv.length > 2 ? process.argv.slice(2) : FILES;
const folder = mkdtempSync(join(tmpdir(), 'svcrules-mutation-'));
try {
  const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0');
  for (const file of [...tracked.filter((name) => name !== ''), 'src/apiserver/generated', 'node_modules']) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(file, join(folder, file), { recursive: true, verbatimSymlinks: true });
  }
  writeFileSync(
    join(folder, 'vitest.mutation.config.js'),
    `export default { test: { include: ${JSON.stringify(TESTS)}, testTimeout: 60_000 } };\n`,
  );
  const configuration = {
    testRunner: 'vitest',
    vitest: { configFile: 'vitest.mutation.config.js', related: false },
    plugins: ['@stryker-mutator/vitest-runner'],
    // It knows no TypeScript 7, which it would need to rewrite that file.
    tsconfigFile: 'none.json',
    coverageAnalysis: 'perTest',
    concurrency: 1,
    reporters: ['clear-text'],
    timeoutMS: 20_000,
    mutate,
  };
  writeFileSync(join(folder, 'stryker.config.json'), JSON.stringify(configuration));
  const options = { cwd: folder, stdio: 'inherit' };
  execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', ...STRYKER], options);
  execFileSync('npx', ['stryker', 'run'], options);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
