import { describe, expect, test } from 'vitest';
import { readStdin } from '../support/input-folder.ts';

async function read(value: unknown) {
  const { objects, passedOver, diagnostics } = await readStdin(
    JSON.stringify(value).replace(/^(?=[^{])/, '\n'),
  );
  return {
    objects: objects.map(({ apiVersion, kind, object, origin }) => [
      apiVersion,
      kind,
      object.metadata,
      origin.path,
    ]),
    passedOver: Object.fromEntries(passedOver),
    diagnostics: diagnostics.map(({ code, message, origin, path }) => [
      code,
      message,
      [...(origin?.path ?? []), ...(path ?? [])],
    ]),
  };
}

const service = (name: string) => ({ apiVersion: 'v1', kind: 'Service', metadata: { name } });

describe('a document', () => {
  test('is an object of a kind that is kept or passed over', async () => {
    expect(await read(service('a'))).toEqual({
      objects: [['v1', 'Service', { name: 'a' }, []]],
      passedOver: {},
      diagnostics: [],
    });
    expect(await read({ kind: 'Secret' })).toEqual({
      objects: [],
      passedOver: { Secret: 1 },
      diagnostics: [],
    });
  });

  test('may lack its apiVersion', async () => {
    expect((await read({ kind: 'Service' })).objects).toEqual([['', 'Service', undefined, []]]);
    expect((await read({ kind: 'Service', apiVersion: 1 })).objects).toEqual([
      ['', 'Service', undefined, []],
    ]);
  });

  test.each([
    [{}, 'KindMissing', 'the object has no kind', ['kind']],
    [{ kind: '' }, 'KindMissing', 'the object has no kind', ['kind']],
    [{ kind: null }, 'KindMissing', 'the object has no kind', ['kind']],
    [{ kind: 5 }, 'KindMissing', 'kind is the number 5 and no string', ['kind']],
    [{ kind: [] }, 'KindMissing', 'kind is a list and no string', ['kind']],
    [[], 'NotAnObject', 'a list stands where a Kubernetes object is expected', []],
    ['x', 'NotAnObject', 'the string "x" stands where a Kubernetes object is expected', []],
    [true, 'NotAnObject', 'the boolean true stands where a Kubernetes object is expected', []],
    [{ kind: 'List', items: {} }, 'ItemsInvalid', 'items of "List" is a mapping and no list', ['items']],
    [
      { kind: 'List', items: [null] },
      'NotAnObject',
      'null stands where a Kubernetes object is expected',
      ['items', 0],
    ],
    [{ kind: 'List', items: [{}] }, 'KindMissing', 'the object has no kind', ['items', 0, 'kind']],
    [{ items: [] }, 'KindMissing', 'the object has no kind', ['kind']],
  ])('%j is an error', async (value, ...diagnostic) => {
    expect(await read(value)).toEqual({ objects: [], passedOver: {}, diagnostics: [diagnostic] });
  });

  test('null is nothing', async () => {
    expect(await read(null)).toEqual({ objects: [], passedOver: {}, diagnostics: [] });
  });
});

describe('a List', () => {
  test('is taken apart in its order', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [service('a'), { kind: 'Secret' }, service('b'), { kind: 'Secret' }],
    };
    expect(await read(list)).toEqual({
      objects: [
        ['v1', 'Service', { name: 'a' }, ['items', 0]],
        ['v1', 'Service', { name: 'b' }, ['items', 2]],
      ],
      passedOver: { Secret: 2 },
      diagnostics: [],
    });
  });

  test('may hold Lists', async () => {
    const inner = { apiVersion: 'v1', kind: 'List', items: [service('a')] };
    const list = { apiVersion: 'v1', kind: 'List', items: [inner, service('b')] };
    expect((await read(list)).objects.map(([, , , path]) => path)).toEqual([
      ['items', 0, 'items', 0],
      ['items', 1],
    ]);
  });

  test('of one kind gives it to items without one', async () => {
    const metadata = { name: 'a' };
    const slices = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSliceList',
      items: [{ metadata }, { kind: 'Service', metadata }],
    };
    expect((await read(slices)).objects).toEqual([
      ['discovery.k8s.io/v1', 'EndpointSlice', metadata, ['items', 0]],
      ['', 'Service', metadata, ['items', 1]],
    ]);
    const { objects } = await readStdin(JSON.stringify(slices));
    expect(objects[0]?.object).toEqual({
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata,
    });
  });

  test('does not give its kind to an item that has an apiVersion', async () => {
    const list = { apiVersion: 'v1', kind: 'ServiceList', items: [{ apiVersion: 'v1' }] };
    expect((await read(list)).diagnostics).toMatchObject([
      ['KindMissing', 'the object has no kind', ['items', 0, 'kind']],
    ]);
  });

  test.each([{}, { items: null }, { items: [] }])('may be empty: %j', async (fields) => {
    expect(await read({ kind: 'ServiceList', ...fields })).toEqual({
      objects: [],
      passedOver: {},
      diagnostics: [],
    });
  });

  test('keeps the fields of its items that other objects inherit', async () => {
    const text = '{"apiVersion":"v1","kind":"ServiceList","items":[{"__proto__":{"a":1},"constructor":2}]}';
    const [item] = (await readStdin(text)).objects;
    expect(Object.keys(item?.object ?? {}).sort()).toEqual([
      '__proto__',
      'apiVersion',
      'constructor',
      'kind',
    ]);
    expect(Object.getPrototypeOf(item?.object)).toBe(Object.prototype);
    expect('a' in (item?.object ?? {})).toBe(false);
  });
});
