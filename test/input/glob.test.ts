import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expandGlob, isGlob } from '../../src/input/glob.ts';
import { inputFolder } from '../support/input-folder.ts';

const NAMES = ['a', 'ab', 'b', 'c', '.d', 'a.b', 'é', 'x-y', 'x]', 'a^', '*'];

describe('a pattern', () => {
  // What Go's filepath.Match says of these names.
  test.each([
    ['*', NAMES],
    ['a*', ['a', 'a.b', 'a^', 'ab']],
    ['?', ['*', 'a', 'b', 'c', 'é']],
    ['[ab]', ['a', 'b']],
    ['[a-c]', ['a', 'b', 'c']],
    ['[^a-b]', ['*', 'c', 'é']],
    ['[^ab]*', ['*', '.d', 'c', 'x-y', 'x]', 'é']],
    ['x[\\-]y', ['x-y']],
    ['x[\\]]', ['x]']],
    ['\\*', []],
    ['[*]', ['*']],
    ['a.b*', ['a.b']],
    ['a[b^]', ['a^', 'ab']],
    ['[c-a]', []],
    ['**', NAMES],
  ])('%s', (pattern, expected) => {
    const folder = inputFolder(Object.fromEntries(NAMES.map((name) => [name, ''])));
    const found = expandGlob(join(folder, pattern))?.map((path) => path.slice(folder.length + 1));
    const isPattern = isGlob(pattern.replaceAll(/\\./g, ''));
    expect(found).toEqual(isPattern ? [...expected].sort() : ['*']);
  });

  test.each(['[', '[a', '[]', '[]a]', '[a-]', '[-a]', 'a\\', '[a\\'])('%s is malformed', (pattern) => {
    expect(expandGlob(pattern)).toBeUndefined();
  });

  test('goes through directories', () => {
    const folder = inputFolder({
      'x/1/a.yaml': '',
      'x/2/a.yaml': '',
      'y/1/a.yaml': '',
      'x/1/b.yaml': '',
      z: '',
    });
    const found = expandGlob(join(folder, '[xz]/*/a.yaml'));
    expect(found).toEqual([join(folder, 'x/1/a.yaml'), join(folder, 'x/2/a.yaml')]);
  });

  test('that matches nothing gives nothing', () => {
    expect(expandGlob('/nowhere/*/a')).toEqual([]);
    expect(expandGlob('no-such-file-*')).toEqual([]);
  });
});
