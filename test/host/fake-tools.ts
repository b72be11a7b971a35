/** Tools that answer as a test says: shell scripts in a folder of their own, the only one on PATH. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quote } from '../support/fake-kubectl.ts';

export interface FakeTools {
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly remove: () => void;
}

/** @param tools what the shell does, by the tool's name. */
export function fakeTools(tools: Readonly<Record<string, string>>): FakeTools {
  const folder = mkdtempSync(join(tmpdir(), 'fake-tools-'));
  for (const [name, shell] of Object.entries(tools)) {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${shell}\n`);
    chmodSync(path, 0o755);
  }
  return {
    env: { PATH: folder },
    folder,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Shell that prints a text. */
export function prints(text: string, stderr = ''): string {
  return `printf '%s' ${quote(text)}\nprintf '%s' ${quote(stderr)} >&2`;
}
