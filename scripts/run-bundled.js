// Bundles a program of test/ or scripts/ together with the present sources and runs it, so that nothing has to be built
// first. The program exports `main(argv, repository)`, which resolves to the exit status.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const repository = fileURLToPath(new URL('..', import.meta.url));

/** @param {string} entry the program, from the repository's root. */
export async function runBundled(entry) {
  const folder = join(repository, 'test', '.cache');
  const outfile = join(folder, `${process.pid}.mjs`);
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(repository, entry)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'error',
    outfile,
  });
  const program = import(pathToFileURL(outfile).href);
  const { main } = await program.finally(() => rmSync(outfile, { force: true }));
  process.exitCode = await main(process.argv.slice(2), repository);
}
