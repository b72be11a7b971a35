import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { DEFAULT_LIMITS, setLimits } from '../../../src/input/limits.ts';
import { parseYaml } from '../../../src/input/yaml/parse-yaml.ts';
import { RefusedYaml } from '../../../src/input/yaml/yaml11-cursor.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

function refusal(source: string): RefusedYaml {
  try {
    parseYaml(source);
  } catch (error) {
    if (error instanceof RefusedYaml) return error;
    throw error;
  }
  throw new Error('the document was read');
}

describe('equal keys', () => {
  test.each([
    ['a: 1\nb: 2\n', []],
    ['a: 1\na: 2\n', [['a']]],
    ['a: 1\na: 2\na: 3\n', [['a'], ['a']]],
    ['a:\n- b: 1\n  c: 2\n  b: 3\n', [['a', 0, 'b']]],
    ['1: a\n"1": b\n', [['1']]],
    ['x: &x {a: 1}\ny: {<<: *x, a: 2}\n', []],
    ['x: &x {a: 1, a: 2}\ny: *x\nz: {<<: *x}\n', [['x', 'a']]],
    ['y: {a: 1, <<: {a: 2}, a: 3}\n', []],
    ['__proto__: 1\n__proto__: 2\n', [['__proto__']]],
  ])('of %j', (source, duplicates) => {
    expect(parseYaml(source).duplicates).toEqual(duplicates);
  });
});

describe('keys that other objects inherit', () => {
  test('are fields of their own', () => {
    const { value } = parseYaml('__proto__: {polluted: true}\nconstructor: 1\nhasOwnProperty: 2\n');
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor', 'hasOwnProperty']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect('polluted' in {}).toBe(false);
  });

  test('are fields of their own when merged', () => {
    const { value } = parseYaml('a: &a {__proto__: {polluted: true}}\nb: {<<: *a}\n');
    const { b } = value as { b: object };
    expect(Object.getOwnPropertyDescriptor(b, '__proto__')?.value).toEqual({ polluted: true });
    expect('polluted' in b).toBe(false);
  });
});

describe('aliases', () => {
  test('give objects of their own', () => {
    const { value } = parseYaml('a: &a {x: 1}\nb: *a\n');
    const { a, b } = value as { a: object; b: object };
    expect(b).toEqual(a);
    expect(b).not.toBe(a);
  });

  test('may be many as long as they repeat little, where the limit is raised', () => {
    setLimits({ ...DEFAULT_LIMITS, aliases: 5000 });
    onTestFinished(() => setLimits(DEFAULT_LIMITS));
    const source = `a: &a x\nb:\n${'- *a\n'.repeat(5000)}`;
    expect(parseYaml(source).value).toMatchObject({ a: 'x' });
  });

  test('cannot blow a document up', () => {
    setLimits({ ...DEFAULT_LIMITS, aliases: 5000 });
    onTestFinished(() => setLimits(DEFAULT_LIMITS));
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 20; level++) {
      lines.push(
        `a${level}: &a${level} [${Array(9)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      );
    }
    const start = performance.now();
    expect(refusal(`${lines.join('\n')}\n`).offends).toBe('aliasing');
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test('cannot nest a document too deep', () => {
    const lines = ['a0: &a0 [x]'];
    setLimits({ ...DEFAULT_LIMITS, aliases: 5000 });
    onTestFinished(() => setLimits(DEFAULT_LIMITS));
    for (let level = 1; level < 120; level++) lines.push(`a${level}: &a${level} [*a${level - 1}]`);
    expect(refusal(`${lines.join('\n')}\n`).offends).toBe('nesting');
  });
});

describe('what is refused has a place', () => {
  test.each([
    ['a: *x\n', 3],
    ['a: &x [1, *x]\n', 10],
    ['a: 1\nb: {<<: 2}\n', 13],
    ['a: 1\n? [b]\n: c\n', 7],
    ['a:\n- !!int x\n', 5],
    ['a: 1\n~: 2\n', 5],
    ['a: [\nb: .nan]\n', 8],
  ])('in %j', (source, offset) => {
    expect(refusal(source).offset).toBe(offset);
  });
});

test('any text is read or refused', () => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        'a',
        'b',
        '1',
        ': ',
        '- ',
        '\n',
        '\n  ',
        '&x ',
        '*x',
        '<<: ',
        '!!int ',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        ', ',
        '|\n',
        '>\n',
        '? ',
        '#',
        '\t',
        '...\n',
        '~',
      ),
      fc.string({ unit: 'binary', maxLength: 1 }),
    ),
    maxLength: 40,
  });
  fc.assert(
    fc.property(text, (source) => {
      try {
        expect(parseYaml(source)).toHaveProperty('value');
      } catch (error) {
        if (!(error instanceof RefusedYaml)) throw error;
        expect(error.offset).toBeGreaterThanOrEqual(0);
        expect(error.offset).toBeLessThanOrEqual(source.length);
      }
    }),
    { numRuns: 3000 },
  );
});
