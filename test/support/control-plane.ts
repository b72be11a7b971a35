/**
 * A real control plane for tests: etcd, kube-apiserver and kube-controller-manager in a network namespace of their own
 * (test/oracle/api/control-plane.sh), asked with a real kubectl.
 */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ORACLE = join(import.meta.dirname, '../oracle');
const BINARIES = ['kube-apiserver', 'kube-controller-manager'];

export interface ControlPlane {
  /** Its kubectl and a kubeconfig of somebody who may do everything. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Runs kubectl, with `input` on stdin.
   * @returns what it printed.
   * @throws with what it said on stderr where it fails.
   */
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  /** Kills the API server and starts another, which has forgotten all moments but the last. */
  readonly restart: () => Promise<void>;
  /** The beginning of a command line that runs in its network namespace. */
  readonly enter: readonly [string, ...string[]];
  readonly stop: () => Promise<void>;
}

/** Why there can be no control plane on this machine, or undefined where there can. */
export function probeControlPlane(): string | undefined {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const missing = BINARIES.find((name) => !existsSync(join(ORACLE, 'bin', name)));
  if (missing !== undefined) return `test/oracle/bin/${missing} is not built (test/oracle/build.sh api)`;
  const built = existsSync(join(ORACLE, 'bin/kubectl')) ? [] : ['kubectl'];
  const command = ['etcd', 'openssl', 'nsenter', ...built].find(
    (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0,
  );
  if (command !== undefined) return `no ${command} on PATH`;
  const { status, stderr } = spawnSync('unshare', ['--net', '--pid', '--mount-proc', '--fork', 'true']);
  return status === 0 ? undefined : String(stderr ?? 'no unshare').trim();
}

/** Starts one, in about four seconds; it ends with this process at the latest. */
export async function startControlPlane(): Promise<ControlPlane> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'control-plane-'));
  const child = spawn(join(ORACLE, 'api/control-plane.sh'), [folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const lines = createInterface(child.stdout);
  const isReady = () =>
    new Promise<boolean>((resolve) => {
      lines.once('line', (line) => resolve(line === 'ready')).once('close', () => resolve(false));
    });
  if (!(await isReady())) {
    const log = join(folder, 'apiserver.log');
    const end = existsSync(log) ? readFileSync(log, 'utf8').slice(-1000) : 'no log';
    await stop();
    throw new Error(`the control plane did not start: ${end}`);
  }
  const kubectlPath = join(folder, 'kubectl');
  const env = { ...process.env, KUBECTL_PATH: kubectlPath, KUBECONFIG: join(folder, 'kubeconfig') };
  const kubectl = (args: readonly string[], input = '') => runKubectl(kubectlPath, env, args, input);
  const restart = async () => {
    child.stdin.write('restart\n');
    if (!(await isReady())) throw new Error('the API server did not start again');
  };
  return { env, kubectl, restart, enter: ['nsenter', `--net=/proc/${child.pid}/ns/net`], stop };
}

function runKubectl(
  path: string,
  env: ControlPlane['env'],
  args: readonly string[],
  input: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(path, args, { env, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr.trim() || error.message, { cause: error }));
      else resolve(stdout);
    });
    child.stdin?.end(input);
  });
}
