/**
 * Follows manifests. In: what `-f` names. Out: an update at first, then one whenever files have changed and stand still.
 *
 * Files are looked at, not listened to: that works on every file system, with editors that replace files, and with folders
 * whose links are switched, as the kubelet's are.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { listInputs } from '../input/list-inputs.ts';
import { type InputRequest, readInput } from '../input/read-input.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { InputUpdate, WatchOptions } from './input-update.ts';

/** @throws OperationalError where the files cannot be read at first; later that is trouble that may pass. */
export async function* followFiles(
  request: InputRequest,
  { period, signal, onTrouble }: WatchOptions,
): AsyncGenerator<InputUpdate> {
  let read = signature(request);
  const first = await readInput(request);
  yield { source: () => first, changes: undefined };
  let isTroubled = false;
  let before = read;
  while (!signal.aborted) {
    await sleep(period, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    try {
      const now = signature(request);
      const isStill = now === before;
      before = now;
      if (!isStill || now === read) continue;
      const source = await readInput(request);
      // Somebody is writing: what was read may be half of it.
      if (signature(request) !== now) continue;
      read = now;
      if (isTroubled) onTrouble(undefined);
      isTroubled = false;
      yield { source: () => source, changes: undefined };
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      if (!isTroubled) onTrouble(error.message);
      isTroubled = true;
    }
  }
}

/** Differs where a file is another one, or has been written to. */
function signature({ filenames, recursive }: InputRequest): string {
  const describe = (name: string) => {
    const stats = statSync(name, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? `${name} -` : `${name} ${stats.ino} ${stats.size} ${stats.mtimeNs}`;
  };
  return listInputs(filenames, recursive).map(describe).join('\n');
}
