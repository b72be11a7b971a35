/**
 * The files of a bundle. In: a directory or a tar archive. Out: its regular files, one after the other, by their paths
 * within it; what is passed over, with the reason.
 */
import { closeSync, createReadStream, openSync, readdirSync, readSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { quote } from '../input/quote.ts';
import { openInput, unreadable } from '../input/stored-input.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { compareStrings } from '../shared/ordering.ts';
import { type Budget, isGzip, otherCompression } from './dump-files.ts';
import { MalformedTar, readTar, type TarEntry } from './tar.ts';

/** Paths use `/`. */
export type BundleEntry = TarEntry;

/** Directories within each other. */
const MAX_DEPTH = 32;

/** @throws OperationalError where the bundle cannot be read to its end. */
export function listBundle(path: string, budget: Budget): AsyncIterable<BundleEntry> {
  let stats: Stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (stats.isDirectory()) return readDirectory(path, '', budget);
  if (!stats.isFile()) throw new OperationalError(`${quote(path)} is neither a directory nor a file`);
  return readArchive(path, budget);
}

async function* readDirectory(root: string, inner: string, budget: Budget): AsyncGenerator<BundleEntry> {
  const entries = listDirectory(join(root, inner));
  for (const entry of entries) {
    const path = inner === '' ? entry.name : `${inner}/${entry.name}`;
    if (entry.isDirectory()) {
      yield { kind: 'directory', path };
      if (path.split('/').length < MAX_DEPTH) yield* readDirectory(root, path, budget);
    } else if (entry.isFile()) yield await readFile(join(root, path), path, budget);
    else {
      // Whoever packed the bundle does not choose which files of this machine are read.
      const reason = entry.isSymbolicLink() ? 'a symbolic link' : 'no regular file';
      yield { kind: 'passedOver', path, reason };
    }
  }
}

function listDirectory(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((a, b) => compareStrings(a.name, b.name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function readFile(file: string, path: string, budget: Budget): Promise<BundleEntry> {
  const input = await openInput(file);
  if (input === undefined) return { kind: 'passedOver', path, reason: 'too large' };
  const bytes = input.read(0);
  budget.spend(bytes.length);
  return { kind: 'file', path, bytes };
}

async function* readArchive(path: string, budget: Budget): AsyncGenerator<BundleEntry> {
  const start = readStart(path);
  const other = otherCompression(start);
  if (other !== undefined) {
    throw new OperationalError(`${quote(path)} is packed with ${other}: unpack it first, or use gzip`);
  }
  const file = createReadStream(path);
  const unpack = isGzip(start) ? createGunzip() : undefined;
  // `pipe` hands on no errors.
  file.on('error', (error) => unpack?.destroy(error));
  const stream: AsyncIterable<Uint8Array> = unpack === undefined ? file : file.pipe(unpack);
  try {
    yield* readTar(counted(stream, budget), (size) => size <= budget.ofOneFile);
  } catch (error) {
    if (error instanceof OperationalError) throw error;
    if (error instanceof MalformedTar) {
      throw new OperationalError(`${quote(path)} cannot be read as a bundle: ${error.message}`, {
        cause: error,
      });
    }
    throw unreadable(path, error);
  } finally {
    file.destroy();
    unpack?.destroy();
  }
}

async function* counted(stream: AsyncIterable<Uint8Array>, budget: Budget): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    budget.spend(chunk.length);
    yield chunk;
  }
}

function readStart(path: string): Buffer {
  const start = Buffer.alloc(4);
  try {
    const descriptor = openSync(path, 'r');
    try {
      return start.subarray(0, readSync(descriptor, start));
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
}
