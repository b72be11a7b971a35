/** `env`: manifests or a live cluster in, the service variables of a Pod or a namespace out. */
import type { ClusterState } from '../../apiserver/cluster-state.ts';
import { environmentText } from '../../discovery/env/environment-text.ts';
import {
  type PodEnvironment,
  serviceVariables,
  type Variable,
} from '../../discovery/env/service-variables.ts';
import { currentNamespace } from '../../input/current-namespace.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { isLive, kubectlOf, loadState } from '../load-input.ts';
import type { ClusterOptions, CommonOptions, InputOptions, WatchOptions } from '../options.ts';
import { watchState } from '../watch-state.ts';

interface EnvOptions extends InputOptions, ClusterOptions, WatchOptions, CommonOptions {
  readonly pod?: string;
  readonly output: 'env' | 'export' | 'docker' | 'json';
}

export async function envCommand(options: EnvOptions, io: CommandIO): Promise<number> {
  const namespace = await namespaceOf(options, io);
  const lists = liveLists(namespace, options.pod);
  const block = (state: ClusterState) => environment(state, namespace, options, io);
  if (options.watch)
    return watchState(lists, UNSAID, options, io, block, options.output === 'json' ? 'json' : 'text');
  const state = await loadState(lists, UNSAID, options, io);
  if (state === undefined) return 2;
  await writeAll(io.stdout, [block(state)]);
  return 0;
}

/** What Services have no endpoints is of no concern here. */
const UNSAID = ['NoEndpointsInInput'];

/** @throws OperationalError where the state lacks the Pod that is named. */
function environment(state: ClusterState, namespace: string, options: EnvOptions, io: CommandIO): string {
  const { blocks, collisions, younger } = serviceVariables(
    state.services,
    podEnvironment(state, namespace, options),
  );
  for (const { metadata } of younger) {
    io.stderr.write(
      `note: Service ${metadata.namespace}/${metadata.name} is younger than the Pod and not in its environment\n`,
    );
  }
  for (const { name, settings } of collisions) {
    const values = settings.map(({ service, value }) => `${value} by ${service.metadata.name}`).join(', ');
    io.stderr.write(`warning: ${name} is set to ${values}; a container gets any one of them\n`);
  }
  const variables = new Map(
    blocks.flatMap((block) => block.variables).map(({ name, value }) => [name, value]),
  );
  return print(
    [...variables].map(([name, value]) => ({ name, value })),
    options.output,
  );
}

async function namespaceOf(options: EnvOptions, io: CommandIO): Promise<string> {
  if (options.namespace !== undefined) return options.namespace;
  return isLive(options) ? currentNamespace(kubectlOf(options, io)) : 'default';
}

/** A container sees the Services of its namespace and, from everywhere, the API server's. */
function liveLists(namespace: string, pod: string | undefined): readonly ClusterList[] {
  const named = (name: string) => `metadata.name=${name.replace(/[\\,=]/g, '\\$&')}`;
  const lists: ClusterList[] = [{ kind: 'Service', namespace }];
  if (namespace !== 'default') {
    lists.push({ kind: 'Service', namespace: 'default', fieldSelector: named('kubernetes') });
  }
  if (pod !== undefined) lists.push({ kind: 'Pod', namespace, fieldSelector: named(pod) });
  return lists;
}

function podEnvironment(state: ClusterState, namespace: string, options: EnvOptions): PodEnvironment {
  if (options.pod === undefined) return { namespace, enableServiceLinks: true };
  const pod = state.pods.find(
    ({ metadata }) => metadata.name === options.pod && metadata.namespace === namespace,
  );
  if (pod === undefined) {
    const where = isLive(options) ? 'cluster' : 'input';
    throw new OperationalError(`the ${where} has no Pod ${namespace}/${options.pod}`);
  }
  return {
    namespace,
    enableServiceLinks: pod.spec?.enableServiceLinks ?? true,
    creationTimestamp: pod.metadata.creationTimestamp ?? undefined,
  };
}

function print(variables: readonly Variable[], output: EnvOptions['output']): string {
  switch (output) {
    case 'env':
    case 'docker':
      return environmentText(variables, 'plain');
    case 'export':
      return environmentText(variables, 'export');
    case 'json':
      return `${JSON.stringify(Object.fromEntries(variables.map(({ name, value }) => [name, value])), null, 2)}\n`;
  }
}
