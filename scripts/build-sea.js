/**
 * One executable for machines without Node.js: the program as a single script inside of the Node.js that runs this.
 * In: the sources, and perhaps a folder. Out: kubectl-svcrules-OS-ARCHITECTURE there or in release/; its path is printed.
 *
 * Inside of an executable nothing can be imported by its name, so all commands are in one script; each is still evaluated
 * only when it is called, and V8's compiled code is kept beside it.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inject } from 'postject';

/** Node.js looks for the script behind this mark: https://nodejs.org/api/single-executable-applications.html */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'svcrules-sea-'));
const script = join(folder, 'main.cjs');
const blob = join(folder, 'sea.blob');
const destination = process.argv[2] ?? 'release';
const executable = join(destination, `kubectl-svcrules-${process.platform}-${process.arch}`);
try {
  await build({
    entryPoints: ['src/cli/entry.ts'],
    outfile: script,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { SVCRULES_VERSION: JSON.stringify(version) },
    logLevel: 'warning',
  });
  const config = { main: script, output: blob, disableExperimentalSEAWarning: true, useCodeCache: true };
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config));
  execFileSync(process.execPath, ['--experimental-sea-config', join(folder, 'sea.json')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  mkdirSync(destination, { recursive: true });
  rmSync(executable, { force: true });
  copyFileSync(process.execPath, executable);
  chmodSync(executable, 0o755);
  await inject(executable, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE });
  process.stdout.write(`${executable}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
