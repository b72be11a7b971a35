/** The events of a watch, however the bytes arrive. */
import { describe, expect, test } from 'vitest';
import { MalformedWatch, type WatchEvent, WatchEvents } from '../../src/input/watch-events.ts';

const object = (name: string, resourceVersion: string) => ({ metadata: { name, resourceVersion } });
const line = (type: string, value: unknown) => `${JSON.stringify({ type, object: value })}\n`;

const TEXT =
  line('ADDED', object('wéb', '8')) +
  line('MODIFIED', object('wéb', '9')) +
  '\n' +
  line('BOOKMARK', object('', '10')) +
  line('DELETED', object('wéb', '11')) +
  line('ERROR', { kind: 'Status', code: 410 });

function read(text: string, size: number): WatchEvent[] {
  const bytes = Buffer.from(text);
  const events = new WatchEvents();
  const read: WatchEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) read.push(...events.push(bytes.subarray(at, at + size)));
  return read;
}

describe('a watch', () => {
  test.each([1, 2, 7, 1000])('is read in pieces of %i bytes', (size) => {
    expect(read(TEXT, size)).toEqual([
      { kind: 'present', object: object('wéb', '8') },
      { kind: 'present', object: object('wéb', '9') },
      { kind: 'bookmark', object: object('', '10') },
      { kind: 'gone', object: object('wéb', '11') },
      { kind: 'error', object: { kind: 'Status', code: 410 } },
    ]);
  });

  test('that is cut off has the events of its complete lines, wherever it is cut', () => {
    const bytes = Buffer.from(TEXT);
    for (let end = 0; end <= bytes.length; end++) {
      const complete = bytes.subarray(0, end).toString('latin1').split('\n').slice(0, -1);
      const count = complete.filter((each) => each !== '').length;
      expect([...new WatchEvents().push(bytes.subarray(0, end))], `cut at ${end}`).toHaveLength(count);
    }
  });

  test.each([
    '{"type":"ADDED"',
    'null',
    '7',
    '{}',
    '{"type":"NEW","object":{}}',
    '{"type":"ADDED","object":[]}',
  ])('with the line %s is broken, and what stands before it counts', (broken) => {
    const taken: WatchEvent[] = [];
    const take = () => {
      const text = `${line('ADDED', object('web', '8'))}${broken}\n${line('DELETED', object('web', '9'))}`;
      for (const event of new WatchEvents().push(Buffer.from(text))) taken.push(event);
    };
    expect(take).toThrow(MalformedWatch);
    expect(taken).toEqual([{ kind: 'present', object: object('web', '8') }]);
  });
});
