/** What `diff` is asked: its flags, and which of them go together. */
import type { ProxyMode } from '../../proxy/configuration.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { isLive } from '../load-input.ts';
import type { NodeInputOptions } from '../load-node.ts';
import type { HostOptions } from '../options.ts';

export interface DiffOptions extends NodeInputOptions, HostOptions {
  readonly against: readonly string[];
  readonly againstMode?: ProxyMode;
  readonly againstVersion?: string;
  readonly bundle?: string;
  readonly allNodes?: true;
  /** A file for the page. */
  readonly html?: string;
  readonly showStale?: true;
  /** A file for figures. */
  readonly metrics?: string;
  /** Milliseconds. */
  readonly every?: number;
  readonly output: 'text' | 'json' | 'unified' | 'markdown' | 'mermaid' | 'dot' | 'prometheus';
  /** Of a drawing. */
  readonly service?: string;
}

export function isAgainst({ against, againstMode, againstVersion }: DiffOptions): boolean {
  return against.length > 0 || againstMode !== undefined || againstVersion !== undefined;
}

/** @throws OperationalError for flags that make no sense together. */
export function checkDiffOptions(options: DiffOptions): void {
  const { dump, host, viaPod, bundle, filename, against } = options;
  const named = [
    dump.length > 0 && '--dump',
    host && '--host',
    viaPod && '--via-pod',
    bundle !== undefined && '--bundle',
    isAgainst(options) && '--against',
  ].filter((name) => typeof name === 'string');
  if (named.length > 1)
    throw new OperationalError(`${named.join(' and ')} each name what to compare with: choose one`);
  if (named.length === 0) {
    throw new OperationalError(
      'nothing to compare with: name --dump, --host, --via-pod, --bundle or --against',
    );
  }
  checkNodesOptions(options);
  if ([...dump, ...filename, ...against].filter((name) => name === '-').length > 1) {
    throw new OperationalError('standard input can be read only once: give "-" one time');
  }
  if (options.every !== undefined && [...dump, ...filename, ...against].includes('-')) {
    throw new OperationalError('standard input can be read only once: --every needs files');
  }
}

/** Of a comparison of many nodes. */
function checkNodesOptions(options: DiffOptions): void {
  const { allNodes, bundle, viaPod, node, nodeAddress, output } = options;
  if (allNodes && !(viaPod && isLive(options)))
    throw new OperationalError('--all-nodes is for a live cluster: it needs --via-pod, and no -f');
  if (allNodes && (node !== undefined || nodeAddress.length > 0))
    throw new OperationalError('--all-nodes means every Node: leave out --node and --node-address');
  if (options.service !== undefined && output !== 'mermaid' && output !== 'dot')
    throw new OperationalError('--service is for -o mermaid and -o dot, which draw one Service');
  const isMany = allNodes === true || bundle !== undefined;
  if (isMany && options.html !== undefined)
    throw new OperationalError(`--html is for one node, not for ${allNodes ? 'all' : 'a bundle'}`);
  if (isMany && output !== 'text' && output !== 'json' && output !== 'prometheus')
    throw new OperationalError(`-o ${output} is for one node, not for ${allNodes ? 'all' : 'a bundle'}`);
}
