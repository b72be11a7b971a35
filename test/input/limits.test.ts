import { describe, expect, onTestFinished, test } from 'vitest';
import {
  DEFAULT_LIMITS,
  isExcessiveAliasing,
  isTooDeep,
  type Limits,
  readLimits,
  setLimits,
} from '../../src/input/limits.ts';
import { quote } from '../../src/input/quote.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { readStdin } from '../support/input-folder.ts';

/** Until the test has finished. */
function limitTo(changed: Partial<Limits>): void {
  setLimits({ ...DEFAULT_LIMITS, ...changed });
  onTestFinished(() => setLimits(DEFAULT_LIMITS));
}

describe('limits', () => {
  test('of the bytes of a stream: it is not read any further', async () => {
    limitTo({ fileBytes: 1000 });
    const source = await readStdin(`kind: Service\n${'#'.repeat(1000)}`);
    expect(source.objects).toEqual([]);
    expect(source.diagnostics).toMatchObject([{ code: 'FileTooLarge', origin: { file: '-' } }]);
  });

  test('of the documents of a file: the first ones are read', async () => {
    limitTo({ documents: 3 });
    const source = await readStdin('kind: Service\n---\n'.repeat(5));
    expect(source.objects).toHaveLength(3);
    expect(source.diagnostics).toMatchObject([
      { severity: 'error', code: 'TooManyDocuments', origin: { document: 4 } },
    ]);
  });

  test('of the bytes of a YAML document: the others are read', async () => {
    limitTo({ yamlBytes: 200 });
    const source = await readStdin(`kind: Service\n# ${'#'.repeat(200)}\n---\nkind: Service\n`);
    expect(source.objects).toMatchObject([{ origin: { document: 2 } }]);
    expect(source.diagnostics).toMatchObject([
      { severity: 'error', code: 'DocumentTooLarge', origin: { document: 1 } },
    ]);
  });

  test('of YAML documents do not hold for JSON', async () => {
    limitTo({ yamlBytes: 200 });
    const source = await readStdin(JSON.stringify({ kind: 'Service', x: 'x'.repeat(300) }));
    expect(source.objects).toHaveLength(1);
  });
});

describe('limits of one document', () => {
  const list = (aliases: number) => `a: &a x\nkind: Service\nb:\n${'- *a\n'.repeat(aliases)}`;
  const nested = (levels: number) => `kind: Service\na: ${'['.repeat(levels)}${']'.repeat(levels)}\n`;
  const merged = (maps: number) =>
    `kind: Service\na: &a {${Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join(', ')}}\nb:\n${'- <<: *a\n'.repeat(maps)}`;
  const deepJson = (levels: number) => `{"kind":"Service","a":${'['.repeat(levels)}${']'.repeat(levels)}}`;

  test.each([
    ['aliases', list(100), list(101), 'TooManyAliases', 'more than 100 aliases', 'aliases'],
    [
      'merged keys',
      merged(20),
      merged(21),
      'TooManyMergeKeys',
      '"<<" brings more than 10000 keys',
      'merge-keys',
    ],
    ['levels of YAML', nested(99), nested(100), 'NestingTooDeep', expect.any(String), 'nesting'],
    ['levels of JSON', deepJson(99), deepJson(100), 'NestingTooDeep', 'more than 100 levels', 'nesting'],
  ])('%s', async (_, within, beyond, code, message, name) => {
    expect((await readStdin(within)).diagnostics).toEqual([]);
    const mend = expect.stringContaining(`SVCRULES_LIMITS=${name}=N`);
    expect((await readStdin(beyond)).diagnostics).toMatchObject([{ severity: 'error', code, message, mend }]);
    limitTo({ aliases: 1000, mergeKeys: 100_000, nesting: 200 });
    expect((await readStdin(beyond)).diagnostics).toEqual([]);
  });

  test('what is refused leaves the documents behind it alone', async () => {
    const { objects } = await readStdin(`${list(101)}---\nkind: Service\n`);
    expect(objects).toMatchObject([{ origin: { document: 2 } }]);
  });

  test('as deep as nesting may be raised, nothing runs out of stack', async () => {
    limitTo({ nesting: 1000 });
    for (const text of [nested(999), deepJson(999)]) {
      const { objects, diagnostics, locate } = await readStdin(text);
      expect(diagnostics).toEqual([]);
      const path = ['a', ...Array<number>(998).fill(0)];
      expect(locate(objects[0]?.origin as never, path)?.line).toBeGreaterThan(0);
    }
  });
});

describe('SVCRULES_LIMITS', () => {
  test('changes the limits that it names', () => {
    expect(readLimits('')).toEqual(DEFAULT_LIMITS);
    expect(readLimits('file-bytes=1Mi, nesting=200,')).toEqual({
      ...DEFAULT_LIMITS,
      fileBytes: 2 ** 20,
      nesting: 200,
    });
    expect(readLimits('bundle-bytes=4Gi,yaml-bytes=1Ki,documents=5,aliases=7,merge-keys=9')).toEqual({
      ...DEFAULT_LIMITS,
      bundleBytes: 2 ** 32,
      yamlBytes: 1024,
      documents: 5,
      aliases: 7,
      mergeKeys: 9,
    });
  });

  test.each([
    'nesting',
    'nesting=',
    'nesting=-1',
    'nesting=1e9',
    'size=1',
    'nesting=1 2',
    'constructor=1',
    'nesting=1K',
  ])('%j is no limit', (text) => {
    expect(() => readLimits(text)).toThrow(OperationalError);
    expect(() => readLimits(text)).toThrow('is no limit such as file-bytes=1Mi; there are file-bytes, ');
  });

  test.each(['nesting=0', 'nesting=1001', 'file-bytes=512Gi'])('%s is out of range', (text) => {
    expect(() => readLimits(text)).toThrow(/must be between 1 and [0-9]+/);
  });
});

describe('isTooDeep', () => {
  test('counts objects and arrays', () => {
    expect(isTooDeep([{ a: [1] }], 3)).toBe(false);
    expect(isTooDeep([{ a: [1] }], 2)).toBe(true);
    expect(isTooDeep({ a: 1, b: { c: {} } }, 2)).toBe(true);
    expect(isTooDeep(JSON.parse('{"__proto__":{"a":{}}}'), 2)).toBe(true);
    expect(isTooDeep('x', 0)).toBe(false);
    expect(isTooDeep(null, 0)).toBe(false);
  });
});

describe('isExcessiveAliasing', () => {
  test.each([
    [1000, 999, false],
    [10_000, 9900, false],
    [10_000, 9901, true],
    [400_000, 396_001, true],
    [2_200_000, 1_100_000, false],
    [2_200_000, 1_210_000, true],
    [4_000_000, 399_999, false],
    [40_000_000, 4_000_001, true],
  ])('of %i nodes %i', (nodes, aliased, isExcessive) => {
    expect(isExcessiveAliasing(nodes, aliased)).toBe(isExcessive);
  });
});

describe('quote', () => {
  test.each([
    ['web', '"web"'],
    ['a"b\n', '"a\\"b\\n"'],
    ['\u001b[31m\u009b', '"\\u001b[31m\\u009b"'],
    ['a\u202eb\u200bc\ufeff', '"a\\u202eb\\u200bc\\ufeff"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ])('%j', (text, quoted) => {
    expect(quote(text)).toBe(quoted);
  });
});
