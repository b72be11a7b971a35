/**
 * Runs `kubectl get --raw`: a path of the API in, the bytes of the answer out, piece by piece, or why there is none.
 *
 * kubectl knows the cluster, the user and every kind of credential; this program talks to no API server itself.
 */
import { OperationalError } from '../shared/operational-error.ts';
import { describeKubectlError, type KubectlFailure } from './kubectl-error.ts';

/** Flags that are handed on to kubectl, which checks them. */
export interface KubectlFlags {
  readonly context?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly cluster?: string | undefined;
  readonly user?: string | undefined;
  readonly as?: string | undefined;
  readonly asGroup?: readonly string[] | undefined;
  /** As kubectl spells it: `30s`. */
  readonly requestTimeout?: string | undefined;
}

export interface Kubectl {
  readonly flags: KubectlFlags;
  /** `KUBECTL_PATH` names the kubectl to run, else it is looked for on `PATH`. kubectl itself gets all of it. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Only the end of what kubectl says on stderr is kept. */
const STDERR_LIMIT = 16_384;

/**
 * Runs `kubectl ARGUMENTS`, with the flags added, and hands each piece of stdout to `onChunk`.
 * @param what completes "kubectl was killed while it …", such as `listed services`.
 * @returns undefined once kubectl has ended well; `onChunk` has then seen all of its output.
 * @throws OperationalError where kubectl cannot be run at all; what `onChunk` throws, kubectl having been ended.
 */
export async function runKubectl(
  kubectl: Kubectl,
  command: readonly string[],
  what: string,
  onChunk: (chunk: Uint8Array) => void,
  signal?: AbortSignal,
): Promise<KubectlFailure | undefined> {
  // Loading it takes longer than most commands run that do not need it.
  const { execa } = await import('execa');
  if (signal?.aborted) return ABORTED;
  const executable = kubectl.env.KUBECTL_PATH || 'kubectl';
  const subprocess = execa(executable, [...command, ...kubectlArguments(kubectl.flags)], {
    // With buffering, execa would end kubectl after 100 MB.
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    env: definedOf(kubectl.env),
    extendEnv: false,
    forceKillAfterDelay: 2000,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  // What kubectl has started may outlive it and hold the pipes open.
  const closePipes = () => {
    subprocess.stdout.destroy();
    subprocess.stderr.destroy();
  };
  signal?.addEventListener('abort', closePipes, { once: true });
  let stderr = '';
  subprocess.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  try {
    for await (const chunk of subprocess.stdout) onChunk(chunk);
  } catch (error) {
    subprocess.kill();
    closePipes();
    await subprocess;
    if (signal?.aborted) return ABORTED;
    throw error;
  } finally {
    signal?.removeEventListener('abort', closePipes);
  }
  const result = await subprocess;
  if (!result.failed) return undefined;
  if (result.isCanceled) return ABORTED;
  if (result.signal !== undefined) {
    const message = `kubectl was killed by ${result.signal} while it ${what}`;
    return { kind: 'failed', message, detail: stderr };
  }
  if (result.exitCode === undefined) throw cannotRun(executable, kubectl, result);
  return describeKubectlError(stderr, result.exitCode, what);
}

const ABORTED: KubectlFailure = { kind: 'aborted', message: 'another request failed', detail: '' };

function cannotRun(executable: string, { env }: Kubectl, cause: { readonly code?: string | undefined }) {
  const named = env.KUBECTL_PATH ? `KUBECTL_PATH names ${executable}, which` : 'kubectl';
  const reason =
    cause.code === 'ENOENT' ? 'was not found' : `cannot be run (${cause.code ?? 'unknown reason'})`;
  return new OperationalError(
    `${named} ${reason}; a cluster is read through kubectl, manifests are named with -f`,
    { cause },
  );
}

/** `--flag=value`, so that no value is taken for another flag. */
export function kubectlArguments(flags: KubectlFlags): readonly string[] {
  const values: readonly (readonly [string, string | undefined])[] = [
    ['context', flags.context],
    ['kubeconfig', flags.kubeconfig],
    ['cluster', flags.cluster],
    ['user', flags.user],
    ['as', flags.as],
    ...(flags.asGroup ?? []).map((group) => ['as-group', group] as const),
    ['request-timeout', flags.requestTimeout],
  ];
  return values.flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

function definedOf(env: Kubectl['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
