/** Reads the rules of a host: dumps, this machine, or a node through its kube-proxy Pod. */
import type { IPFamily } from '../apiserver/objects.ts';
import { parseSaved, problems } from '../backends/iptables/parse.ts';
import type { SavedDump } from '../backends/iptables/saved.ts';
import type { HostState } from '../host/host-state.ts';
import { readDumps } from '../host/read-dumps.ts';
import { readThisHost } from '../host/read-this-host.ts';
import { readViaPod } from '../host/read-via-pod.ts';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { CommandIO } from './io.ts';
import { kubectlOf, reportDiagnostics } from './load-input.ts';
import type { ClusterOptions, CommonOptions, HostOptions } from './options.ts';

/**
 * Reads the host and says what is to be known of it.
 * @param node whose rules they are, for `--via-pod`
 * @returns undefined where no flag names a host.
 * @throws OperationalError where it cannot be read.
 */
export async function loadHost(
  options: HostOptions & ClusterOptions & CommonOptions,
  node: string,
  io: CommandIO,
): Promise<HostState | undefined> {
  const host = await readHost(options, node, io);
  if (host !== undefined) reportDiagnostics(host.notes, [], options, io);
  return host;
}

async function readHost(
  options: HostOptions & ClusterOptions,
  node: string,
  io: CommandIO,
): Promise<HostState | undefined> {
  if (options.dump.length > 0) return readDumps(options.dump, io.stdin);
  if (options.host) return readThisHost({ env: io.env });
  if (!options.viaPod) return undefined;
  if (node === '') throw new OperationalError('--via-pod needs a node: name it with --node');
  return readViaPod(node, kubectlOf(options, io));
}

export interface HostDump {
  readonly text: string;
  readonly dump: SavedDump;
  /** For people: a file, or a command and where it ran. */
  readonly origin: string;
}

/** @throws OperationalError where the host has no such rules. */
export function hostDump(host: HostState, family: IPFamily, io: CommandIO): HostDump {
  const found = host.texts.find((text) => text.tool === 'iptables-save' && text.family === family);
  if (found === undefined) {
    const has = host.texts.map(({ tool, family: of }) => (of === undefined ? tool : `${tool} of ${of}`));
    throw new OperationalError(
      `there are no iptables rules of ${family} among what was read${has.length === 0 ? '' : `, only ${has.join(', ')}`}`,
    );
  }
  const dump = parseSaved(found.text);
  const unread = problems(dump);
  const lines = unread.length === 0 ? [] : found.text.split('\n');
  // Its lines are not those of the file: the tables of several dumps were put together.
  for (const { line, problem } of unread) {
    const quoted = JSON.stringify((lines[line - 1] ?? '').slice(0, 100));
    io.stderr.write(`warning: ${plainText(`${found.origin}: ${quoted}: ${problem}`)}\n`);
  }
  return { text: found.text, dump, origin: found.origin };
}
