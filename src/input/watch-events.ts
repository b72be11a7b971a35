/**
 * Takes the events of a watch apart while they arrive. In: the bytes of `{"type":"ADDED","object":{…}}`, an event a line, in
 * pieces. Out: the events of complete lines.
 */
import type { Item } from './list-response.ts';

export type WatchEvent =
  /** There is such an object now, whether it is new or not. */
  | { readonly kind: 'present'; readonly object: Item }
  | { readonly kind: 'gone'; readonly object: Item }
  /** Nothing more has happened until this moment. */
  | { readonly kind: 'bookmark'; readonly object: Item }
  /** A Status of the API; no event follows. */
  | { readonly kind: 'error'; readonly object: Item };

/** The stream is no watch, or a line of it is broken. */
export class MalformedWatch extends Error {
  override readonly name = 'MalformedWatch';
}

const LINE_FEED = 0x0a;
/** An object has at most a few MB: etcd takes no more. */
const LINE_LIMIT = 1 << 26;

const KINDS: Readonly<Record<string, WatchEvent['kind']>> = {
  ADDED: 'present',
  MODIFIED: 'present',
  DELETED: 'gone',
  BOOKMARK: 'bookmark',
  ERROR: 'error',
};

export class WatchEvents {
  /** The beginning of a line whose end is in a later piece; where there is none, it was cut off and says nothing. */
  private pending: Uint8Array[] = [];
  private pendingLength = 0;

  /** @throws MalformedWatch at the first line that is no event; what stands before it has been given. */
  *push(chunk: Uint8Array): Generator<WatchEvent> {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      const line = Buffer.concat([...this.pending, chunk.subarray(start, end)]).toString('utf8');
      this.pending = [];
      this.pendingLength = 0;
      start = end + 1;
      if (line.trim() !== '') yield parseEvent(line);
    }
    this.pending.push(chunk.subarray(start));
    this.pendingLength += chunk.length - start;
    if (this.pendingLength > LINE_LIMIT)
      throw new MalformedWatch('an event is longer than any object can be');
  }
}

function parseEvent(line: string): WatchEvent {
  let event: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    event = JSON.parse(line);
  } catch (cause) {
    throw new MalformedWatch('an event is not valid JSON', { cause });
  }
  const { type, object } = event ?? {};
  const kind = typeof type === 'string' && Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
  if (kind === undefined || typeof object !== 'object' || object === null || Array.isArray(object)) {
    throw new MalformedWatch('a line is no event');
  }
  return { kind, object: object as Item };
}
