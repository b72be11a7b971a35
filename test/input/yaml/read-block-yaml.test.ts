import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_LIMITS, setLimits } from '../../../src/input/limits.ts';
import { decodeChunk } from '../../../src/input/read-documents.ts';
import { splitYaml } from '../../../src/input/split-yaml.ts';
import { decodeYaml } from '../../../src/input/yaml/parse-yaml.ts';
import { readBlockYaml } from '../../../src/input/yaml/read-block-yaml.ts';
import { RefusedYaml } from '../../../src/input/yaml/yaml11-cursor.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

/** What the long way makes of a document, in a form that tells the order of keys and -0, too. */
function theLongWay(source: string): string {
  try {
    return canonical(decodeYaml(source));
  } catch (error) {
    if (error instanceof RefusedYaml) return `refused: ${error.message}`;
    throw error;
  }
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, field) => (Object.is(field, -0) ? '-0' : field));
}

/** @returns whether the short cut took the document, which it then has read as the long way does */
function isTaken(source: string): boolean {
  const value = readBlockYaml(source);
  if (value === undefined) return false;
  expect(theLongWay(source), source).toBe(canonical({ value, duplicates: [] }));
  return true;
}

/** Every YAML document of the repository. */
function allDocuments(): readonly string[] {
  const documents = ['fixtures', 'test', 'deploy', 'examples'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.ya?ml$/.test(name))
      .flatMap((name) => {
        const bytes = readFileSync(join(folder, name));
        return [...splitYaml(bytes, 0)].map(({ start, end }) => decodeChunk(bytes.subarray(start, end)));
      }),
  );
  return [...new Set(documents)];
}

const DOCUMENTS = allDocuments();

describe('is read like the long way', () => {
  test('what the repository has of YAML', () => {
    const taken = DOCUMENTS.filter(isTaken);
    expect(taken.length).toBeGreaterThan(100);
  });

  test('what js-yaml prints', () => {
    const options = fc.record({
      indent: fc.constantFrom(2, 3, 4, 8),
      noArrayIndent: fc.boolean(),
      forceQuotes: fc.boolean(),
      quotingType: fc.constantFrom("'" as const, '"' as const),
      lineWidth: fc.constantFrom(-1, 80),
    });
    const text = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('a', ' ', '\n', ':', '#', '-', "'", '"', '0', '.', '~') }),
      fc.constantFrom('yes', '0777', '1e3', '<<', '2026-01-01', '10.0.0.1', '__proto__', 'null', '.inf'),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        tie('scalar'),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(text, tie('value'), { maxKeys: 4 }),
      ),
      scalar: fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null)),
    }));
    fc.assert(
      fc.property(value, options, (made, how) => {
        isTaken(dump(made, how));
      }),
      { numRuns: 2000 },
    );
  });

  test('what becomes of manifests when they are cut, mixed and misspelt', () => {
    const seeds = [...DOCUMENTS, ...Object.values(TAKEN)].filter(
      (document) => document.length < 3000 && isTaken(document),
    );
    const piece = fc.oneof(
      fc.constantFrom(
        ...[
          '\n',
          ' ',
          '  ',
          ': ',
          ':',
          '- ',
          '-',
          ' #',
          '#',
          "'",
          '"',
          '\\',
          '\\n',
          "''",
          '|',
          '|-',
          '|+',
          '>',
        ],
        ...[
          '{}',
          '[]',
          '~',
          'yes',
          '0777',
          '1_0',
          '.nan',
          '<<: ',
          '...',
          '---',
          '? ',
          '!',
          '&a ',
          '*a',
          '@',
          '%',
        ],
        ...[
          '`',
          ',',
          '[',
          '{',
          '\t',
          '\r',
          '\u0085',
          '\u00a0',
          '\u2028',
          '\ufeff',
          '\u00e9',
          '\u{1f600}',
          '\ud800',
        ],
        ...['- - ', 'a: b', 'k: |\n    t\n', '\n# c\n', '\n\n', '\n   \n', '=', '__proto__', 'x\n  y', ' : '],
      ),
      fc.string({ maxLength: 2 }),
    );
    const edit = fc.record({ at: fc.double({ min: 0, max: 1 }), remove: fc.nat({ max: 4 }), insert: piece });
    const edits = fc.array(edit, { minLength: 1, maxLength: 3 });
    let taken = 0;
    fc.assert(
      fc.property(fc.constantFrom(...seeds), edits, (seed, changes) => {
        let source = seed;
        for (const { at, remove, insert } of changes) {
          const from = Math.floor(at * source.length);
          source = source.slice(0, from) + insert + source.slice(from + remove);
        }
        if (isTaken(`${source}\n`)) taken++;
      }),
      { numRuns: 5000 },
    );
    expect(taken).toBeGreaterThan(500);
  });
});

/** By what is special about them. */
const TAKEN: Readonly<Record<string, string>> = {
  'a list as deep as its key': 'a:\n- 1\n- b: 2\n  c:\n  - d\ne: 3\n',
  'a list below its key': 'a:\n  - 1\n  -   b: 2\n      c: 3\n',
  'lists of lists': '- - 1\n  - - 2\n- 3\n',
  'words and numbers': 'a: yes\nb: 0777\nc: 1:30\nd: ~\ne:\nf: -1\ng: 2026-01-01\nh: .5\n80: -x\n',
  'quoted scalars': `a: 'it''s'\n"b": "\\"x\\"\\n"\n'c': "# no: comment"\nd: ''\n`,
  'literal blocks': 'a: |\n  b\n\n    c: #\n\nd:\n- |-\n  e\n   \n  f\n',
  'empty collections': 'a: {}\nb: [] # none\n',
  'comments and blank lines': '# a\n\nb: 1 # c\n  # d\nc: d#e # f\n\n  \n#\n',
  'a first line ---': '---\na: 1\n',
  'colons and hashes within words': 'a:b: http://c:80/#d\n',
  'characters of many languages': 'a: \u00e9\u00a0\u{1f600}\n',
};

describe('takes', () => {
  test.each(Object.entries(TAKEN))('%s', (_, source) => {
    expect(isTaken(source)).toBe(true);
  });
});

describe('leaves to the long way', () => {
  test.each([
    ['nothing', '\n'],
    ['a scalar', 'a\n'],
    ['equal keys', 'a: 1\na: 2\n'],
    ['equal keys, spelt in two ways', '1: a\n"1": b\n'],
    ['keys that all objects inherit', 'a: 1\n__proto__: 2\n'],
    ['merge keys', '<<: {a: 1}\n'],
    ['aliases', 'a: &a 1\nb: *a\n'],
    ['tags', 'a: !!str 1\n'],
    ['a second document', 'a: 1\n--- \nb: 2\n'],
    ['the end of the document', 'a: 1\n... # b: 1\n'],
    ['directives', '%YAML 1.1\n---\na: 1\n'],
    ['text of two lines', 'a: b\n  c\n'],
    ['quotes that end in another line', 'a: "b\n  c"\n'],
    ['escapes that JSON has not', 'a: "\\x41"\n'],
    ['escapes that kubectl does not know', 'a: "\\/"\n'],
    ['what JSON has no number for', 'a: .nan\n'],
    ['keys that are null', '~: 1\n'],
    ['keys without a value', 'a: 1\nb\n'],
    ['a value within a value', 'a: b: c\n'],
    ['a list beside a mapping', 'a: 1\n- b\n'],
    ['a mapping beside a list', '- a\nb: 1\n'],
    ['indentation that fits nothing', 'a:\n    b: 1\n  c: 2\n'],
    ['an indented start', ' a: 1\n'],
    ['tabs', 'a:\tb\n'],
    ['line feeds of YAML 1.1', 'a: b\u0085c: d\n'],
    ['byte order marks', '\ufeffa: 1\n'],
    ['halves of characters', 'a: \ud800\n'],
    ['a last line without an end', 'a: 1'],
  ])('%s', (_, source) => {
    expect(readBlockYaml(source)).toBeUndefined();
  });

  test('what reaches the limit of nesting', () => {
    setLimits({ ...DEFAULT_LIMITS, nesting: 3 });
    onTestFinished(() => setLimits(DEFAULT_LIMITS));
    expect(isTaken('a:\n  b: {}\n')).toBe(true);
    expect(isTaken('- - 1\n')).toBe(true);
    expect(readBlockYaml('a:\n  b:\n    c: 1\n')).toBeUndefined();
    expect(readBlockYaml('- - - 1\n')).toBeUndefined();
  });
});
