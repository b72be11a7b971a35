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
const CLOSE_BRACKET = 0x5d;

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
    let start = 0;
    let inString = this.inString;
    let escaped = this.escaped;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
        if (!this.inItems) this.openEnvelope(byte, chunk.subarray(start, at + 1));
        else if (this.itemDepth++ === 0) {
          this.envelope += latin1(chunk.subarray(start, at));
          start = at;
        }
      } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.itemDepth === 0) {
          this.depth--;
          this.inItems = false;
        } else if (--this.itemDepth === 0) {
          this.finishItem(chunk.subarray(start, at + 1));
          start = at + 1;
        }
      }
    }
    this.inString = inString;
    this.escaped = escaped;
    if (this.itemDepth > 0) this.pending.push(chunk.subarray(start));
    else this.envelope += latin1(chunk.subarray(start));
    if (this.envelope.length > ENVELOPE_LIMIT) throw new MalformedList('the answer is no list');
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
    const { continue: token } = (metadata ?? {}) as Record<string, unknown>;
    return { apiVersion, continueToken: typeof token === 'string' ? token : '' };
  }

  private openEnvelope(byte: number, unread: Uint8Array): void {
    this.depth++;
    if (byte !== OPEN_BRACKET || this.depth !== 2) return;
    this.inItems = /(?<!\\)"items"\s*:\s*\[$/.test(this.envelope + latin1(unread));
  }

  private finishItem(bytes: Uint8Array): void {
    this.pending.push(bytes);
    this.items.push(parseObject(Buffer.concat(this.pending).toString('utf8')));
    this.pending.length = 0;
    this.envelope += '0';
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
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
