import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { listInputs } from '../../src/input/list-inputs.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { inputFolder } from '../support/input-folder.ts';

/** Names below the folder. */
function list(folder: string, names: readonly string[], recursive = false): readonly string[] {
  const paths = listInputs(
    names.map((name) => join(folder, name)),
    recursive,
  );
  return paths.map((path) => path.slice(folder.length + 1));
}

function failure(names: readonly string[]): OperationalError {
  try {
    listInputs(names, false);
  } catch (error) {
    if (error instanceof OperationalError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

const FILES = {
  'b.yaml': '',
  'a.yml': '',
  'c.json': '',
  'Z.yaml': '',
  '.hidden.yaml': '',
  '.yaml': '',
  'd.YAML': '',
  'README.md': '',
  'sub/e.yaml': '',
  'sub/deep/f.json': '',
  'sub/deep/g.txt': '',
};

describe('a directory', () => {
  test('gives its manifests sorted by name', () => {
    expect(list(inputFolder(FILES), ['.'])).toEqual([
      '.hidden.yaml',
      '.yaml',
      'Z.yaml',
      'a.yml',
      'b.yaml',
      'c.json',
    ]);
  });

  test('gives those below it where asked to, in place', () => {
    expect(list(inputFolder(FILES), ['.'], true)).toEqual([
      '.hidden.yaml',
      '.yaml',
      'Z.yaml',
      'a.yml',
      'b.yaml',
      'c.json',
      'sub/deep/f.json',
      'sub/e.yaml',
    ]);
  });

  test('may be a symbolic link; links to directories in it are not followed', () => {
    const folder = inputFolder({ 'real/a.yaml': '', 'other/b.yaml': '' });
    symlinkSync('.', join(folder, 'real/loop'));
    symlinkSync('../other', join(folder, 'real/other'));
    symlinkSync('../other/b.yaml', join(folder, 'real/b.yaml'));
    symlinkSync('real', join(folder, 'link'));
    expect(list(folder, ['link'], true)).toEqual(['link/a.yaml', 'link/b.yaml']);
  });

  test('without manifests is an error', () => {
    const folder = inputFolder({ 'a.txt': '', 'sub/b.yaml': '' });
    expect(failure([folder]).message).toBe(
      `the directory ${JSON.stringify(folder)} has no .yaml, .yml or .json file directly in it`,
    );
    expect(failure([folder]).cause).toBeInstanceOf(Error);
    expect(list(folder, ['.'], true)).toEqual(['sub/b.yaml']);
  });
});

describe('a name', () => {
  test('may be a file of any extension, twice, and in any order', () => {
    const folder = inputFolder(FILES);
    expect(list(folder, ['d.YAML', 'README.md', 'd.YAML'])).toEqual(['d.YAML', 'README.md', 'd.YAML']);
  });

  test('may be a file with the characters of a pattern', () => {
    const folder = inputFolder({ '[a].yaml': '', 'a.yaml': '', 'what?.yaml': '' });
    expect(list(folder, ['[a].yaml', 'what?.yaml'])).toEqual(['[a].yaml', 'what?.yaml']);
  });

  test('may be a pattern', () => {
    const folder = inputFolder(FILES);
    expect(list(folder, ['*.y*ml'])).toEqual(['.hidden.yaml', '.yaml', 'Z.yaml', 'a.yml', 'b.yaml']);
    expect(list(folder, ['[ab].*', '?.json'])).toEqual(['a.yml', 'b.yaml', 'c.json']);
    expect(list(folder, ['s*'])).toEqual(['sub/e.yaml']);
    expect(list(folder, ['*/*/f.json'])).toEqual(['sub/deep/f.json']);
  });

  test('is "-" for standard input, once', () => {
    expect(listInputs(['-'], false)).toEqual(['-']);
    expect(failure(['-', '-']).message).toContain('only once');
  });

  test.each(['http://example.com/a.yaml', 'https://example.com/'])('cannot be %s', (url) => {
    expect(failure([url]).message).toContain(`"${url}" is a URL`);
  });

  test.each([
    ['nowhere.yaml', 'cannot read "nowhere.yaml": it does not exist'],
    ['nowhere-*.yaml', 'nothing matches "nowhere-*.yaml"'],
    ['nowhere-[', '"nowhere-[" is a malformed pattern'],
    ['', 'cannot read "": it does not exist'],
    ['package.json/a.yaml', 'cannot read "package.json/a.yaml": a part of the path is no directory'],
    ['a\0b', 'cannot read "a\\u0000b": '],
    ['\u001b[31m', 'cannot read "\\u001b[31m": '],
  ])('%j is an error', (name, message) => {
    expect(failure([name]).message).toContain(name.includes('\u001b') ? 'malformed' : message);
  });

  test('of links in a circle is an error', () => {
    const folder = inputFolder({});
    symlinkSync('loop', join(folder, 'loop'));
    const error = failure([join(folder, 'loop')]);
    expect(error.message).toContain('its symbolic links form a loop');
    expect(error.cause).toBeInstanceOf(Error);
  });
});

test('directories are not mistaken for manifests', () => {
  const folder = inputFolder({ 'a.yaml': '' });
  mkdirSync(join(folder, 'b.yaml'));
  expect(list(folder, ['.'])).toEqual(['a.yaml']);
});
