/**
 * The types of the library: a declaration file for each source file whose types a program can reach from src/index.ts.
 * In: the sources. Out: dist/types.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const SPECIFIER = /(\bfrom |\bimport\()(['"])(\.[^'"]+)\2/g;

/** @param {string} outdir */
export function buildTypes(outdir) {
  const emitted = mkdtempSync(join(tmpdir(), 'svcrules-types-'));
  try {
    // Whether the types are right is for `npm run typecheck` to say.
    const args = ['--project', 'tsconfig.library.json', '--noCheck', '--outDir', emitted];
    execFileSync('node_modules/.bin/tsc', args, {
      stdio: 'inherit',
    });
    const wanted = ['index'];
    // What is found on the way is walked too.
    for (const name of wanted) {
      const text = declarationsOf(emitted, name);
      for (const [, , , specifier] of text.matchAll(SPECIFIER)) {
        const found = join(dirname(name), specifier).replace(/\.[jt]s$/, '');
        if (!wanted.includes(found)) wanted.push(found);
      }
      const file = join(outdir, `${name}.d.ts`);
      mkdirSync(dirname(file), { recursive: true });
      // Programs are built with any setting: only names that end in .js are found by all of them.
      writeFileSync(
        file,
        text.replace(SPECIFIER, (match) => match.replace(/\.ts(['"])$/, '.js$1')),
      );
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

/** Declarations that are written by hand or generated are not emitted again. */
function declarationsOf(emitted, name) {
  const file = [join(emitted, `${name}.d.ts`), join('src', `${name}.d.ts`)].find((path) => existsSync(path));
  if (file === undefined) throw new Error(`no declarations of ${relative('.', name)}`);
  return readFileSync(file, 'utf8');
}
