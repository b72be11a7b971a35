/** `explain`: manifests or a live cluster in, one Service as one node has it out. */

import { currentNamespace } from '../../input/current-namespace.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { compiledRules, isFollowed } from '../../library/compiled-rules.ts';
import { explainJson } from '../../report/explain-json.ts';
import { explainText } from '../../report/explain-text.ts';
import { plainJson } from '../../report/plain-data.ts';
import { style } from '../../report/style.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { explainService } from '../../trace/explained-service.ts';
import { readName } from '../../trace/packet-ends.ts';
import { findService } from '../../trace/resolve-destination.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { isLive, kubectlOf } from '../load-input.ts';
import { loadCompilation, type NodeInputOptions } from '../load-node.ts';
import { linesOf } from '../manifest-lines-of.ts';

export interface ExplainOptions extends NodeInputOptions {
  readonly output?: 'json';
}

export async function explainCommand(text: string, options: ExplainOptions, io: CommandIO): Promise<number> {
  const { namespace, name } = await parseService(text, options, io);
  const loaded = await loadCompilation(
    options,
    {
      lists: liveLists(namespace),
      // What other Services lack is of no concern, and of this one more is said below.
      isRelevant: ({ code, object }) =>
        code !== 'NoEndpointsInInput' &&
        (object === undefined || (object.name === name && (object.namespace ?? namespace) === namespace)),
    },
    io,
  );
  if (loaded === undefined) return 2;
  const service = findService(loaded.state, namespace, name);
  const explained = explainService(service, loaded, (family) => {
    if (!isFollowed(loaded.compiled.mode)) return undefined;
    return compiledRules(loaded.compiled, family);
  });
  const lines = linesOf(loaded);
  if (options.output === 'json') {
    await writeAll(io.stdout, [plainJson(explainJson(explained, loaded.view, lines))]);
    return 0;
  }
  const isTerminal = 'isTTY' in io.stdout && io.stdout.isTTY === true;
  const chalk = style(options.color, { isTerminal, noColor: io.env.NO_COLOR });
  await writeAll(io.stdout, [explainText(explained, loaded.view, lines, chalk)]);
  return 0;
}

/** `svc/web`, `service/web`, `web`; as in `trace`, `prod/web` too. */
async function parseService(text: string, options: ExplainOptions, io: CommandIO) {
  const given = text.replace(/^(svc|service|services)\//, '');
  const isKind = given !== text;
  const namespace =
    options.namespace ??
    (isLive(options) && (isKind || !given.includes('/'))
      ? await currentNamespace(kubectlOf(options, io))
      : 'default');
  const named = isKind && given.includes('/') ? undefined : readName(given, namespace);
  if (named !== undefined) return named;
  throw new OperationalError(`${JSON.stringify(text)} is no svc/NAME`);
}

/** Pods and Nodes tell why a Pod is no endpoint. */
function liveLists(namespace: string): readonly ClusterList[] {
  return [
    { kind: 'Service' },
    { kind: 'EndpointSlice' },
    { kind: 'Node' },
    { kind: 'ServiceCIDR' },
    { kind: 'Pod', namespace },
  ];
}
