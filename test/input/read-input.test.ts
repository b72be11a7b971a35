import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { DEFAULT_KINDS, readInput } from '../../src/input/read-input.ts';
import type { Source } from '../../src/input/source.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { inputFolder, readFiles, readStdin } from '../support/input-folder.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

const SERVICE = (name: string) => `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${name}\n`;

function names({ objects }: Source): unknown[] {
  return objects.map(({ object }) => (object.metadata as { name: string }).name);
}

describe('inputs', () => {
  test('are read in the order of their names', async () => {
    const folder = inputFolder({
      'b.yaml': SERVICE('b'),
      'a/1.yaml': SERVICE('a1'),
      'a/0.json': '{"kind":"Service","metadata":{"name":"a0"}}',
    });
    const source = await readInput({
      filenames: [join(folder, 'b.yaml'), '-', join(folder, 'a')],
      recursive: false,
      stdin: (async function* () {
        yield Buffer.from(SERVICE('stdin'));
      })(),
      kinds: DEFAULT_KINDS,
    });
    expect(names(source)).toEqual(['b', 'stdin', 'a0', 'a1']);
    expect(source.objects.map(({ origin }) => origin)).toEqual([
      { file: join(folder, 'b.yaml'), document: 1, path: [] },
      { file: '-', document: 1, path: [] },
      { file: join(folder, 'a/0.json'), document: 1, path: [] },
      { file: join(folder, 'a/1.yaml'), document: 1, path: [] },
    ]);
  });

  test('do not touch standard input unless it is named', async () => {
    const folder = inputFolder({ 'a.yaml': SERVICE('a') });
    const stdin = {
      [Symbol.iterator](): Iterator<Uint8Array> {
        throw new Error('standard input was read');
      },
    };
    const source = await readInput({ filenames: [folder], recursive: false, stdin, kinds: DEFAULT_KINDS });
    expect(names(source)).toEqual(['a']);
  });

  test('that are missing are an error', async () => {
    await expect(readFiles(['nowhere.yaml'])).rejects.toThrow(OperationalError);
    const folder = inputFolder({});
    symlinkSync('nowhere', join(folder, 'a.yaml'));
    await expect(readFiles([folder])).rejects.toThrow(
      `cannot read ${JSON.stringify(join(folder, 'a.yaml'))}: it does not exist`,
    );
  });

  test('may be larger than memory would like: then they are not read', async () => {
    const folder = inputFolder({ 'a.yaml': SERVICE('a') });
    const { truncateSync } = await import('node:fs');
    writeFileSync(join(folder, 'big.json'), '');
    truncateSync(join(folder, 'big.json'), 513 * 1024 * 1024);
    const source = await readFiles([folder]);
    expect(names(source)).toEqual(['a']);
    expect(source.diagnostics).toMatchObject([
      { severity: 'error', code: 'FileTooLarge', origin: { file: join(folder, 'big.json') } },
    ]);
  });
});

describe('documents', () => {
  test('have their number in the file', async () => {
    const source = await readStdin(
      `# head\n---\n${SERVICE('a')}---\n---\n# nothing\n---\nkind: Secret\n---\n${SERVICE('b')}`,
    );
    expect(source.objects.map(({ origin }) => origin.document)).toEqual([1, 5]);
    expect(Object.fromEntries(source.passedOver)).toEqual({ Secret: 1 });
    expect(source.diagnostics).toEqual([]);
  });

  test('that are refused are told, once, and the others are read', async () => {
    const source = await readStdin(`${SERVICE('a')}---\nkind: Service\nmetadata: [\n---\n${SERVICE('b')}`);
    expect(names(source)).toEqual(['a', 'b']);
    expect(source.diagnostics).toEqual([
      {
        severity: 'error',
        code: 'YAMLSyntax',
        message: 'the bracket is never closed',
        why: 'kubectl does not read the document either',
        origin: { file: '-', document: 2, path: [] },
        path: [],
      },
    ]);
    const [diagnostic] = source.diagnostics;
    expect(source.locate(diagnostic?.origin ?? { file: '', document: 0, path: [] }, [])).toEqual({
      line: 7,
      column: 11,
    });
  });

  test('of which kubectl reads a part only are told', async () => {
    const source = await readStdin(
      `${SERVICE('a')}...\n${SERVICE('b')}---\n  ${SERVICE('c').replaceAll('\n', '\n  ')}\nspec: {}\n`,
    );
    expect(names(source)).toEqual(['a', 'c']);
    expect(source.diagnostics).toMatchObject([
      {
        severity: 'warning',
        code: 'TextIgnored',
        message: 'the text from line 6 on is not part of the document',
      },
      {
        severity: 'warning',
        code: 'TextIgnored',
        message: 'the text from line 16 on is not part of the document',
      },
    ]);
  });

  test('with equal keys are told which, and where', async () => {
    const text =
      'kind: List\nitems:\n- kind: Service\n  spec:\n    ports:\n    - port: 1\n      name: a\n      port: 2\n';
    const source = await readStdin(text);
    expect(source.objects[0]?.object.spec).toEqual({ ports: [{ port: 2, name: 'a' }] });
    expect(source.diagnostics).toMatchObject([
      {
        severity: 'warning',
        code: 'DuplicateKey',
        message: 'the key "port" stands more than once in "spec.ports[0]"',
        field: 'spec.ports[0].port',
        origin: { path: ['items', 0] },
        path: ['spec', 'ports', 0, 'port'],
      },
    ]);
    const [{ origin, path } = {}] = source.diagnostics;
    expect(origin && source.locate(origin, path ?? [])).toEqual({ line: 8, column: 7 });
  });

  test('with equal keys at the top are told, too', async () => {
    const source = await readStdin('kind: Service\nkind: Service\n');
    expect(source.diagnostics).toMatchObject([
      { message: 'the key "kind" stands more than once', path: ['kind'] },
    ]);
  });

  test('with keys that do harm elsewhere do none', async () => {
    const yaml = 'kind: Service\n__proto__: {polluted: 1}\nspec: {constructor: {prototype: {polluted: 1}}}\n';
    const json = '{"kind":"Service","__proto__":{"polluted":1}}';
    for (const text of [yaml, json]) {
      const [service] = (await readStdin(text)).objects;
      expect(Object.hasOwn(service?.object ?? {}, '__proto__')).toBe(true);
      expect('polluted' in (service?.object ?? {})).toBe(false);
    }
    expect('polluted' in {}).toBe(false);
  });
});

describe('any bytes', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '---\n',
          'kind: Service\n',
          'a: ',
          '- ',
          '[',
          ']',
          '{',
          '}',
          '"',
          "'",
          ': ',
          '\n',
          '  ',
          '#',
          '&a ',
          '*a',
          '<<: ',
          '|\n',
          '{"kind":"Service"}',
          '\ufeff',
          'items:\n',
          '...\n',
          '!!int ',
          '--- x\n',
          ',',
          '\\',
        ].map((text) => Buffer.from(text)),
      ),
      fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    ),
    { maxLength: 30 },
  );

  test('are read without an error, and all places are within them', async () => {
    await fc.assert(
      fc.asyncProperty(pieces, async (chunks) => {
        const bytes = Buffer.concat(chunks);
        const source = await readStdin(bytes);
        const lines = bytes.toString().split('\n');
        const places = [
          ...source.diagnostics.map(({ origin, path }) => origin && source.locate(origin, path ?? [])),
          ...source.objects.map(({ origin }) => source.locate(origin, ['kind'])),
        ];
        for (const place of places) {
          expect(place).toBeDefined();
          if (bytes[0] === 0xff || bytes[0] === 0xfe) continue;
          expect(place?.line).toBeLessThanOrEqual(lines.length);
          expect(place?.column).toBeGreaterThanOrEqual(1);
          expect(place?.column).toBeLessThanOrEqual((lines[(place?.line ?? 1) - 1] ?? '').length + 1);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('in names give nothing but OperationalErrors', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }), async (name) => {
        try {
          await readFiles([`no-such-folder/${name}`]);
        } catch (error) {
          expect(error).toBeInstanceOf(OperationalError);
        }
      }),
    );
  });
});
