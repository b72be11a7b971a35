/** What is escaped for terminals is the same data. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseYaml } from '../../src/input/yaml/parse-yaml.ts';
import { plainJson, plainYaml } from '../../src/report/plain-data.ts';

const UNSAFE = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Cc}\n]/u;

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.constantFrom(
    '\u001b[31m',
    'a\u009bb',
    '\u202eb',
    'a\u2028b\n',
    '\u00ad',
    '\ufeff',
    '\u{e0041}',
    '\u007f',
    'a\n\u0085b\n',
  ),
);
const key = fc.stringMatching(/^[a-z][a-z/.-]{0,9}$/);
const data = fc.dictionary(
  key,
  fc.oneof(text, fc.array(text, { maxLength: 3 }), fc.dictionary(key, text, { maxKeys: 3 })),
);

it('is JSON without a character that a terminal acts on', () => {
  fc.assert(
    fc.property(data, (value) => {
      const written = plainJson(value);
      expect(written).not.toMatch(UNSAFE);
      expect(JSON.parse(written)).toEqual(value);
    }),
  );
});

it('is YAML without one, as kubectl reads it', () => {
  fc.assert(
    fc.property(data, (value) => {
      const written = plainYaml(value);
      expect(written).not.toMatch(UNSAFE);
      expect(parseYaml(written).value).toEqual(value);
    }),
  );
});
