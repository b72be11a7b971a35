/**
 * In: a pattern. Out: the paths that match it, sorted. Mirrors Go's `filepath.Glob`, which kubectl gives the names to
 * that are no files: `*` and `?` stay within one path element and match a leading dot; `[a-z]`, `[^a]` and `\` as usual.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { compareStrings } from '../shared/ordering.ts';

/** Whether a name has a character that only a pattern needs. */
export function isGlob(name: string): boolean {
  return /[*?[]/.test(name);
}

/** Undefined where the pattern is malformed. */
export function expandGlob(pattern: string): readonly string[] | undefined {
  const elements = pattern.split('/').filter((element, i) => element !== '' || i === 0);
  let paths: readonly string[] = [''];
  for (const [i, element] of elements.entries()) {
    if (i === 0 && element === '') {
      paths = ['/'];
      continue;
    }
    const matcher = toRegExp(element);
    if (matcher === undefined) return undefined;
    paths = paths.flatMap((path) =>
      isGlob(element) ? matchingEntries(path, matcher) : existing(join(path, withoutEscapes(element))),
    );
  }
  return paths;
}

function matchingEntries(directory: string, matcher: RegExp): readonly string[] {
  let names: string[];
  try {
    names = readdirSync(directory === '' ? '.' : directory);
  } catch {
    // Neither does kubectl tell of directories that it cannot look into.
    return [];
  }
  return names
    .filter((name) => matcher.test(name))
    .sort(compareStrings)
    .map((name) => join(directory, name));
}

function existing(path: string): readonly string[] {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined ? [] : [path];
  } catch {
    return [];
  }
}

function withoutEscapes(element: string): string {
  return element.replace(/\\(.)/gu, '$1');
}

/** One path element as a regular expression. */
function toRegExp(element: string): RegExp | undefined {
  let source = '';
  const token = /\\(.)|\[(\^?)((?:\\.|[^\]\\])+)\]|([*?])|([^[\\])/suy;
  while (token.lastIndex < element.length) {
    const match = token.exec(element);
    if (match === null) return undefined;
    const [, escaped, negation, members, wildcard, literal] = match;
    if (members !== undefined) {
      const set = toCharacterClass(members);
      if (set === undefined) return undefined;
      source += `[${negation}${set}]`;
    } else if (wildcard !== undefined) source += wildcard === '*' ? '.*' : '.';
    else source += escapeRegExp((escaped ?? literal) as string);
  }
  return new RegExp(`^${source}$`, 'su');
}

/** `a-z0` and the like. */
function toCharacterClass(members: string): string | undefined {
  let source = '';
  const range = /(?:\\(.)|([^\\-]))(?:-(?:\\(.)|([^\\-])))?/suy;
  while (range.lastIndex < members.length) {
    const match = range.exec(members);
    if (match === null) return undefined;
    const low = (match[1] ?? match[2]) as string;
    const high = match[3] ?? match[4] ?? low;
    // An upside-down range matches nothing.
    if ((low.codePointAt(0) as number) > (high.codePointAt(0) as number)) continue;
    source += `${escapeInClass(low)}-${escapeInClass(high)}`;
  }
  return source;
}

function escapeRegExp(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function escapeInClass(character: string): string {
  return /[\\\]^-]/.test(character) ? `\\${character}` : character;
}
