/**
 * kube-proxy's configuration of a live cluster. In: nothing but the cluster. Out: the KubeProxyConfiguration that stands
 * under `config.conf` in ConfigMap kube-system/kube-proxy, where kubeadm puts it.
 */
import type { Diagnostic, Origin } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { type Kubectl, runKubectl } from './kubectl.ts';
import { readInput } from './read-input.ts';
import type { Source } from './source.ts';

const KEY = 'config.conf';
const KIND = 'KubeProxyConfiguration';
const CONFIG_MAP = 'ConfigMap kube-system/kube-proxy';
const PATH = '/api/v1/namespaces/kube-system/configmaps/kube-proxy';
const ORIGIN_FILE = `${CONFIG_MAP}, ${KEY}`;

/** A ConfigMap has at most 1 MiB, and JSON escapes make of that no more than this. */
const ANSWER_LIMIT = 1 << 23;

/**
 * Reads the ConfigMap. Where it is not there or may not be read, the source has no object but a note that says so;
 * lines are those of `config.conf`.
 * @throws OperationalError where the cluster cannot be asked.
 */
export async function readLiveProxyConfiguration(kubectl: Kubectl, signal?: AbortSignal): Promise<Source> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const push = (chunk: Uint8Array) => {
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new OperationalError(`kubectl's answer is too long for ${CONFIG_MAP}`);
    pieces.push(chunk);
  };
  const failure = await runKubectl(kubectl, ['get', '--raw', PATH], `read ${CONFIG_MAP}`, push, signal);
  switch (failure?.kind) {
    case undefined:
      break;
    case 'notFound':
      return withoutConfiguration(`the cluster has no ${CONFIG_MAP}`);
    case 'forbidden':
      return withoutConfiguration(`${CONFIG_MAP} may not be read: ${failure.message}`);
    case 'failed':
    case 'expired':
    case 'aborted':
      throw new OperationalError(failure.message, { cause: failure.detail });
  }
  const text = configurationText(Buffer.concat(pieces).toString('utf8'));
  if (text === undefined) return withoutConfiguration(`${CONFIG_MAP} has no key ${KEY}`);
  const source = await readConfiguration(text);
  const empty = source.objects.length === 0 && source.diagnostics.length === 0;
  return empty ? withoutConfiguration(`${ORIGIN_FILE} has no ${KIND}`) : source;
}

function configurationText(answer: string): string | undefined {
  let configMap: unknown;
  try {
    configMap = JSON.parse(answer);
  } catch (cause) {
    throw new OperationalError(`kubectl gave no complete ${CONFIG_MAP}`, { cause });
  }
  const text = (configMap as { readonly data?: Readonly<Record<string, unknown>> } | null)?.data?.[KEY];
  return typeof text === 'string' ? text : undefined;
}

/** The text is read as standard input is, and then goes by its own name. */
async function readConfiguration(text: string): Promise<Source> {
  const stdin = [Buffer.from(text)];
  const source = await readInput({ filenames: ['-'], recursive: false, stdin, kinds: new Set([KIND]) });
  const named = (origin: Origin): Origin => ({ ...origin, file: ORIGIN_FILE });
  return {
    ...source,
    objects: source.objects.map((object) => ({ ...object, origin: named(object.origin) })),
    diagnostics: source.diagnostics.map((diagnostic) =>
      diagnostic.origin === undefined ? diagnostic : { ...diagnostic, origin: named(diagnostic.origin) },
    ),
    locate: (origin, path) =>
      origin.file === ORIGIN_FILE ? source.locate({ ...origin, file: '-' }, path) : undefined,
  };
}

function withoutConfiguration(message: string): Source {
  const note: Diagnostic = {
    severity: 'note',
    code: 'NoProxyConfiguration',
    message: `${message}; kube-proxy's defaults are taken`,
    why: "the node's rules may be others: mode, cluster CIDR and node port addresses come from the configuration",
    mend: 'name it with --proxy-config, or its parts with --mode and --cluster-cidr',
  };
  return { objects: [], passedOver: new Map(), diagnostics: [note], locate: () => undefined };
}
