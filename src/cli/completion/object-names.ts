/**
 * Names that completion offers. In: what has been typed. Out: names of objects of the files that `-f` names, or of the cluster
 * that kubectl knows; none where that takes long or fails.
 */
import { currentNamespace } from '../../input/current-namespace.ts';
import { type Kubectl, runKubectl } from '../../input/kubectl.ts';
import { type ClusterKind, readCluster } from '../../input/read-cluster.ts';
import { readInput } from '../../input/read-input.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { CommandIO } from '../io.ts';
import type { TypedLine } from './typed-line.ts';

/** Milliseconds: somebody waits for it with a finger on the Tab key. */
const PATIENCE = 3000;

export interface ObjectName {
  /** Empty of Nodes and Namespaces. */
  readonly namespace: string;
  readonly name: string;
}

export async function objectNames(
  kind: ClusterKind,
  namespace: string | undefined,
  line: TypedLine,
  io: CommandIO,
): Promise<readonly ObjectName[]> {
  const names = await orNothing(async () => {
    const filenames = line.flags.get('filename') ?? [];
    const { objects } =
      filenames.length === 0
        ? await readCluster({
            lists: [{ kind, namespace }],
            kubectl: kubectlOf(line, io),
            signal: AbortSignal.timeout(PATIENCE),
          })
        : await readInput({
            filenames: filenames.filter((name) => name !== '-'),
            recursive: line.flags.has('recursive'),
            stdin: [],
            kinds: new Set([kind]),
          });
    const isNamespaced = kind !== 'Node' && kind !== 'Namespace';
    const unnamed = isNamespaced ? (line.flags.get('namespace')?.at(-1) ?? 'default') : '';
    return objects.flatMap(({ object }) => nameOfObject(object, unnamed));
  });
  return names.filter((each) => namespace === undefined || each.namespace === namespace);
}

/** What stands on a command line must mean the same to a shell: names that are none are not offered. */
function nameOfObject(
  { metadata }: Readonly<Record<string, unknown>>,
  unnamed: string,
): readonly ObjectName[] {
  const { name, namespace = unnamed } = (metadata ?? {}) as Readonly<Record<string, unknown>>;
  const isName = (text: unknown): text is string =>
    typeof text === 'string' && text.length <= 253 && /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text);
  return isName(name) && (namespace === '' || isName(namespace)) ? [{ name, namespace }] : [];
}

/** The namespace in which a name without one is looked for. */
export async function typedNamespace(line: TypedLine, io: CommandIO): Promise<string> {
  const named = line.flags.get('namespace')?.at(-1);
  if (named !== undefined) return named;
  if (line.flags.has('filename')) return 'default';
  return (await orNothing(async () => [await currentNamespace(kubectlOf(line, io))]))[0] ?? 'default';
}

/** Names of the kubeconfig: contexts, clusters, users. */
export function kubeconfigNames(
  what: 'contexts' | 'clusters' | 'users',
  line: TypedLine,
  io: CommandIO,
): Promise<readonly string[]> {
  return orNothing(async () => {
    const pieces: Uint8Array[] = [];
    const flags = { kubeconfig: line.flags.get('kubeconfig')?.at(-1) };
    const template = `jsonpath={range .${what}[*]}{.name}{"\\n"}{end}`;
    await runKubectl(
      { flags, env: io.env },
      ['config', 'view', `--output=${template}`],
      'listed what the kubeconfig has',
      (chunk) => pieces.push(chunk),
      AbortSignal.timeout(PATIENCE),
    );
    const names = Buffer.concat(pieces).toString('utf8').split('\n');
    return names.filter((name) => /^[A-Za-z0-9_][A-Za-z0-9@:/._+-]*$/.test(name));
  });
}

function kubectlOf({ flags }: TypedLine, io: CommandIO): Kubectl {
  const last = (name: string) => flags.get(name)?.at(-1);
  return {
    flags: {
      context: last('context'),
      kubeconfig: last('kubeconfig'),
      cluster: last('cluster'),
      user: last('user'),
      as: last('as'),
      asGroup: flags.get('as-group') ?? [],
      requestTimeout: '2s',
    },
    env: io.env,
  };
}

async function orNothing<T>(read: () => Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof OperationalError) return [];
    throw error;
  }
}
