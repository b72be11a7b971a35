/** The namespace that kubectl takes where none is named. */
import { readFile } from 'node:fs/promises';
import { type Kubectl, runKubectl } from './kubectl.ts';

/** In a Pod, the namespace that the Pod is in. */
const POD_NAMESPACE_FILE = '/var/run/secrets/kubernetes.io/serviceaccount/namespace';

/**
 * The current context's namespace, as `kubectl config view --minify` shows it; without a kubeconfig that of the Pod that
 * this runs in; else `default`.
 * @throws OperationalError where kubectl cannot be run.
 */
export async function currentNamespace(kubectl: Kubectl): Promise<string> {
  const command = ['config', 'view', '--minify', '--output=jsonpath={..namespace}'];
  const pieces: Uint8Array[] = [];
  const failure = await runKubectl(kubectl, command, 'looked up the namespace', (chunk) =>
    pieces.push(chunk),
  );
  // Without a context kubectl refuses, and works with what it finds in the Pod.
  if (failure === undefined) return Buffer.concat(pieces).toString('utf8').trim() || 'default';
  if (kubectl.env.POD_NAMESPACE) return kubectl.env.POD_NAMESPACE;
  return (await readFile(POD_NAMESPACE_FILE, 'utf8').catch(() => '')).trim() || 'default';
}
