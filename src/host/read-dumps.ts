/** In: the files that `--dump` names, or standard input. Out: the one host whose rules they hold. */

import { limits } from '../input/limits.ts';
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
import { takeForOutputs } from './empty-outputs.ts';
import type { HostState, HostTool } from './host-state.ts';
import { KNOWN_OUTPUTS } from './recognise.ts';

/**
 * Reads dumps of one host, each recognised by what it holds; gzip is unpacked.
 * @param names of files; `-`, at most once, is `stdin`.
 * @param silent tools that may print nothing: empty files are taken for theirs. Where there are none, an empty file is an error.
 * @throws OperationalError where one cannot be read, is no dump or is not complete, and where they contradict each other.
 */
export async function readDumps(
  names: readonly string[],
  stdin: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  silent: readonly HostTool[] = [],
): Promise<HostState> {
  if (names.filter((name) => name === STDIN).length > 1) {
    throw new OperationalError('standard input can be read only once: give "-" one time');
  }
  const files: DumpFile[] = [];
  const empty: string[] = [];
  for (const name of names) {
    const input = await (name === STDIN ? keepInput(STDIN, stdin) : openInput(name));
    if (input === undefined) throw tooLarge(name);
    const budget = new Budget(limits().fileBytes, `${sourceName(name)} is too large when it is unpacked`);
    const text = await decodeDump(input.read(0), name, budget);
    if (text.trim() === '' && silent.length > 0) empty.push(name);
    else files.push(readDump(text, name));
  }
  const [first] = empty;
  if (files.length === 0 && first !== undefined) readDump('', first);
  return takeForOutputs(empty, silent, assembleHost(files));
}

function readDump(text: string, name: string): DumpFile {
  const dump = recogniseDump(text, name);
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
