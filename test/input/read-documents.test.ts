/**
 * `expected/kubectl-documents.json` holds what kubectl's own libraries (k8s.io/apimachinery 0.37.2 with
 * sigs.k8s.io/yaml 1.6.0 and go.yaml.in/yaml/v2 2.4.4) make of each input: its documents up to the first one that they refuse.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import { type DocumentContent, readDocuments } from '../../src/input/read-documents.ts';
import { heldInput } from '../support/input-folder.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

interface Fact {
  readonly name: string;
  readonly input: string;
  readonly documents: readonly ('refused' | { readonly value: unknown })[];
}

const FACTS: readonly Fact[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'expected/kubectl-documents.json'), 'utf8'),
);

function contents(input: string | Uint8Array): readonly DocumentContent[] {
  return [...readDocuments(heldInput(input))].map(({ content }) => content);
}

/** What JSON keeps of a value: -0 loses its sign. */
function asJson(document: Fact['documents'][number]): Fact['documents'][number] {
  return JSON.parse(JSON.stringify(document));
}

/** The documents that are not empty, up to the first one that is refused. */
function comparable(documents: Fact['documents']): Fact['documents'] {
  const refused = documents.indexOf('refused');
  const read = refused < 0 ? documents : documents.slice(0, refused + 1);
  return read.filter((document) => document === 'refused' || document.value !== null);
}

function read(input: string | Uint8Array): Fact['documents'] {
  return contents(input).map((content) =>
    content.kind === 'refused' ? 'refused' : { value: content.value },
  );
}

describe('documents are read as kubectl reads them', () => {
  test('of many facts', () => {
    expect(FACTS.length).toBeGreaterThan(1000);
  });

  test.each(FACTS.map((fact) => [fact.name, fact] as const))('%s', (_, { input, documents }) => {
    expect(comparable(read(input)).map(asJson)).toEqual(comparable(documents));
  });
});

describe('known differences from kubectl', () => {
  test.each([
    [
      'UTF-8 that is broken is refused in its own document only',
      Buffer.from('a: 1\n---\nb: \xff\n---\nc: 3\n', 'latin1'),
      [{ value: { a: 1 } }, 'refused', { value: { c: 3 } }],
    ],
    ['a value that a later key replaces must be valid, too', 'a: .inf\na: 1\n', ['refused']],
    ['so must its keys', 'a: {null: 1}\na: 1\n', ['refused']],
    [
      'keys that differ in type only: the last one counts, where kubectl picks one',
      '1: a\n"1": b\n',
      [{ value: { 1: 'b' } }],
    ],
    ['U+2028 as a line break outside quotes is refused', 'a: 1\u2028b: 2\n', ['refused']],
    [
      'a directive behind "---" is refused, not dropped with all behind it',
      '---\n%YAML 1.1\na: 1\n',
      ['refused'],
    ],
    ['text behind the end of a document is not looked at', '{a: 1} [\n', [{ value: { a: 1 } }]],
    [
      'a number beyond those that Go has is infinite',
      '{"a":1e400}',
      [{ value: { a: Number.POSITIVE_INFINITY } }],
    ],
    ['a byte order mark before JSON does not make it YAML', '\ufeff{"a":"\\/"}', [{ value: { a: '/' } }]],
  ])('%s', (_, input, expected) => {
    expect(read(input)).toEqual(expected);
  });
});

describe('what is refused', () => {
  test.each([
    ['a: [1\n', 'YAMLSyntax', 3],
    ['a: 1\nb: "x\n', 'YAMLSyntax', 8],
    ['a: 1\n---\nb: \x01\n', 'YAMLSyntax', 12],
    ['a: 1\n--- b\n', 'YAMLSyntax', 9],
    ['---\n\ufeff---\n- a\n', 'YAMLSyntax', 4],
    ['{"a":[1}', 'JSONSyntax', 7],
    ['{"a":1}{"b":2}{"c":}', 'JSONSyntax', 19],
    [`a: ${'['.repeat(101)}${']'.repeat(101)}\n`, 'NestingTooDeep', undefined],
    [`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`, 'NestingTooDeep', 0],
  ])('%j is %s', (input, code, offset) => {
    const refused = contents(input).find((content) => content.kind === 'refused');
    expect(refused).toMatchObject({ code, ...(offset === undefined ? {} : { offset }) });
  });

  test('names the byte that is no UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('a: é\ufffd\nb: '),
      Buffer.from([0xc3, 0x28]),
      Buffer.from('\n'),
    ]);
    expect(contents(bytes)).toMatchObject([{ code: 'YAMLSyntax', offset: bytes.indexOf(0x28) - 1 }]);
  });

  test('does not keep later documents from being read', () => {
    expect(read('a: [\n---\nb: 2\n---\nc: "\n---\nd: 4\n')).toEqual([
      'refused',
      { value: { b: 2 } },
      'refused',
      { value: { d: 4 } },
    ]);
    expect(read('{"a":1}\n{"b":2}\n{"c":3\n{"d":4}\n')).toEqual([
      { value: { a: 1 } },
      { value: { b: 2 } },
      'refused',
      { value: { d: 4 } },
    ]);
  });

  test('100 levels are read', () => {
    expect(contents(`a: ${'['.repeat(99)}${']'.repeat(99)}\n`)).toMatchObject([{ kind: 'parsed' }]);
    expect(contents(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`)).toMatchObject([{ kind: 'parsed' }]);
  });
});

describe('numbers of documents', () => {
  test.each([
    ['a: 1\n---\nb: 2\n', [1, 2]],
    ['---\na: 1\n---\nb: 2\n', [1, 2]],
    ['# head\n---\na: 1\n---\nb: 2\n', [1, 2]],
    ['# head\n\n# more\n---\na: 1\n', [1]],
    ['a: 1\n---\n---\nb: 2\n', [1, 3]],
    ['a: 1\n---\n# nothing\n---\nb: 2\n', [1, 3]],
    ['---\n---\na: 1\n', [2]],
    ['{"a":1}\n{"b":2}\n', [1, 2]],
    ['{"a":1}\n---\n{"b":2}\n---\nc: 3\n', [1, 2, 3]],
    ['{"a":1} {"b":2,}\n---\nc: 3\n', [1, 2, 3]],
    ['a: 1\n--- b: 2\n---\nc: 3\n', [3]],
  ])('of %j', (input, expected) => {
    const documents = [...readDocuments(heldInput(input))];
    const full = documents.filter(({ content }) => content.kind === 'parsed' && content.value !== null);
    expect(full.map(({ number }) => number)).toEqual(expected);
  });
});

/** Plain text that means the same in every YAML schema. */
const word = fc
  .stringMatching(/^[a-z]{1,8}$/)
  .filter((text) => !/^(?:y|n|yes|no|on|off|true|false|null)$/.test(text));
const scalar = fc.oneof(
  word,
  fc.string(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
);
const { value: json } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value')), fc.dictionary(word, tie('value'))),
}));
const mapping = fc.dictionary(word, json);

describe('any value', () => {
  test('is read from JSON', () => {
    fc.assert(
      fc.property(mapping, fc.constantFrom(0, 1, 4), (value, indent) => {
        expect(read(JSON.stringify(value, null, indent))).toEqual([
          { value: JSON.parse(JSON.stringify(value)) },
        ]);
      }),
    );
  });

  test('is read from YAML', () => {
    fc.assert(
      fc.property(
        mapping,
        fc.record({
          indent: fc.integer({ min: 1, max: 4 }),
          flowLevel: fc.integer({ min: -1, max: 3 }),
          seqNoIndent: fc.boolean(),
        }),
        (value, options) => {
          const text = dump(value, { ...options, noRefs: true, forceQuotes: true });
          expect(read(text)).toEqual(Object.keys(value).length === 0 ? [{ value: {} }] : [{ value }]);
        },
      ),
    );
  });
});
