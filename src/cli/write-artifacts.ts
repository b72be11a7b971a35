/**
 * Writes artifacts into a folder. All are written beside the old ones before the first takes its place: each file appears
 * whole or not at all, and where the disk is full, none does.
 */
import { rmSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../backends/backend.ts';
import { OperationalError } from '../shared/operational-error.ts';

/** @throws OperationalError where the folder cannot be written. */
export async function writeArtifacts(
  folder: string,
  artifacts: readonly Pick<Artifact, 'name' | 'text'>[],
): Promise<void> {
  const temporaries: string[] = [];
  const removeAll = () => {
    for (const path of temporaries) rmSync(path, { force: true });
  };
  const ignoreSignals = beforeSignalsEnd(removeAll);
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, text } of artifacts) {
      const temporary = join(folder, `${name}.${process.pid}.tmp`);
      temporaries.push(temporary);
      await writeWhole(temporary, text());
    }
    for (const [i, { name }] of artifacts.entries())
      await rename(temporaries[i] as string, join(folder, name));
  } catch (cause) {
    throw new OperationalError(`cannot write into ${folder}: ${(cause as Error).message}`, { cause });
  } finally {
    removeAll();
    ignoreSignals();
  }
}

async function writeWhole(path: string, pieces: Iterable<string>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const piece of pieces) await file.write(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/**
 * Acts before a signal ends the process, which then ends by that signal, as whoever sent it expects. A watch takes the first
 * signal for itself and ends when this has been written.
 * @returns what takes this back.
 */
function beforeSignalsEnd(act: () => void): () => void {
  const takenBack = SIGNALS.map((signal) => {
    let isAwaited = process.listenerCount(signal) > 0;
    const listener = () => {
      if (isAwaited) {
        isAwaited = false;
        return;
      }
      process.removeListener(signal, listener);
      act();
      process.kill(process.pid, signal);
    };
    process.on(signal, listener);
    return () => process.removeListener(signal, listener);
  });
  return () => {
    for (const takeBack of takenBack) takeBack();
  };
}
