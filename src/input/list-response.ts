/**
 * Takes a List of the API apart while it arrives. In: the bytes of `{"kind":"ServiceList", … "items":[…]}` in pieces.
 * Out: its items, and the token of the next page.
 *
 * An API server may answer with all objects at once, whatever limit it is given. So each item is parsed when its last
 * byte is there, while kubectl fetches the next ones, and the text of the whole list is never held.
 */

export type Item = Readonly<Record<string, unknown>>;

export interface ListEnd {
  readonly apiVersion: string;
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continueToken: string;
}

/** The bytes are no List, or not all of one. */
export class MalformedList extends Error {
  override readonly name = 'MalformedList';
}

/** What stands around the items is a few hundred bytes, and three for each item. */
const ENVELOPE_LIMIT = 1 << 26;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;

export class ListResponse {
  readonly items: Item[] = [];
  /** All but the items, each of which left a `0` behind: short, and valid JSON at the end. A character is a byte. */
  private envelope = '';
  /** The beginning of an item whose end is in a later piece. */
  private readonly pending: Uint8Array[] = [];
  private inString = false;
  private escaped = false;
  private inItems = false;
  /** Open braces and brackets outside of `items`. */
  private depth = 0;
  /** Those within the item, 0 between items. */
  private itemDepth = 0;

  /** @throws MalformedList where an item is no JSON. */
  push(chunk: Uint8Array): void {
    const end = chunk.length;
    let start = 0;
    let at = this.inString ? this.skipString(chunk, 0) : 0;
    while (at < end) {
      const byte = chunk[at++] as number;
      if (byte === QUOTE) at = this.skipString(chunk, at);
      // Brackets become braces so.
      else if ((byte | 0x20) === OPEN_BRACE) {
        if (!this.inItems) this.openEnvelope(byte, chunk.subarray(start, at));
        else if (this.itemDepth++ === 0) {
          this.envelope += decode(chunk.subarray(start, at - 1), 'latin1');
          start = at - 1;
        }
      } else if ((byte | 0x20) === CLOSE_BRACE) {
        if (this.itemDepth === 0) {
          this.depth--;
          this.inItems = false;
        } else if (--this.itemDepth === 0) {
          this.finishItem(chunk.subarray(start, at));
          start = at;
        }
      }
    }
    if (this.itemDepth > 0) this.pending.push(chunk.subarray(start));
    else this.envelope += decode(chunk.subarray(start), 'latin1');
    if (this.envelope.length > ENVELOPE_LIMIT) throw new MalformedList('the answer is no list');
  }

  /** From within a string to behind its closing quote, or to the end of the piece. */
  private skipString(chunk: Uint8Array, from: number): number {
    const end = chunk.length;
    let at = this.escaped ? from + 1 : from;
    while (at < end) {
      const byte = chunk[at++] as number;
      if (byte === QUOTE) {
        this.inString = false;
        this.escaped = false;
        return at;
      }
      if (byte === BACKSLASH) at++;
    }
    this.inString = true;
    this.escaped = at > end;
    return end;
  }

  /** @throws MalformedList where the list is not complete. */
  end(): ListEnd {
    if (this.depth > 0 || this.itemDepth > 0 || this.inString)
      throw new MalformedList('the list ends too early');
    const envelope = parseObject(Buffer.from(this.envelope, 'latin1').toString('utf8'));
    const { kind, apiVersion, metadata, items } = envelope;
    const isList = typeof kind === 'string' && kind.endsWith('List') && typeof apiVersion === 'string';
    if (!isList) throw new MalformedList('the answer is no list');
    const count = items === null ? 0 : Array.isArray(items) ? items.length : -1;
    if (count !== this.items.length) throw new MalformedList('the list has items that are no objects');
    const { continue: token, resourceVersion } = (metadata ?? {}) as Record<string, unknown>;
    const textOf = (value: unknown) => (typeof value === 'string' ? value : '');
    return { apiVersion, resourceVersion: textOf(resourceVersion), continueToken: textOf(token) };
  }

  private openEnvelope(byte: number, unread: Uint8Array): void {
    this.depth++;
    if (byte !== OPEN_BRACKET || this.depth !== 2) return;
    this.inItems = /(?<!\\)"items"\s*:\s*\[$/.test(this.envelope + decode(unread, 'latin1'));
  }

  private finishItem(last: Uint8Array): void {
    const bytes = this.pending.length === 0 ? last : Buffer.concat([...this.pending, last]);
    this.pending.length = 0;
    this.items.push(parseObject(decode(bytes, 'utf8')));
    this.envelope += '0';
  }
}

function decode(bytes: Uint8Array, encoding: 'latin1' | 'utf8'): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding);
}

function parseObject(text: string): Item {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedList('it is not valid JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MalformedList('the list has items that are no objects');
  }
  return value as Item;
}
