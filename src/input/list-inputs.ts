/**
 * In: the names given with `-f`. Out: the files behind them, in the order in which they are read. Mirrors the resource
 * builder of kubectl 1.37: directories give their `.yaml`, `.yml` and `.json` files sorted by name, a name that is no
 * file is taken as a pattern, and symbolic links to directories are not followed below a directory.
 */
import { readdirSync, type Stats, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { OperationalError } from '../shared/operational-error.ts';
import { compareStrings } from '../shared/ordering.ts';
import { expandGlob, isGlob } from './glob.ts';
import { quote } from './quote.ts';
import { unreadable } from './stored-input.ts';

/** The name that stands for standard input. */
export const STDIN = '-';

const EXTENSIONS: ReadonlySet<string> = new Set(['.json', '.yaml', '.yml']);

/**
 * Names of files and at most one `-`.
 *
 * @throws OperationalError
 */
export function listInputs(filenames: readonly string[], recursive: boolean): readonly string[] {
  if (filenames.filter((name) => name === STDIN).length > 1) {
    throw new OperationalError('standard input can be read only once: give "-" one time');
  }
  return filenames.flatMap((name) => (name === STDIN ? [STDIN] : listName(name, recursive)));
}

function listName(name: string, recursive: boolean): readonly string[] {
  if (/^https?:\/\//.test(name)) {
    throw new OperationalError(`${quote(name)} is a URL: fetch it first, or give it to standard input`);
  }
  const stats = statIfExists(name);
  if (stats !== undefined) return listPath(name, stats, recursive);
  if (!isGlob(name)) throw unreadable(name, missing());
  const matches = expandGlob(name);
  if (matches === undefined) throw new OperationalError(`${quote(name)} is a malformed pattern`);
  if (matches.length === 0) {
    throw new OperationalError(`nothing matches ${quote(name)}`, { cause: missing() });
  }
  return matches.flatMap((match) => listPath(match, statIfExists(match), recursive));
}

function statIfExists(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || (code === 'ENOTDIR' && isGlob(name))) return undefined;
    throw unreadable(name, error);
  }
}

function missing(): Error {
  return Object.assign(new Error('no such file or directory'), { code: 'ENOENT' });
}

function listPath(name: string, stats: Stats | undefined, recursive: boolean): readonly string[] {
  if (stats === undefined || !stats.isDirectory()) return [name];
  const files: string[] = [];
  listDirectory(name, recursive, files);
  if (files.length === 0) {
    const cause = new Error('no .yaml, .yml or .json file');
    throw new OperationalError(
      `the directory ${quote(name)} has ${cause.message}${recursive ? '' : ' directly in it'}`,
      {
        cause,
      },
    );
  }
  return files;
}

function listDirectory(directory: string, recursive: boolean, files: string[]): void {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    for (const entry of entries.sort((a, b) => compareStrings(a.name, b.name))) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        if (recursive) listDirectory(path, recursive, files);
      } else if (EXTENSIONS.has(extensionOf(entry.name))) files.push(path);
    }
  } catch (error) {
    throw unreadable(directory, error);
  }
}

/** Unlike `extname`, Go takes all of `.yaml` for an extension. */
function extensionOf(name: string): string {
  return extname(`x${name}`);
}
