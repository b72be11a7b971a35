/** The package as npm publishes it: built from the present sources, packed, and installed in a folder of its own. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');
/** What a build reads. */
const SOURCES = ['src', 'scripts', 'bin', 'man', 'LICENSE', 'README.md', 'package.json', 'package-lock.json'];
const CONFIGURATIONS = ['tsconfig.json', 'tsconfig.library.json'];

/** Copies the sources into a folder and builds there: what others do with `dist` meanwhile does not matter. */
export function buildCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-package-'));
  for (const name of [...SOURCES, ...CONFIGURATIONS]) {
    if (existsSync(join(ROOT, name))) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  run(process.execPath, ['scripts/build.js'], folder);
  return folder;
}

/** @returns the path of the archive. */
export function pack(folder: string, destination: string): string {
  mkdirSync(destination, { recursive: true });
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
  const [{ filename }] = JSON.parse(run('npm', args, folder)) as [{ readonly filename: string }];
  return join(destination, filename);
}

/** Installs the archive where there is nothing else. No network is asked: it depends on nothing. */
export function install(archive: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-installed-'));
  writeFileSync(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', archive], folder);
  return folder;
}

export function remove(...folders: readonly string[]): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** @returns stdout. @throws with what it printed where it fails. */
export function run(command: string, args: readonly string[], cwd: string): string {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { readonly stdout?: string; readonly stderr?: string };
    throw new Error(`${command} ${args.join(' ')}: ${stdout}${stderr}`, { cause: error });
  }
}
