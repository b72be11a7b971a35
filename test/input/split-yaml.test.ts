import { describe, expect, test } from 'vitest';
import { splitYaml } from '../../src/input/split-yaml.ts';

function split(text: string): [number, string, boolean][] {
  const bytes = Buffer.from(text);
  return [...splitYaml(bytes, 0)].map(({ number, start, end, malformedAt }) => [
    number,
    bytes.toString('utf8', start, end),
    malformedAt !== undefined,
  ]);
}

describe('a file is cut', () => {
  test.each<[string, [number, string, boolean][]]>([
    ['', []],
    ['a\n', [[1, 'a\n', false]]],
    [
      'a\n---\nb',
      [
        [1, 'a\n', false],
        [2, 'b', false],
      ],
    ],
    [
      '---\na\n---\nb\n',
      [
        [1, '---\na\n', false],
        [2, 'b\n', false],
      ],
    ],
    [
      '---\n---\na\n',
      [
        [1, '---\n', false],
        [2, 'a\n', false],
      ],
    ],
    [
      'a\n--- # comment\nb\n',
      [
        [1, 'a\n', false],
        [2, 'b\n', false],
      ],
    ],
    [
      'a\r\n---\r\nb\r\n',
      [
        [1, 'a\r\n', false],
        [2, 'b\r\n', false],
      ],
    ],
    [
      'a: |\n---\n b\n',
      [
        [1, 'a: |\n', false],
        [2, ' b\n', false],
      ],
    ],
    ['a\n ---\nb\n', [[1, 'a\n ---\nb\n', false]]],
    [
      '# head\n---\na\n',
      [
        [1, '# head\n', false],
        [1, 'a\n', false],
      ],
    ],
    [
      'a\n--- b\nc\n---\nd\n',
      [
        [1, 'a\n--- b\nc\n', true],
        [3, '---\nd\n', false],
      ],
    ],
    ['a\n----\n', [[1, 'a\n----\n', true]]],
    ['---', [[1, '---', false]]],
  ])('%j', (text, expected) => {
    expect(split(text)).toEqual(expected.map(([number, chunk, malformed]) => [number, chunk, malformed]));
  });

  test('where a comment with a control character stands before the first "---", it is a document', () => {
    expect(split('# \x01\n---\na\n').map(([number]) => number)).toEqual([1, 2]);
  });

  test('a place behind "---" is told', () => {
    const [chunk] = splitYaml(Buffer.from('ä\n---  ö\n'), 0);
    expect(chunk?.malformedAt).toBe(8);
  });
});
