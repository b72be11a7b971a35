/** Hands the rules that differ to the program that `KUBECTL_EXTERNAL_DIFF` names, as `kubectl diff` does with objects. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import type { ChainLines } from '../../diff/change.ts';
import { chainFile } from '../../report/diff-unified.ts';
import { plainText } from '../../report/plain-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';

/** kubectl passes on only such arguments, so that the variable cannot name files. */
const ARGUMENT = /^[a-zA-Z0-9-=]+$/;

/**
 * Runs the program with two folders, ACTUAL and INTENDED, that have a file for each chain.
 * @throws OperationalError where it cannot be run, or exits with more than 1.
 */
export async function runExternalDiff(
  command: string,
  chains: readonly ChainLines[],
  io: CommandIO,
): Promise<void> {
  const [program = '', ...rest] = command.trim().split(/\s+/);
  const folder = await mkdtemp(join(tmpdir(), 'svcrules-diff-'));
  try {
    const sides = [join(folder, 'ACTUAL'), join(folder, 'INTENDED')] as const;
    for (const side of sides) await mkdir(side, { recursive: true });
    for (const chain of chains) {
      await write(join(sides[0], chainFile(chain)), chain.actual);
      await write(join(sides[1], chainFile(chain)), chain.intended);
    }
    const args = [...rest.filter((argument) => ARGUMENT.test(argument)), ...sides];
    const result = await execa(program, args, {
      reject: false,
      stripFinalNewline: false,
      env: { ...io.env },
    });
    if (result.exitCode === undefined || result.exitCode > 1) {
      const reason = result.stderr?.trim().split('\n')[0] || result.shortMessage || 'it did not run';
      throw new OperationalError(`KUBECTL_EXTERNAL_DIFF ${JSON.stringify(program)} failed: ${reason}`);
    }
    await writeAll(io.stdout, [result.stdout]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The program may show it on a terminal. */
async function write(path: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, lines.map((line) => `${plainText(line)}\n`).join(''));
}
