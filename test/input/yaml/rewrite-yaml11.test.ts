import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { rewriteYaml11 } from '../../../src/input/yaml/rewrite-yaml11.ts';
import { RefusedYaml } from '../../../src/input/yaml/yaml11-cursor.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

describe('a document is left as it is', () => {
  test.each([
    'a: 1\nb:\n- c\n',
    'a: |\n  b\n\n   c\nd: >-\n  e\n',
    'a: {b: [1, "x"]}\n',
    '# c\n"a": \'b\' # d\n',
  ])('%j', (text) => {
    expect(rewriteYaml11(text).text).toBe(text);
  });
});

describe('a document is changed for js-yaml', () => {
  test.each([
    ['closing brackets below their key', 'a: [\n1\n]\n', 'a: [\n  1\n  ]\n'],
    ['quotes that go on at the margin', 'a: "x\ny"\n', 'a: "x\n  y"\n'],
    ['a comment behind brackets', 'a: [b]#c\n', 'a: [b] #c\n'],
    ['a key that ends in ":"', 'a: {b:}\n', "a: {'b:'}\n"],
    ['a lone "-"', 'a: [-, b]\n', "a: ['-', b]\n"],
    ['a question mark without a blank', 'a: {?b: c}\n', 'a: {? b: c}\n'],
    ['an escaped apostrophe', 'a: "\\\'"\n', 'a: "\\x27"\n'],
    ['empty lines behind an escaped line break', 'a: "x\\\n\n  y"\n', 'a: "x\\n\\\n\n  y"\n'],
    ['a tab between tokens', 'a:\t[1]\n', 'a: [1]\n'],
    ['an alias as a key', '*a: 1\n', '*a : 1\n'],
    ['U+0085', 'a: 1\u0085b: 2\n', 'a: 1\nb: 2\n'],
    ['text behind the end', 'a: 1\n...\nb: 2\n', 'a: 1\n'],
  ])('%s', (_, text, expected) => {
    expect(rewriteYaml11(text).text).toBe(expected);
  });
});

describe('places are found again', () => {
  test('behind each kind of change', () => {
    const source = ' a: [\n1, b:, "\\\'x"\n]#c\n';
    const { text, toOriginal } = rewriteYaml11(source);
    expect(text).toBe(' a: [\n   1, \'b:\', "\\x27x"\n   ] #c\n');
    for (const [word, offset] of [
      ['a:', 1],
      ['1,', 6],
      ["'b:'", 9],
      ['b:', 9],
      ['x"', source.indexOf('x"')],
      [']', 19],
      ['#c', 20],
    ] as const) {
      expect([word, toOriginal(text.indexOf(word))]).toEqual([word, offset]);
    }
  });

  test('of any text, in order and within it', () => {
    const text = fc.string({
      unit: fc.constantFrom(...'ab:-?[]{},"\'#|>&*! \n\t\\\u0085', ': ', '- ', '\n  '),
      maxLength: 60,
    });
    fc.assert(
      fc.property(text, (source) => {
        try {
          const { text, toOriginal, rest } = rewriteYaml11(source);
          const places = Array.from({ length: text.length + 1 }, (_, offset) => toOriginal(offset));
          expect(places).toEqual([...places].sort((a, b) => a - b));
          expect(places.every((place) => place >= 0 && place <= source.length)).toBe(true);
          expect(rest === undefined || rest < source.length).toBe(true);
        } catch (error) {
          if (!(error instanceof RefusedYaml)) throw error;
          expect(error.offset).toBeLessThanOrEqual(source.length);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
