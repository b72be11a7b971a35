/**
 * In: the name of a file, or the bytes of standard input. Out: the bytes as UTF-8, now and again later. Regular files
 * are read again when asked for; what cannot be read twice (pipes, standard input) is kept.
 */
import {
  type BigIntStats,
  closeSync,
  constants,
  createReadStream,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { OperationalError } from '../shared/operational-error.ts';
import { limits } from './limits.ts';
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

/** Undefined for what is larger than the limit of a file. */
export type OpenedInput = StoredInput | undefined;

/**
 * Opens a regular file or reads a pipe or device to its end.
 *
 * @throws OperationalError
 */
export async function openInput(name: string): Promise<OpenedInput> {
  try {
    const stats = statSync(name, { bigint: true });
    if (!stats.isFile()) return await keepInput(name, createReadStream(name));
    if (stats.size === 0n) await waitUntilSettled(stats);
    if (stats.size > limits().fileBytes) return undefined;
    const file = openRegularFile(name, stats);
    // Positions in UTF-16 are of no use to anybody who reads UTF-8.
    return isUtf16(file.read(0, 2)) ? holdBytes(name, file.read(0)) : file;
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** Whoever writes a file anew empties it first: one emptied just now is given time to change, which is then noticed. */
async function waitUntilSettled(stats: BigIntStats): Promise<void> {
  const age = Date.now() - Number(stats.mtimeMs);
  if (Math.abs(age) < SETTLING_MS) await setTimeout(SETTLING_MS);
}

const SETTLING_MS = 100;

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
      if (length > limits().fileBytes) return undefined;
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

function openRegularFile(name: string, stats: BigIntStats): StoredInput {
  return {
    name,
    read: (start, end) => {
      try {
        return readUnchanged(name, stats, start, end);
      } catch (error) {
        throw unreadable(name, error);
      }
    },
  };
}

/**
 * Bytes of the file that was looked at first. One that is written to, cut or replaced meanwhile is refused: half of the old
 * and half of the new may well be a document that nobody wrote.
 */
function readUnchanged(name: string, first: BigIntStats, start: number, end: number | undefined): Buffer {
  // Whatever has taken the file's place, a FIFO perhaps, is not waited for.
  const descriptor = openSync(name, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    refuseChanged(first, descriptor);
    // To the end, even of files that do not know their size, such as those of procfs.
    const bytes =
      first.size === 0n
        ? readFileSync(descriptor).subarray(start, end)
        : readPart(descriptor, start, end ?? Number(first.size));
    refuseChanged(first, descriptor);
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}

/** Those of procfs are written anew whenever somebody looks. */
function refuseChanged(first: BigIntStats, descriptor: number): void {
  const now = fstatSync(descriptor, { bigint: true });
  const isWritten = now.size !== first.size || (now.mtimeNs !== first.mtimeNs && first.size > 0n);
  if (now.ino !== first.ino || now.dev !== first.dev || isWritten)
    throw new Error('it has changed meanwhile');
}

function readPart(descriptor: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  let length = 0;
  while (length < bytes.length) {
    const count = readSync(descriptor, bytes, length, bytes.length - length, start + length);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
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
