/**
 * Reads a tar archive while it arrives. In: its bytes in pieces. Out: its regular files, one after the other; all else
 * is named and passed over. Nothing is written, and no link is followed.
 *
 * Mirrors POSIX.1-2001 (ustar and pax) and what GNU tar adds: long names, sizes in base 256.
 */
import { limits } from '../input/limits.ts';

export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: Buffer }
  | { readonly kind: 'directory'; readonly path: string }
  /** `reason` completes "it is …". */
  | { readonly kind: 'passedOver'; readonly path: string; readonly reason: string };

/** The bytes are no archive, or not all of one. */
export class MalformedTar extends Error {
  override readonly name = 'MalformedTar';
}

const BLOCK = 512;

/** Names of files are no longer; an extended header may hold more than a name. */
const MAX_HEADER_BYTES = 1 << 20;

interface Header {
  readonly name: string;
  readonly size: number;
  readonly type: string;
}

/** What extended headers say of the entry behind them. */
interface Extension {
  path?: string;
  size?: number;
  isSparse?: boolean;
}

/**
 * @param canHold whether a file of that many bytes may be held in memory
 * @throws MalformedTar; what the pieces throw.
 */
export async function* readTar(
  pieces: AsyncIterable<Uint8Array>,
  canHold: (size: number) => boolean,
): AsyncGenerator<TarEntry> {
  const source = new ByteSource(pieces);
  let extension: Extension = {};
  for (let isFirst = true; ; isFirst = false) {
    const block = await source.take(BLOCK);
    if (block === undefined) throw new MalformedTar(isFirst ? 'it is no tar archive' : 'its end is missing');
    if (block.every((byte) => byte === 0)) {
      if (isFirst) throw new MalformedTar('it is empty');
      // Of a compressed archive, what comes last is the checksum.
      await source.skipAll();
      return;
    }
    const header = parseHeader(block);
    if (header === undefined) throw new MalformedTar(isFirst ? 'it is no tar archive' : 'it is damaged');
    if ('xgLK'.includes(header.type)) {
      const text = await readExtension(source, header);
      if (header.type === 'x') extension = { ...extension, ...parsePax(text) };
      if (header.type === 'L') extension.path = text.toString('utf8').replace(/\0.*$/s, '');
      continue;
    }
    const { path = header.name, isSparse = false } = extension;
    const size = extension.size ?? header.size;
    extension = {};
    yield await readEntry(source, { path, size, isSparse, type: header.type }, canHold);
  }
}

async function readExtension(source: ByteSource, { size }: Header): Promise<Buffer> {
  if (size > MAX_HEADER_BYTES) throw new MalformedTar('it has a header that is too large');
  const bytes = await source.take(size);
  if (bytes === undefined) throw new MalformedTar('its end is missing');
  await skip(source, padding(size));
  return bytes;
}

async function readEntry(
  source: ByteSource,
  {
    path: name,
    size,
    isSparse,
    type,
  }: { readonly path: string; readonly size: number; readonly isSparse: boolean; readonly type: string },
  canHold: (size: number) => boolean,
): Promise<TarEntry> {
  const path = innerPath(name);
  const isFile = type === '0' || type === '\0' || type === '7';
  // Before ustar a directory was a file whose name ends so.
  const isDirectory = type === '5' || (isFile && name.endsWith('/'));
  // Links and devices have no content, whatever size they name.
  const content = /[1-6]/.test(type) ? 0 : size;
  const whyNot =
    path === undefined
      ? 'named so that it would lie outside of the archive'
      : isSparse || !isFile
        ? (OTHER_TYPES.get(type) ?? 'no regular file')
        : canHold(content) && content <= limits().fileBytes
          ? undefined
          : 'too large';
  if (isDirectory && path !== undefined) {
    await skip(source, content + padding(content));
    return { kind: 'directory', path };
  }
  if (whyNot !== undefined || path === undefined) {
    await skip(source, content + padding(content));
    return { kind: 'passedOver', path: path ?? name, reason: whyNot ?? '' };
  }
  const bytes = await source.take(content);
  if (bytes === undefined) throw new MalformedTar('its end is missing');
  await skip(source, padding(content));
  return { kind: 'file', path, bytes };
}

const OTHER_TYPES: ReadonlyMap<string, string> = new Map([
  ['1', 'a link'],
  ['2', 'a symbolic link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a FIFO'],
  ['0', 'a sparse file'],
  ['S', 'a sparse file'],
]);

/** Without `.` and doubled slashes; undefined where it is absolute or goes up. */
export function innerPath(name: string): string | undefined {
  if (name.startsWith('/') || name.includes('\0')) return undefined;
  const steps = name.split('/').filter((step) => step !== '' && step !== '.');
  return steps.includes('..') ? undefined : steps.join('/');
}

async function skip(source: ByteSource, count: number): Promise<void> {
  if (!(await source.skip(count))) throw new MalformedTar('its end is missing');
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** Undefined where the checksum is wrong. */
function parseHeader(block: Buffer): Header | undefined {
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 0x20 : byte), 0);
  const size = parseNumber(block.subarray(124, 136));
  if (sum !== parseNumber(block.subarray(148, 156)) || size === undefined) return undefined;
  const name = parseString(block.subarray(0, 100));
  // GNU's own form, `ustar  `, has other fields there.
  const prefix =
    block.toString('latin1', 257, 263) === 'ustar\0' ? parseString(block.subarray(345, 500)) : '';
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    size,
    type: String.fromCharCode(block[156] as number),
  };
}

function parseString(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Octal digits, or base 256 where the first bit is set. */
function parseNumber(field: Buffer): number | undefined {
  const first = field[0] as number;
  if (first === 0x80) {
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1];
  return digits === undefined ? undefined : Number.parseInt(`0${digits}`, 8);
}

/** Records of the form `LENGTH KEY=VALUE\n`, whose length counts all of it. */
function parsePax(bytes: Buffer): Extension {
  const extension: Extension = {};
  for (let at = 0; at < bytes.length; ) {
    const length = Number(/^(\d{1,7}) /.exec(bytes.toString('latin1', at, at + 8))?.[1]);
    const record = bytes.toString('utf8', at, at + length - 1);
    const [, key, value = ''] = /^\d+ ([^=]+)=(.*)$/s.exec(record) ?? [];
    if (key === undefined || at + length > bytes.length) throw new MalformedTar('it has a damaged header');
    if (key === 'path') extension.path = value;
    if (key === 'size') {
      if (!/^\d{1,15}$/.test(value)) throw new MalformedTar('it has a damaged header');
      extension.size = Number(value);
    }
    if (key.startsWith('GNU.sparse.')) extension.isSparse = true;
    at += length;
  }
  return extension;
}

/** Gives bytes in the portions that are asked for. */
class ByteSource {
  private readonly pieces: AsyncIterator<Uint8Array>;
  private held: Uint8Array = new Uint8Array(0);

  constructor(pieces: AsyncIterable<Uint8Array>) {
    this.pieces = pieces[Symbol.asyncIterator]();
  }

  /** Undefined where fewer bytes are left. */
  async take(count: number): Promise<Buffer | undefined> {
    // Allocated as the bytes arrive, since a damaged header may ask for any number.
    const parts: Uint8Array[] = [];
    for (let missing = count; missing > 0; ) {
      const part = await this.next(missing);
      if (part === undefined) return undefined;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** False where fewer bytes are left. */
  async skip(count: number): Promise<boolean> {
    for (let missing = count; missing > 0; ) {
      const part = await this.next(missing);
      if (part === undefined) return false;
      missing -= part.length;
    }
    return true;
  }

  async skipAll(): Promise<void> {
    while ((await this.next(Number.MAX_SAFE_INTEGER)) !== undefined);
  }

  /** At least one byte and at most `limit`. */
  private async next(limit: number): Promise<Uint8Array | undefined> {
    while (this.held.length === 0) {
      const { value, done } = await this.pieces.next();
      if (done) return undefined;
      this.held = value;
    }
    const part = this.held.subarray(0, limit);
    this.held = this.held.subarray(part.length);
    return part;
  }
}
