import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, test, vi } from 'vitest';
import type { FieldPath } from '../../src/shared/diagnostic.ts';
import { inputFolder, readFiles, readStdin } from '../support/input-folder.ts';

// A busy machine takes its time over many random documents.
vi.setConfig({ testTimeout: 60_000 });

/** Line and column of each path in the first object's document. */
async function locateAll(text: string | Uint8Array, paths: readonly FieldPath[]): Promise<string[]> {
  const source = await readStdin(text);
  const [object] = source.objects;
  if (object === undefined) throw new Error('there is no object');
  return paths.map((path) => {
    const position = source.locate(object.origin, path);
    return `${position?.line}:${position?.column}`;
  });
}

describe('in YAML', () => {
  const text = `# head
---
apiVersion: v1
kind: Service
metadata:
  name: web
  "labels": {app: web, 'tier': "front"}
spec:
  ports:
  - name: http
    port: 80
  -
    port: 81
  - {port: 82,
 targetPort: x}
  clusterIPs:
    - 10.0.0.1
    - "10.0.0.2"
    -
    - |
      text
  ? selector
  : app: web
`;

  test.each<[FieldPath, string]>([
    [[], '3:1'],
    [['kind'], '4:1'],
    [['metadata', 'name'], '6:3'],
    [['metadata', 'labels'], '7:3'],
    [['metadata', 'labels', 'app'], '7:14'],
    [['metadata', 'labels', 'tier'], '7:24'],
    [['spec', 'ports', 0], '10:5'],
    [['spec', 'ports', 0, 'port'], '11:5'],
    [['spec', 'ports', 1], '13:5'],
    [['spec', 'ports', 1, 'port'], '13:5'],
    [['spec', 'ports', 2], '14:5'],
    [['spec', 'ports', 2, 'port'], '14:6'],
    [['spec', 'ports', 2, 'targetPort'], '15:2'],
    [['spec', 'clusterIPs', 0], '17:7'],
    [['spec', 'clusterIPs', 1], '18:7'],
    [['spec', 'clusterIPs', 3], '20:7'],
    [['spec', 'selector', 'app'], '23:5'],
  ])('%j', async (path, place) => {
    expect(await locateAll(text, [path])).toEqual([place]);
  });

  test('what is absent is where its closest ancestor is', async () => {
    const paths = [
      ['spec', 'type'],
      ['spec', 'ports', 7, 'port'],
      ['spec', 'ports', 'port'],
      ['metadata', 'name', 'x', 0],
      ['status', 'loadBalancer'],
      [0],
      ['spec', 'clusterIPs', 2],
    ];
    expect(await locateAll(text, paths)).toEqual(['8:1', '9:3', '9:3', '6:3', '3:1', '3:1', '16:3']);
  });

  test('aliases and merged keys are where they were written', async () => {
    const aliased = `kind: Service
base: &base {a: 1, b: 2}
other: &other
  b: 3
  c: 4
x: *base
m: {<<: *base, a: 5}
z:
  a: 6
  <<: [*other, *base]
list: [*base, &n x, *n]
`;
    expect(
      await locateAll(aliased, [
        ['x'],
        ['x', 'a'],
        ['m', 'a'],
        ['m', 'b'],
        ['z', 'a'],
        ['z', 'b'],
        ['z', 'c'],
        ['list', 0],
        ['list', 0, 'b'],
        ['list', 1],
        ['list', 2],
      ]),
    ).toEqual(['6:1', '2:14', '7:16', '2:20', '2:14', '4:3', '5:3', '11:8', '2:20', '11:15', '11:21']);
  });

  test('of equal keys the last one counts', async () => {
    expect(await locateAll('kind: Service\na: 1\nb: 2\na: 3\n', [['a']])).toEqual(['4:1']);
  });

  test('keys are compared as they are read', async () => {
    expect(
      await locateAll('kind: Service\nx: {0x10: a, yes: b, "c\\td": e}\n', [
        ['x', '16'],
        ['x', 'true'],
        ['x', 'c\td'],
      ]),
    ).toEqual(['2:5', '2:14', '2:22']);
  });

  test('columns count UTF-16 code units, lines end in CRLF as well, a byte order mark is no column', async () => {
    const odd = '\ufeffkind: Service\r\nx: {"é😀": 1, b: 2}\r\n';
    expect(await locateAll(odd, [['kind'], ['x', 'b']])).toEqual(['1:1', '2:15']);
    expect(await locateAll(Buffer.from(odd, 'utf16le'), [['kind'], ['x', 'b']])).toEqual(['1:1', '2:15']);
  });

  test('a document that js-yaml reads in another form is located in its own', async () => {
    const odd = '  kind: Service\n  a: [\n1, b:,\n {x:\t"y\nz", w: 1}#c\n]\n';
    expect(await locateAll(odd, [['kind'], ['a', 1], ['a', 2], ['a', 2, 'w']])).toEqual([
      '1:3',
      '3:4',
      '4:2',
      '5:5',
    ]);
  });
});

describe('in JSON', () => {
  const text = `
{"apiVersion": "v1", "kind": "Service",
 "spec": {"ports": [{"port": 80}, {"port" : 81, "x": [[1], [2, 3]]}],
  "é😀": {"a\\u0062": 1}},
 "list": [ ], "spec2": null}
`;

  test.each<[FieldPath, string]>([
    [[], '2:1'],
    [['kind'], '2:22'],
    [['spec'], '3:2'],
    [['spec', 'ports', 0], '3:21'],
    [['spec', 'ports', 1, 'port'], '3:36'],
    [['spec', 'ports', 1, 'x', 1, 1], '3:64'],
    [['spec', 'é😀', 'ab'], '4:11'],
    [['spec', 'ports', 7], '3:11'],
    [['spec', 'nothing'], '3:2'],
    [['list'], '5:2'],
    [['list', 0], '5:2'],
    [['nothing', 'at', 'all'], '2:1'],
    [['spec2', 'x'], '5:15'],
    [[3], '2:1'],
  ])('%j', async (path, place) => {
    expect(await locateAll(text, [path])).toEqual([place]);
  });

  test('of equal keys the last one counts', async () => {
    expect(
      await locateAll('{"kind":"Service","a":{"b":1},"a":{"b":2,"b":3}}', [['a'], ['a', 'b'], ['a', 'c']]),
    ).toEqual(['1:31', '1:42', '1:31']);
    expect(await locateAll('{"kind":"Service","a":[1],"a":2}', [['a'], ['a', 0]])).toEqual(['1:27', '1:27']);
  });

  test('an item of a List', async () => {
    const list = `{"kind": "List", "items": [\n{"kind": "Service"},\n  {"kind":"Service", "x": 1}]}`;
    const source = await readStdin(list);
    expect(source.objects.map(({ origin }) => source.locate(origin, []))).toEqual([
      { line: 2, column: 1 },
      { line: 3, column: 3 },
    ]);
    expect(source.objects.map(({ origin }) => source.locate(origin, ['x']))).toEqual([
      { line: 2, column: 1 },
      { line: 3, column: 22 },
    ]);
  });
});

describe('among several documents and files', () => {
  test('each is located in its own', async () => {
    const yaml = 'kind: Service\nx: 1\n---\n# c\nkind: Pod\nx: 2\n';
    const json = '{"kind":"Service",\n"x":1} {"kind":"Pod","x":2}\n{"kind":"Node",\n"x":3}\n';
    const folder = inputFolder({
      'a.yaml': yaml,
      'b.json': json,
      'c.json': `${json}---\nkind: Service\nx: 4\n`,
    });
    const source = await readFiles([folder]);
    const places = source.objects.map(({ origin, kind }) => {
      const position = source.locate(origin, ['x']);
      return `${origin.file.slice(-6)} ${kind} ${position?.line}:${position?.column}`;
    });
    const expected = [
      'a.yaml Service 2:1',
      'a.yaml Pod 6:1',
      'b.json Service 2:1',
      'b.json Pod 2:22',
      'b.json Node 4:1',
    ];
    expect(places).toEqual([
      ...expected,
      ...expected.slice(2).map((place) => place.replace('b.json', 'c.json')),
    ]);
    // The documents are asked for in any order.
    const reversed = [...source.objects].reverse().map(({ origin }) => source.locate(origin, ['x'])?.line);
    expect(reversed.slice(-2)).toEqual([6, 2]);
  });

  test('YAML behind JSON is located, on the same line as well', async () => {
    const source = await readStdin('{"kind":"Service"} {"kind":"Pod",\n"x":1,}\n---\nkind: Node\nx: 1\n');
    expect(source.objects.map(({ origin }) => source.locate(origin, ['x']))).toEqual([
      { line: 1, column: 1 },
      { line: 2, column: 1 },
      { line: 5, column: 1 },
    ]);
    expect(source.objects.slice(1, 2).map(({ origin }) => source.locate(origin, ['kind']))).toEqual([
      { line: 1, column: 21 },
    ]);
  });

  test('what is not there has no place', async () => {
    const source = await readStdin('kind: Service\n');
    expect(source.locate({ file: 'other.yaml', document: 1, path: [] }, [])).toBeUndefined();
    expect(source.locate({ file: '-', document: 2, path: [] }, [])).toBeUndefined();
  });

  test('a file that has changed meanwhile has no places', async () => {
    const folder = inputFolder({
      'a.yaml': 'kind: Service\n',
      'b.json': '{"kind":"List","items":[{"kind":"Service"}]}',
    });
    const source = await readFiles([folder]);
    const [yaml, json] = source.objects;
    expect(json && source.locate(json.origin, ['kind'])).toEqual({ line: 1, column: 26 });
    appendFileSync(join(folder, 'a.yaml'), 'x: 1\n');
    writeFileSync(join(folder, 'b.json'), '{}');
    expect(yaml && source.locate(yaml.origin, [])).toBeUndefined();
    expect(json && source.locate(json.origin, ['kind'])).toBeUndefined();
  });
});

/** All paths of a value that lead to a key or an item. */
function pathsOf(value: unknown, path: FieldPath = []): FieldPath[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries: [string | number, unknown][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return entries.flatMap(([step, child]) => [[...path, step], ...pathsOf(child, [...path, step])]);
}

const key = fc.oneof(fc.stringMatching(/^[a-z]{1,6}$/), fc.string({ minLength: 1, maxLength: 8 }));
const { value: anyValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.stringMatching(/^[a-z]{1,6}$/), fc.integer(), fc.boolean()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}));
const object = fc
  .dictionary(key, anyValue, { maxKeys: 5 })
  .map((fields): Record<string, unknown> => ({ ...fields, items: undefined, kind: 'Service' }))
  .map(({ items, ...fields }) => fields);

/** What stands at the position of each path. */
async function textsAt(text: string, value: unknown): Promise<[FieldPath, string][]> {
  const source = await readStdin(text);
  const lines = text.split('\n');
  return pathsOf(value).map((path) => {
    const position = source.locate({ file: '-', document: 1, path: [] }, path);
    return [path, (lines[(position?.line ?? 0) - 1] ?? '').slice((position?.column ?? 0) - 1)];
  });
}

describe('every key of any object is found', () => {
  test('in JSON', async () => {
    await fc.assert(
      fc.asyncProperty(object, fc.constantFrom(0, 1, 4), async (value, indent) => {
        for (const [path, text] of await textsAt(JSON.stringify(value, null, indent), value)) {
          const step = path.at(-1);
          if (typeof step === 'string') expect(text.startsWith(`${JSON.stringify(step)}:`)).toBe(true);
          else expect(text).toMatch(/^["\d{[tfn-]/);
        }
      }),
    );
  });

  test('in YAML', async () => {
    await fc.assert(
      fc.asyncProperty(object, fc.integer({ min: -1, max: 3 }), async (value, flowLevel) => {
        const yaml = dump(value, { flowLevel, noRefs: true, lineWidth: -1, quoteFlowKeys: true });
        for (const [path, text] of await textsAt(yaml, value)) {
          const step = path.at(-1);
          if (typeof step !== 'string') continue;
          const written = [step, JSON.stringify(step), `'${step.replaceAll("'", "''")}'`];
          expect(written.some((spelling) => text.startsWith(`${spelling}:`)) || text.startsWith('"')).toBe(
            true,
          );
        }
      }),
    );
  });
});
