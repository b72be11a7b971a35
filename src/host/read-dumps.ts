/** In: the files that `--dump` names, or standard input. Out: the one host whose rules they hold. */

import { MAX_FILE_BYTES } from '../input/limits.ts';
import { STDIN } from '../input/list-inputs.ts';
import { keepInput, openInput } from '../input/stored-input.ts';
import { OperationalError } from '../shared/operational-error.ts';
import {
  assembleHost,
  Budget,
  type DumpFile,
  decodeDump,
  recogniseDump,
  sourceName,
  tooLarge,
} from './dump-files.ts';
import type { HostState } from './host-state.ts';
import { KNOWN_OUTPUTS } from './recognise.ts';

/**
 * Reads dumps of one host, each recognised by what it holds; gzip is unpacked.
 * @param names of files; `-`, at most once, is `stdin`.
 * @throws OperationalError where one cannot be read, is no dump or is not complete, and where they contradict each other.
 */
export async function readDumps(
  names: readonly string[],
  stdin: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<HostState> {
  if (names.filter((name) => name === STDIN).length > 1) {
    throw new OperationalError('standard input can be read only once: give "-" one time');
  }
  const files: DumpFile[] = [];
  for (const name of names) {
    const input = await (name === STDIN ? keepInput(STDIN, stdin) : openInput(name));
    if (input === undefined) throw tooLarge(name);
    files.push(await readDump(input.read(0), name));
  }
  return assembleHost(files);
}

async function readDump(bytes: Buffer, name: string): Promise<DumpFile> {
  const budget = new Budget(MAX_FILE_BYTES, `${sourceName(name)} is too large when it is unpacked`);
  const dump = recogniseDump(await decodeDump(bytes, name, budget), name);
  switch (dump.kind) {
    case 'outputs':
      return dump;
    case 'unknown':
      throw new OperationalError(
        `${sourceName(name)} is no dump: ${dump.reason}; expected is ${KNOWN_OUTPUTS}`,
      );
    case 'incomplete':
      throw new OperationalError(`the dump ${sourceName(name)} is not complete: ${dump.reason}`);
  }
}
