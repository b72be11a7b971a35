/** docs/reference and the manual page say what the commands say of themselves. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.ts';
import { manualPage, referencePages } from '../../src/cli/reference.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const FOLDER = 'docs/reference';
const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
const program = buildProgram(
  {
    stdin: Readable.from([]),
    stdout: sink,
    stderr: sink,
    env: {},
    untilStopped: () => new AbortController().signal,
  },
  () => {},
);
const pages = referencePages(program);

describe('docs/reference', () => {
  it('has a page for each command and no other (npm run reference writes them)', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(pages.map(({ file }) => file).sort());
  });

  it.each(pages)('$file is current', ({ file, text }) => {
    expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(text);
  });

  it.each(pages)('$file leads to pages that are there', ({ text }) => {
    for (const [, target] of text.matchAll(/\]\(([^)#]+)\)/g))
      expect(existsSync(join(FOLDER, target as string)), target).toBe(true);
  });

  it('has every flag that the help of its command has', async () => {
    const { stdout } = await runCaptured(['diff', '--help']);
    const flags = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag as string);
    const page = readFileSync(join(FOLDER, 'diff.md'), 'utf8');
    expect(flags.length).toBeGreaterThan(20);
    for (const flag of flags.filter((name) => name !== '--help')) expect(page).toContain(`${flag}`);
  });
});

describe('the manual page', () => {
  const file = 'man/kubectl-svcrules.1';
  const hasGroff = spawnSync('groff', ['--version']).status === 0;
  if (!hasGroff) process.stderr.write('the manual page is not formatted: there is no groff\n');

  it('is current (npm run reference writes it)', () => {
    expect(readFileSync(file, 'utf8')).toBe(manualPage(program));
  });

  it.runIf(hasGroff)('is formatted without a warning', () => {
    const { stdout, stderr } = spawnSync(
      'groff',
      ['-man', '-ww', '-Tascii', ...['c', 'b', 'u'].map((flag) => `-P-${flag}`), file],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/--kube-version <release>/);
    expect(stdout).toContain('EXIT STATUS');
  });
});
