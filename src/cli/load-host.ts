/** Reads the rules of a host: dumps, this machine, or a node through its kube-proxy Pod. */
import type { HostState } from '../host/host-state.ts';
import { readDumps } from '../host/read-dumps.ts';
import { readThisHost } from '../host/read-this-host.ts';
import type { ReadToolsOptions } from '../host/read-tools.ts';
import { readViaPod } from '../host/read-via-pod.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { CommandIO } from './io.ts';
import { kubectlOf, reportDiagnostics } from './load-input.ts';
import { silentTools, toolsOf } from './node-rules.ts';
import type { ClusterOptions, CommonOptions, HostOptions } from './options.ts';

/**
 * Reads the host and says what is to be known of it.
 * @param node whose rules they are, for `--via-pod`
 * @param mode of kube-proxy there: which tools are asked
 * @param others tools of other modes, which are read on the side
 * @returns undefined where no flag names a host.
 * @throws OperationalError where it cannot be read.
 */
export async function loadHost(
  options: HostOptions & ClusterOptions & CommonOptions,
  node: string,
  mode: ProxyMode,
  io: CommandIO,
  others: ReadToolsOptions['others'] = [],
): Promise<HostState | undefined> {
  const host = await readHost(options, node, mode, io, others);
  if (host !== undefined) reportDiagnostics(host.notes, [], options, io);
  return host;
}

async function readHost(
  options: HostOptions & ClusterOptions,
  node: string,
  mode: ProxyMode,
  io: CommandIO,
  others: ReadToolsOptions['others'],
): Promise<HostState | undefined> {
  if (options.dump.length > 0) return readDumps(options.dump, io.stdin, silentTools(mode));
  if (options.host) return readThisHost({ env: io.env, tools: toolsOf(mode), others });
  if (!options.viaPod) return undefined;
  if (node === '') throw new OperationalError('--via-pod needs a node: name it with --node');
  return readViaPod(node, kubectlOf(options, io), { tools: toolsOf(mode), others });
}
