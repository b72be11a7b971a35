/** `--watch` of the commands that print what follows from a cluster's state. */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { ClusterList } from '../input/read-cluster.ts';
import { StateFollower } from '../watch/state-follower.ts';
import { type CommandIO, writeAll } from './io.ts';
import { admissionOf, isLive, reportDiagnostics, withoutDeprecations } from './load-input.ts';
import type { ClusterOptions, CommonOptions, InputOptions, WatchOptions } from './options.ts';
import { forEachUpdate, watchInput } from './watch-input.ts';

/** How the text of one update is told from that of the next: JSON values need nothing between them. */
const HEADS = {
  text: (number: number) => `# Update ${number}\n`,
  yaml: (number: number) => `---\n# Update ${number}\n`,
  zone: (number: number) => `; Update ${number}\n`,
  json: () => '',
} as const;

/**
 * Prints the text at first and whenever it has changed, each time whole.
 * @param unsaid codes of warnings that do not matter to the command
 * @returns the exit status
 */
export async function watchState(
  lists: readonly ClusterList[],
  unsaid: readonly string[],
  options: InputOptions & ClusterOptions & WatchOptions & CommonOptions,
  io: CommandIO,
  print: (state: ClusterState) => string,
  form: keyof typeof HEADS,
): Promise<number> {
  const watched = await watchInput(lists, options, io);
  const skipInvalid = options.skipInvalid ?? false;
  const follower = new StateFollower({ admission: admissionOf(options), live: isLive(options), skipInvalid });
  let before: string | undefined;
  return forEachUpdate(watched, options, io, async (update, number) => {
    const sources = isLive(options) ? [] : [update.source()];
    const read = sources.flatMap(({ diagnostics }) => diagnostics);
    if (reportDiagnostics(read, sources, options, io) && !skipInvalid) return 'refused';
    const { state, diagnostics } = follower.update(update);
    const said = withoutDeprecations(diagnostics, options).filter(({ code }) => !unsaid.includes(code));
    reportDiagnostics(said, sources, options, io);
    if (state === undefined) return 'refused';
    const text = print(state);
    if (text === before) return 'unchanged';
    before = text;
    await writeAll(io.stdout, [HEADS[form](number), text]);
    return 'updated';
  });
}
