/** The streams and the environment that a run of the command line works with. */
import type { Readable, Writable } from 'node:stream';
import { OperationalError } from '../shared/operational-error.ts';

export interface CommandIO {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** From the first call on, SIGINT and SIGTERM abort this signal instead of ending the process. */
  readonly untilStopped: () => AbortSignal;
}

/** The reader of stdout has gone away (`| head`): nothing more to do, and nothing wrong. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

/**
 * Writes text piece by piece, waiting where the reader is slower.
 * @throws OutputClosed where the reader has closed its end, OperationalError where it takes no more.
 */
export async function writeAll(
  stream: Writable,
  pieces: Iterable<string>,
  encoding: 'utf8' | 'latin1' = 'utf8',
): Promise<void> {
  for (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      stream.write(piece, encoding, (error) => {
        if (!error) resolve();
        else reject(failureOf(error));
      });
    });
  }
}

function failureOf(cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'EPIPE') return new OutputClosed('stdout was closed');
  const reason = cause.code === 'ENOSPC' ? 'no space is left' : cause.message;
  return new OperationalError(`cannot write to stdout: ${reason}`, { cause });
}
