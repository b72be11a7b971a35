/**
 * In: the name of a file, or the bytes of standard input. Out: the bytes as UTF-8, now and again later. Regular files
 * are read again when asked for; what cannot be read twice (pipes, standard input) is kept.
 */
import {
  closeSync,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { OperationalError } from '../shared/operational-error.ts';
import { MAX_FILE_BYTES } from './limits.ts';
import { quote } from './quote.ts';

export interface StoredInput {
  /** As the user named it, `-` for standard input. */
  readonly name: string;
  /**
   * Bytes from `start` to `end`, or to the end of the input.
   *
   * @throws OperationalError when the file has gone or has changed since it was first looked at
   */
  readonly read: (start: number, end?: number) => Buffer;
}

/** Undefined for what is larger than `MAX_FILE_BYTES`. */
export type OpenedInput = StoredInput | undefined;

/**
 * Opens a regular file or reads a pipe or device to its end.
 *
 * @throws OperationalError
 */
export async function openInput(name: string): Promise<OpenedInput> {
  try {
    const stats = statSync(name);
    if (!stats.isFile()) return await keepInput(name, createReadStream(name));
    if (stats.size > MAX_FILE_BYTES) return undefined;
    const file = openRegularFile(name, stats);
    // Positions in UTF-16 are of no use to anybody who reads UTF-8.
    return isUtf16(file.read(0, 2)) ? holdBytes(name, file.read(0)) : file;
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Reads a stream to its end, or up to the limit. */
export async function keepInput(
  name: string,
  stream: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<OpenedInput> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > MAX_FILE_BYTES) return undefined;
    }
  } catch (error) {
    throw unreadable(name, error);
  }
  return holdBytes(name, Buffer.concat(chunks));
}

/** `cannot read "web.yaml": it does not exist` */
export function unreadable(name: string, cause: unknown): OperationalError {
  if (cause instanceof OperationalError) return cause;
  const what = name === '-' ? 'standard input' : quote(name);
  return new OperationalError(`cannot read ${what}: ${reasonOf(cause)}`, { cause });
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'it does not exist';
    case 'ENOTDIR':
      return 'a part of the path is no directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a directory';
    case 'ELOOP':
      return 'its symbolic links form a loop';
    default:
      return cause instanceof Error ? cause.message : String(cause);
  }
}

function openRegularFile(name: string, stats: Stats): StoredInput {
  return {
    name,
    read: (start, end) => {
      try {
        // To the end, even of files that do not know their size, such as those of procfs.
        if (start === 0 && end === undefined) return readFileSync(name);
        return readPart(name, stats, start, end ?? stats.size);
      } catch (error) {
        throw unreadable(name, error);
      }
    },
  };
}

function readPart(name: string, { size, mtimeMs }: Stats, start: number, end: number): Buffer {
  const descriptor = openSync(name, 'r');
  try {
    const now = fstatSync(descriptor);
    if (now.size !== size || now.mtimeMs !== mtimeMs) throw new Error('it has changed meanwhile');
    const bytes = Buffer.alloc(Math.max(0, end - start));
    let length = 0;
    while (length < bytes.length) {
      const count = readSync(descriptor, bytes, length, bytes.length - length, start + length);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(descriptor);
  }
}

function holdBytes(name: string, bytes: Buffer): StoredInput {
  const held = isUtf16(bytes) ? fromUtf16(bytes) : bytes;
  return { name, read: (start, end) => held.subarray(start, end) };
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
}

/** An incomplete or lone half of a character becomes a byte that is no UTF-8 and is refused as such later. */
function fromUtf16(bytes: Buffer): Buffer {
  const even = Buffer.from(bytes.subarray(2, bytes.length - (bytes.length % 2)));
  const text = (bytes[0] === 0xff ? even : even.swap16()).toString('utf16le');
  const utf8 = /\p{Surrogate}/u.test(text) ? encodeIllFormed(text) : Buffer.from(text);
  return bytes.length % 2 === 0 ? utf8 : Buffer.concat([utf8, INVALID]);
}

const INVALID = Buffer.from([0xff]);

function encodeIllFormed(text: string): Buffer {
  const parts = text.split(/(\p{Surrogate})/u);
  return Buffer.concat(parts.map((part) => (/^\p{Surrogate}$/u.test(part) ? INVALID : Buffer.from(part))));
}
