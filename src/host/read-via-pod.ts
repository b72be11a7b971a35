/**
 * Reads a node's rules through its kube-proxy Pod, which shares the node's network and has the tools. In: a Node's name
 * and a kubectl. Out: the rules. Nothing but tools that print is run there.
 */
import { type Kubectl, kubectlArguments, runKubectl } from '../input/kubectl.ts';
import type { KubectlFailure } from '../input/kubectl-error.ts';
import type { HostState } from './host-state.ts';
import { findProxyPod, PROXY_NAMESPACE, type ProxyPod } from './kube-proxy-pod.ts';
import { type ReadToolsOptions, readTools } from './read-tools.ts';
import {
  CollectedOutput,
  completed,
  failureOf,
  isPermission,
  sharedSignal,
  type ToolOutcome,
  type ToolPlace,
} from './run-tool.ts';

export interface ViaPodOptions {
  /** Default: `iptables-save`, which stands for both families. */
  readonly tools?: ReadToolsOptions['tools'] | undefined;
  readonly others?: ReadToolsOptions['others'];
  /** Ends the reading, which then fails. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads the rules of a Node. Local addresses are known only where `ip-addr` is among the tools.
 * @throws OperationalError where there is no Pod to ask, it may not be asked, or a tool does not print all.
 */
export async function readViaPod(
  node: string,
  kubectl: Kubectl,
  { tools = ['iptables-save'], others, signal }: ViaPodOptions = {},
): Promise<HostState> {
  const pod = await findProxyPod(node, kubectl, signal);
  const state = await readTools({ place: inPod(pod, kubectl, signal), tools, others, trustDefault: true });
  return { node, ...state, notes: [...pod.notes, ...state.notes] };
}

function inPod(pod: ProxyPod, kubectl: Kubectl, signal: AbortSignal | undefined): ToolPlace {
  const name = `Pod ${PROXY_NAMESPACE}/${pod.name}`;
  const shared = sharedSignal(signal);
  return {
    name,
    whyMissing: (tool) => `container ${pod.container} of ${name} has no ${tool}`,
    run: (command) => runInPod(command, pod, name, kubectl, shared),
  };
}

async function runInPod(
  command: readonly string[],
  { name, container }: ProxyPod,
  place: string,
  kubectl: Kubectl,
  signal: AbortSignal | undefined,
): Promise<ToolOutcome> {
  const [tool = ''] = command;
  const collected = new CollectedOutput(tool);
  const failure = await runKubectl(
    // The flags stand in front of `--`, behind which all is the tool's.
    { flags: {}, env: kubectl.env },
    [
      'exec',
      ...kubectlArguments(kubectl.flags),
      '--namespace',
      PROXY_NAMESPACE,
      name,
      '--container',
      container,
      '--',
      ...command,
    ],
    `ran ${tool} in ${place}`,
    (chunk) => collected.push(chunk),
    signal,
  );
  if (failure === undefined) return completed(tool, collected.text(), '');
  return isMissing(failure) ? { kind: 'missing' } : describeExecFailure(failure, tool, place);
}

/** As runc, crun and containerd say it, and a shell that stands between. */
function isMissing({ detail }: KubectlFailure): boolean {
  return (
    /executable file (?:`[^`]*` )?not found|exec: "[^"]*": stat \S+ no such file/.test(detail) ||
    /terminated with exit code 127\b/.test(detail)
  );
}

function describeExecFailure(failure: KubectlFailure, tool: string, place: string): ToolOutcome {
  const { kind, detail } = failure;
  const failed = (message: string): ToolOutcome => ({ kind: 'failed', message, detail });
  if (kind === 'forbidden') {
    return failed(
      `the cluster does not let you run ${tool} in ${place}: ${failure.message} (it needs create on pods/exec)`,
    );
  }
  if (kind === 'notFound') return failed(`${place} has gone: ${failure.message}`);
  const status = /command terminated with exit code (\d+)/.exec(detail)?.[1];
  if (status === undefined) return failed(failure.message);
  const stderr = detail
    .replace(/^.*command terminated with exit code.*$/gm, '')
    .replace(/^Defaulted .*$/gm, '');
  if (Number(status) > 128 && stderr.trim() === '') {
    return failed(`${tool} in ${place} was killed (status ${status}) before it had printed all rules`);
  }
  const hint = isPermission(stderr) ? '; the container is not privileged' : '';
  return failed(`${failureOf(tool, stderr, Number(status))} in ${place}${hint}`);
}
