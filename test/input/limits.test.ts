import { describe, expect, test, vi } from 'vitest';
import { isExcessiveAliasing, isTooDeep } from '../../src/input/limits.ts';
import { quote } from '../../src/input/quote.ts';
import { readStdin } from '../support/input-folder.ts';

vi.mock('../../src/input/limits.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  MAX_FILE_BYTES: 1000,
  MAX_DOCUMENTS: 3,
  MAX_YAML_BYTES: 200,
}));

describe('limits', () => {
  test('of the bytes of a stream: it is not read any further', async () => {
    const source = await readStdin(`kind: Service\n${'#'.repeat(1000)}`);
    expect(source.objects).toEqual([]);
    expect(source.diagnostics).toMatchObject([{ code: 'FileTooLarge', origin: { file: '-' } }]);
  });

  test('of the documents of a file: the first ones are read', async () => {
    const source = await readStdin('kind: Service\n---\n'.repeat(5));
    expect(source.objects).toHaveLength(3);
    expect(source.diagnostics).toMatchObject([
      { severity: 'error', code: 'TooManyDocuments', origin: { document: 4 } },
    ]);
  });

  test('of the bytes of a YAML document: the others are read', async () => {
    const source = await readStdin(`kind: Service\n# ${'#'.repeat(200)}\n---\nkind: Service\n`);
    expect(source.objects).toMatchObject([{ origin: { document: 2 } }]);
    expect(source.diagnostics).toMatchObject([
      { severity: 'error', code: 'DocumentTooLarge', origin: { document: 1 } },
    ]);
  });

  test('do not hold for JSON documents', async () => {
    const source = await readStdin(JSON.stringify({ kind: 'Service', x: 'x'.repeat(300) }));
    expect(source.objects).toHaveLength(1);
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
