/** Follows what `-f` names, or the live cluster, and acts on each update. */

import { type ClusterList, readLists } from '../input/read-cluster.ts';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { followCluster } from '../watch/follow-cluster.ts';
import { followFiles } from '../watch/follow-files.ts';
import type { InputUpdate } from '../watch/input-update.ts';
import type { CommandIO } from './io.ts';
import { besideConfiguration, inputRequest, isLive, kubectlOf, type LoadedNode } from './load-input.ts';
import type { ClusterOptions, InputOptions, WatchOptions } from './options.ts';

const DEFAULT_PERIOD = 1000;

type Options = InputOptions & ClusterOptions & WatchOptions;

export interface WatchedInput {
  readonly updates: AsyncIterable<InputUpdate>;
  /** kube-proxy's configuration, where the cluster tells it. */
  readonly proxyConfig: LoadedNode['proxyConfig'] | undefined;
}

/** @throws OperationalError where the input cannot be read at first. */
export async function watchInput(
  lists: readonly ClusterList[],
  options: Options,
  io: CommandIO,
): Promise<WatchedInput> {
  const onTrouble = (why: string | undefined) =>
    io.stderr.write(
      why === undefined
        ? 'note: the watch goes on\n'
        : `warning: ${plainText(why)}; until the watch goes on, changes may not be seen\n`,
    );
  const watch = { period: options.minSyncPeriod ?? DEFAULT_PERIOD, signal: io.untilStopped(), onTrouble };
  if (!isLive(options)) {
    return { updates: followFiles(inputRequest(options, io), watch), proxyConfig: undefined };
  }
  const kubectl = kubectlOf(options, io);
  const { read, proxyConfig } = await besideConfiguration(kubectl, (signal) =>
    readLists({ lists, kubectl, signal: AbortSignal.any([signal, watch.signal]) }),
  );
  return { updates: followCluster({ ...watch, lists: read, kubectl }), proxyConfig };
}

/** What an update has led to: new output, none, or objects that Kubernetes would refuse. */
export type UpdateResult = 'updated' | 'unchanged' | 'refused';

/**
 * Acts on each update until the watch is stopped. What goes wrong at first ends the command; what goes wrong later is said,
 * the output stays what it was, and the next update may be well again.
 * @returns the exit status
 */
export async function forEachUpdate(
  { updates }: WatchedInput,
  { exec }: WatchOptions,
  io: CommandIO,
  act: (update: InputUpdate, number: number) => Promise<UpdateResult>,
): Promise<number> {
  let number = 1;
  for await (const update of updates) {
    try {
      const result = await act(update, number);
      if (result === 'refused' && number === 1) return 2;
      if (result !== 'updated') continue;
      if (exec !== undefined) await runAfterUpdate(exec, number, io);
      number++;
    } catch (error) {
      if (number === 1 || !(error instanceof OperationalError)) throw error;
      io.stderr.write(`error: ${plainText(error.message)}\n`);
    }
  }
  return 0;
}

/** What the command prints goes to stderr: stdout is the product's. */
async function runAfterUpdate(command: string, number: number, io: CommandIO): Promise<void> {
  const { execa } = await import('execa');
  const { failed, shortMessage } = await execa(command, {
    shell: true,
    stdin: 'ignore',
    stdout: 2,
    stderr: 2,
    reject: false,
    env: { SVCRULES_UPDATE: `${number}` },
  });
  if (failed) io.stderr.write(`warning: --exec: ${plainText(shortMessage ?? '')}\n`);
}
