import { describe, expect, test } from 'vitest';
import { ListResponse, MalformedList } from '../../src/input/list-response.ts';

const ITEMS = [
  { metadata: { name: 'a', annotations: { note: '"items":[{}]}' } }, list: [[], [{}]] },
  {},
  { metadata: { name: 'b' }, text: 'ends in a backslash \\', other: '] } "' },
  { metadata: { name: 'größe-漢字-🚢' } },
];
const LIST = {
  kind: 'ServiceList',
  apiVersion: 'v1',
  metadata: { resourceVersion: '1', continue: 'tökén', odd: ['"items":[', { items: [{}] }] },
  items: ITEMS,
};

function read(text: string, size: number): { items: readonly unknown[]; end: unknown } {
  const bytes = Buffer.from(text);
  const response = new ListResponse();
  for (let at = 0; at < bytes.length; at += size) response.push(bytes.subarray(at, at + size));
  const end = response.end();
  return { items: response.items, end };
}

describe('a list', () => {
  const end = { apiVersion: 'v1', resourceVersion: '1', continueToken: 'tökén' };

  test.each([1, 2, 3, 7, 64, 1000])('is taken apart in pieces of %i bytes', (size) => {
    expect(read(JSON.stringify(LIST), size)).toEqual({ items: ITEMS, end });
    expect(read(JSON.stringify(LIST, null, 2), size)).toEqual({ items: ITEMS, end });
  });

  test('may have its items before its kind', () => {
    const { items, kind, apiVersion, metadata } = LIST;
    const { items: read1 } = read(JSON.stringify({ items, apiVersion, metadata, kind }), 5);
    expect(read1).toEqual(ITEMS);
  });

  test.each([[[]], [null]])('may be empty: %j', (items) => {
    const text = JSON.stringify({ kind: 'NodeList', apiVersion: 'v1', metadata: {}, items });
    expect(read(text, 4)).toEqual({
      items: [],
      end: { apiVersion: 'v1', resourceVersion: '', continueToken: '' },
    });
  });

  test('that ends too early is refused, wherever it ends', () => {
    const text = Buffer.from(JSON.stringify(LIST)).toString('latin1');
    for (let length = 0; length < text.length; length++) {
      const part = Buffer.from(text.slice(0, length), 'latin1').toString('utf8');
      expect(() => read(part, 16), part).toThrow(MalformedList);
    }
  });

  test.each([
    ['no JSON', 'Error: something'],
    ['a Status', '{"kind":"Status","apiVersion":"v1","items":[]}'],
    ['no items', '{"kind":"ServiceList","apiVersion":"v1","metadata":{}}'],
    ['items that are no list', '{"kind":"ServiceList","apiVersion":"v1","items":{}}'],
    ['items that are no objects', '{"kind":"ServiceList","apiVersion":"v1","items":[{},1]}'],
    ['items that are lists', '{"kind":"ServiceList","apiVersion":"v1","items":[[]]}'],
    ['a comma missing', '{"kind":"ServiceList","apiVersion":"v1","items":[{}{}]}'],
    ['an item that is no JSON', '{"kind":"ServiceList","apiVersion":"v1","items":[{a:1}]}'],
    ['text behind it', '{"kind":"ServiceList","apiVersion":"v1","items":[]}{}'],
  ])('%s is refused', (_, text) => {
    expect(() => read(text, 8)).toThrow(MalformedList);
  });
});
