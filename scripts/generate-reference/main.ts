/** In: the commands. Out: docs/reference, and man/kubectl-svcrules.1. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { buildProgram } from '../../src/cli/program.ts';
import { manualPage, referencePages } from '../../src/cli/reference.ts';

export async function main(_argv: readonly string[], repository: string): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const io = { stdin, stdout, stderr, env, untilStopped: () => new AbortController().signal };
  const program = buildProgram(io, () => {});
  const folder = join(repository, 'docs/reference');
  // A command that has gone takes its page along.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { file, text } of referencePages(program)) writeFileSync(join(folder, file), text);
  mkdirSync(join(repository, 'man'), { recursive: true });
  writeFileSync(join(repository, 'man/kubectl-svcrules.1'), manualPage(program));
  return 0;
}
