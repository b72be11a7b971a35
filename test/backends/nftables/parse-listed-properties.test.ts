/** Listings that are broken in any way: they neither throw nor hang, and no word of theirs is lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseListedJSON } from '../../../src/backends/nftables/parse-json.ts';
import { parseListed } from '../../../src/backends/nftables/parse-listed.ts';
import { printListed } from '../../../src/backends/nftables/print-listed.ts';

const CLUSTERS = join(import.meta.dirname, '../../../fixtures/clusters');
const TEXTS = ['mysql', 'nftables-spellings', 'random-001'].flatMap((name) =>
  ['ipv4', 'ipv6'].map((family) =>
    readFileSync(join(CLUSTERS, name, `expected/nftables.${family}.list`), 'utf8'),
  ),
);
const FOREIGN = readFileSync(join(import.meta.dirname, '../../kernel/foreign-rules.nft'), 'utf8').replace(
  /^#.*/,
  '',
);

const SNIPPETS = [
  ...[
    '{',
    '}',
    '"',
    '\n',
    ';',
    ',',
    '(',
    ' ) ',
    '@',
    ' - ',
    ' . ',
    ' : ',
    '/1',
    '\\',
    '\0',
    '\r',
    'é',
    '\u{1f600}',
  ],
  ...[
    'table ip x {\n',
    'chain __proto__ {\n',
    'set s {\n',
    'elements = { ',
    ' comment "',
    ' vmap { ',
    ' map { ',
  ],
  ...[
    'meta mark set ',
    ' numgen random mod ',
    'type nat hook ',
    ' jump ',
    ' dnat to ',
    ' set ',
    'counter c {\n',
  ],
];

interface Change {
  readonly kind: 'cut' | 'double' | 'move' | 'insert' | 'end';
  readonly at: number;
  readonly to: number;
  readonly length: number;
  readonly snippet: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom('cut', 'double', 'move', 'insert', 'insert', 'end'),
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  to: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.oneof(fc.nat(3), fc.nat(200)),
  snippet: fc
    .oneof(fc.constantFrom(...SNIPPETS), fc.string({ maxLength: 4 }))
    .map((text) => text.replaceAll('#', '')),
});

function apply(text: string, { kind, at, to, length, snippet }: Change): string {
  const start = Math.floor(at * text.length);
  const piece = text.slice(start, start + length);
  const rest = text.slice(0, start) + text.slice(start + length);
  switch (kind) {
    case 'cut':
      return rest;
    case 'double':
      return text.slice(0, start) + piece + text.slice(start);
    case 'move': {
      const target = Math.floor(to * rest.length);
      return rest.slice(0, target) + piece + rest.slice(target);
    }
    case 'insert':
      return text.slice(0, start) + snippet + text.slice(start);
    case 'end':
      return at < 0.1 ? text.slice(0, Math.floor(to * text.length)) : text;
  }
}

const broken = (texts: readonly string[]) =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([text, changes]) => changes.reduce(apply, text));

/** What stands between blanks and signs. */
const WORD = /[^\s{},;()"]+/g;
/** Numbers, times, marks and ports, which are printed in their own way. */
const NUMBER =
  /^(?:[-+]?(?:0x)?[0-9a-f]*(?:\/[0-9]+)?|(?:[0-9]+(?:ms|[wdhms]))+|.*:[0-9]+|&|\^|\||\.|:|=|-)$/i;

function stringsIn(value: unknown, found: string[] = []): string[] {
  if (typeof value === 'string') found.push(value);
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) stringsIn(part, found);
  return found;
}

describe('broken listings', () => {
  it('lose no word', () => {
    fc.assert(
      fc.property(broken(TEXTS), (text) => {
        const ruleset = parseListed(text);
        const kept = new Set(
          [...stringsIn(ruleset), printListed(ruleset)].flatMap((kept) => kept.match(WORD) ?? []),
        );
        const lost = (text.match(WORD) ?? []).filter((word) => !kept.has(word) && !NUMBER.test(word));
        expect(lost).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('have lines within the text', () => {
    fc.assert(
      fc.property(broken([...TEXTS, FOREIGN]), (text) => {
        const { tables, problems } = parseListed(text);
        const lines = [
          ...tables,
          ...tables.flatMap(({ chains, sets, others }) => [...chains, ...sets, ...others]),
        ];
        const count = text.split('\n').length;
        for (const { line } of [...lines, ...problems]) {
          expect(line).toBeGreaterThan(0);
          expect(line).toBeLessThanOrEqual(count);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are read again as they are printed, where all of them is understood', () => {
    let count = 0;
    fc.assert(
      fc.property(broken(TEXTS), (text) => {
        const ruleset = parseListed(text);
        if (ruleset.problems.length > 0 || ruleset.tables.some(({ others }) => others.length > 0)) return;
        const printed = printListed(ruleset);
        expect(printListed(parseListed(printed))).toBe(printed);
        count++;
      }),
      { numRuns: 300 },
    );
    expect(count).toBeGreaterThan(0);
  });

  it('of JSON do not throw', () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 4 }),
        fc.constantFrom('rule', 'set', 'map', 'chain', 'table'),
        (json, kind) => {
          const head =
            '{"table":{"family":"ip","name":"t"}},{"chain":{"family":"ip","table":"t","name":"c"}}';
          const place = '"family":"ip","table":"t","chain":"c","name":"n"';
          for (const key of ['expr', 'elem', 'type', 'hook', 'stmt', 'comment', 'flags']) {
            const object = `{"${kind}":{${place},"${key}":${json}}},{"rule":{${place},"expr":[${json},{"match":${json}}]}}`;
            const { tables, problems } = parseListedJSON(`{"nftables":[${head},${object},${json}]}`);
            expect(tables.length + problems.length).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});

describe('hostile listings', () => {
  /** So many that what is quadratic, or one call deeper for each, would not end. */
  const COUNT = 50_000;
  const inRule = (text: string) => `table ip t {\n\tchain c {\n\t\t${text}`;
  const inElements = (text: string) => `table ip t {\n\tset s {\n\t\telements = { ${text}`;

  it.each([
    ...['{', '}', '(', '"', '"a" ', ',', 'ct ', 'ip saddr . ', 'jhash ip saddr . ', 'limit ', 'meta mark & '],
    ...[
      'meta mark set ',
      'ip saddr vmap { ',
      'snat to ( ',
      'add @x { ',
      'comment "x" ',
      'counter ',
      '1-',
      'a:',
    ],
    ...['\n', '{\n', '}\n', '"\n', 'table ip t {\n', 'flags a ', 'type a . ', 'elements = { '],
  ])('many times %j', (piece) => {
    const many = piece.repeat(COUNT);
    expect(typeof printListed(parseListed(many))).toBe('string');
    for (const text of [inRule(many), inElements(many), `table ip t {\n${many}`]) {
      const ruleset = parseListed(text);
      expect(ruleset.tables.length).toBeGreaterThan(0);
      expect(typeof printListed(ruleset)).toBe('string');
    }
  });
});
