/** Folders of input files for a test, and streams to read instead of them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { DEFAULT_KINDS, readInput } from '../../src/input/read-input.ts';
import type { Source } from '../../src/input/source.ts';
import type { StoredInput } from '../../src/input/stored-input.ts';

/** A folder with these files, which goes when the test has finished. */
export function inputFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-input-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** Reads files of a folder. */
export function readFiles(filenames: readonly string[], recursive = false): Promise<Source> {
  return readInput({ filenames, recursive, stdin: [], kinds: DEFAULT_KINDS });
}

/** Reads standard input. */
export function readStdin(content: string | Uint8Array, kinds = DEFAULT_KINDS): Promise<Source> {
  return readInput({ filenames: ['-'], recursive: false, stdin: [Buffer.from(content)], kinds });
}

/** An input that is held in memory. */
export function heldInput(content: string | Uint8Array): StoredInput {
  const bytes = Buffer.from(content);
  return { name: 'held', read: (start, end) => bytes.subarray(start, end) };
}
