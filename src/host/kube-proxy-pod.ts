/** In: a Node's name. Out: the kube-proxy Pod that runs there, or why there is none to ask. */
import type { Kubectl } from '../input/kubectl.ts';
import { quote } from '../input/quote.ts';
import { readCluster } from '../input/read-cluster.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { compareStrings } from '../shared/ordering.ts';

/** Where kubeadm, and most that is made of it, puts kube-proxy. */
export const PROXY_NAMESPACE = 'kube-system';
const PROXY_LABEL = 'k8s-app=kube-proxy';
const PROXY_CONTAINER = 'kube-proxy';

const OTHER_WAYS = 'run --host on the node, or save its rules there and give them with --dump';

export interface ProxyPod {
  readonly name: string;
  readonly container: string;
  readonly notes: readonly Diagnostic[];
}

/** What is read of a Pod; nothing of it has been validated. */
interface PodObject {
  readonly metadata?: { readonly name?: unknown; readonly deletionTimestamp?: unknown };
  readonly spec?: { readonly hostNetwork?: unknown; readonly containers?: unknown };
  readonly status?: { readonly phase?: unknown };
}

/**
 * Finds the kube-proxy Pod of a Node.
 * @throws OperationalError where there is none that can be asked.
 */
export async function findProxyPod(node: string, kubectl: Kubectl, signal?: AbortSignal): Promise<ProxyPod> {
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(node)) {
    throw new OperationalError(`${quote(node)} is no name of a Node`);
  }
  const { objects } = await readCluster({
    lists: [
      {
        kind: 'Pod',
        namespace: PROXY_NAMESPACE,
        labelSelector: PROXY_LABEL,
        fieldSelector: `spec.nodeName=${node}`,
      },
    ],
    kubectl,
    signal,
  });
  const pods = objects.map(({ object }) => object as PodObject);
  if (pods.length === 0) throw await noPod(node, kubectl, signal);
  const running = pods.filter(
    ({ metadata, status }) => status?.phase === 'Running' && metadata?.deletionTimestamp === undefined,
  );
  const [pod] = running.sort((a, b) => compareStrings(nameOf(a), nameOf(b)));
  if (pod === undefined) throw notRunning(node, pods);
  if (pod.spec?.hostNetwork !== true) {
    throw new OperationalError(
      `Pod ${PROXY_NAMESPACE}/${nameOf(pod)} has a network of its own and cannot see the rules of ${node}: ${OTHER_WAYS}`,
    );
  }
  return { name: nameOf(pod), container: containerOf(pod), notes: noteOfSeveral(node, running) };
}

/** These names become arguments of kubectl. */
function nameOf({ metadata }: PodObject): string {
  const name = metadata?.name;
  if (typeof name === 'string' && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new OperationalError(`the cluster names a Pod ${quote(String(name))}, which is no name of a Pod`);
}

function containerOf(pod: PodObject): string {
  const containers = Array.isArray(pod.spec?.containers) ? (pod.spec.containers as readonly unknown[]) : [];
  const names = containers.map((container) => (container as { readonly name?: unknown } | null)?.name);
  if (names.includes(PROXY_CONTAINER)) return PROXY_CONTAINER;
  const [only] = names;
  if (names.length === 1 && typeof only === 'string' && /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(only)) {
    return only;
  }
  throw new OperationalError(
    `Pod ${PROXY_NAMESPACE}/${nameOf(pod)} has no container named ${PROXY_CONTAINER}`,
  );
}

function notRunning(node: string, pods: readonly PodObject[]): OperationalError {
  const found = pods.map((pod) => {
    const isEnding = pod.metadata?.deletionTimestamp !== undefined;
    return `${nameOf(pod)} is ${isEnding ? 'being deleted' : quote(String(pod.status?.phase))}`;
  });
  return new OperationalError(
    `no kube-proxy Pod runs on ${node}: ${found.sort(compareStrings).join(', ')}; ${OTHER_WAYS}`,
  );
}

function noteOfSeveral(node: string, pods: readonly PodObject[]): Diagnostic[] {
  if (pods.length === 1) return [];
  const names = pods.map(nameOf);
  return [
    {
      severity: 'warning',
      code: 'SeveralProxyPods',
      message: `${pods.length} kube-proxy Pods run on ${node}: ${names.join(', ')}; the rules are read in ${names[0]}`,
      why: 'each of them writes the same chains',
    },
  ];
}

/** Why a Node has no such Pod, as far as the Node tells. */
async function noPod(node: string, kubectl: Kubectl, signal?: AbortSignal): Promise<OperationalError> {
  const missing = `${node} has no Pod with the label ${PROXY_LABEL} in ${PROXY_NAMESPACE}`;
  const list = { kind: 'Node', fieldSelector: `metadata.name=${node}` } as const;
  try {
    const { objects } = await readCluster({ lists: [list], kubectl, signal });
    const [found] = objects;
    if (found === undefined) return new OperationalError(`the cluster has no Node ${node}`);
    if (isWindows(found.object)) {
      return new OperationalError(`${node} runs Windows, where kube-proxy writes none of these rules`);
    }
  } catch (cause) {
    if (!(cause instanceof OperationalError)) throw cause;
    return new OperationalError(`${missing}; ${OTHER_WAYS}`, { cause });
  }
  return new OperationalError(`${missing}; ${OTHER_WAYS}`);
}

function isWindows(node: Readonly<Record<string, unknown>>): boolean {
  const { metadata, status } = node as {
    readonly metadata?: { readonly labels?: Readonly<Record<string, unknown>> | null };
    readonly status?: { readonly nodeInfo?: { readonly operatingSystem?: unknown } };
  };
  return (
    status?.nodeInfo?.operatingSystem === 'windows' || metadata?.labels?.['kubernetes.io/os'] === 'windows'
  );
}
