import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { scanJsonValue, skipJsonValue } from '../../src/input/json-scanner.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether all of the text is one value. */
function isScanned(text: string): boolean {
  const bytes = Buffer.from(text);
  const scan = scanJsonValue(bytes, 0);
  return scan.kind === 'value' && /^[ \t\r\n]*$/.test(bytes.toString('utf8', scan.end));
}

describe('scanJsonValue', () => {
  test('ends where a value ends', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(0, 1, '\t'),
        fc.constantFrom('', ' ', '{', 'x'),
        (value, indent, rest) => {
          const text = JSON.stringify(value, null, indent);
          // Behind a number any digit, point or letter would belong to it.
          const bytes = Buffer.from(`${text} ${rest}`);
          const end = Buffer.byteLength(text);
          expect(scanJsonValue(bytes, 0)).toEqual({ kind: 'value', end });
          expect(skipJsonValue(bytes, 0)).toBe(end);
        },
      ),
    );
  });

  test('takes what JSON.parse takes and nothing else', () => {
    const mutated = fc
      .tuple(
        fc.jsonValue(),
        fc.nat(),
        fc.nat({ max: 2 }),
        fc.constantFrom('', ...'{}[],:"\\0-+.eEtx \n\u0001\u00a0'),
      )
      .map(([value, at, removed, inserted]) => {
        const text = JSON.stringify(value);
        const offset = at % (text.length + 1);
        return text.slice(0, offset) + inserted + text.slice(offset + removed);
      })
      // A lone half of a character does not survive as UTF-8.
      .filter((text) => !/\p{Surrogate}/u.test(text));
    fc.assert(
      fc.property(mutated, (text) => {
        expect(isScanned(text)).toBe(isJson(text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['{"a":1,}', 7, 'a key in double quotes is missing'],
    ['{"a" 1}', 5, '":" is missing'],
    ['{"a":}', 5, 'a value is missing'],
    ['[1 2]', 3, '"," or "]" is missing'],
    ['[1', 2, 'the text ends where "," or "]" is missing'],
    ['{"a":01}', 5, 'this is no JSON number'],
    ['["x', 1, 'the quote is never closed'],
    ['["\\q"]', 2, 'JSON does not know this escape'],
    ['["\\u12"]', 2, 'JSON does not know this escape'],
    ['["\t"]', 2, 'a control character stands within quotes'],
    ['', 0, 'the text ends where a value is missing'],
  ])('tells what is wrong with %j', (text, offset, reason) => {
    expect(scanJsonValue(Buffer.from(text), 0)).toEqual({ kind: 'error', offset, reason });
  });

  test('does not run out of stack', () => {
    const text = `${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`;
    expect(scanJsonValue(Buffer.from(text), 0)).toEqual({ kind: 'value', end: text.length });
  });
});
