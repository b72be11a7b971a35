/** What monitoring sees of `diff`: figures in a file, and a comparison that is made again and again. */
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { NodeAnswer } from '../../report/diff-nodes-text.ts';
import { diffPrometheus } from '../../report/diff-prometheus.ts';
import { plainText } from '../../report/plain-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import { writeArtifacts } from '../write-artifacts.ts';
import type { DiffOptions } from './diff-options.ts';

/** Writes the file that `--metrics` names: whole or not at all, because it may be read at any time. */
export async function writeMetrics(
  answers: readonly NodeAnswer[],
  { metrics }: Pick<DiffOptions, 'metrics'>,
): Promise<void> {
  if (metrics === undefined) return;
  const text = diffPrometheus(answers, Date.now());
  await writeArtifacts(dirname(metrics), [{ name: basename(metrics), text: () => [text] }]);
}

/**
 * Runs a comparison. Where it fails, the figures say so, and the old ones are gone: nobody takes them for new.
 * @param compare gives 2 where an object was refused
 */
export async function comparedOrNot(compare: () => Promise<number>, options: DiffOptions): Promise<number> {
  const failed = (reason: string) =>
    writeMetrics([{ kind: 'failed', node: options.node ?? '', reason }], options);
  const isOfMany = options.allNodes === true || options.bundle !== undefined;
  try {
    const status = await compare();
    if (status === 2 && !isOfMany) await failed('an object was refused');
    return status;
  } catch (error) {
    if (error instanceof OperationalError) await failed(error.message);
    throw error;
  }
}

/** Compares until it is stopped. What fails is said, and tried again. */
export async function compareEvery(
  period: number,
  compare: () => Promise<number>,
  io: CommandIO,
): Promise<number> {
  const stop = io.untilStopped();
  while (!stop.aborted) {
    try {
      await compare();
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error;
      io.stderr.write(`error: ${plainText(error.message)}\n`);
    }
    await setTimeout(period, undefined, { signal: stop }).catch(() => {});
  }
  return 0;
}
