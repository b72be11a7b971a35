/** Writes artifacts into a folder; each file appears whole or not at all. */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Artifact } from '../backends/backend.ts';
import { OperationalError } from '../shared/operational-error.ts';

/** @throws OperationalError where the folder cannot be written. */
export async function writeArtifacts(
  folder: string,
  artifacts: readonly Pick<Artifact, 'name' | 'text'>[],
): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const artifact of artifacts) await writeAtomically(join(folder, artifact.name), artifact.text());
  } catch (cause) {
    throw new OperationalError(`cannot write into ${folder}: ${(cause as Error).message}`, { cause });
  }
}

async function writeAtomically(path: string, pieces: Iterable<string>): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, 'w');
  try {
    try {
      for (const piece of pieces) await file.write(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
