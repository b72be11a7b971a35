/**
 * Runs commands as root of a user-mode-linux that has IPVS, with this machine's files. In: a shell script and its arguments.
 * Out: what it left in files. Which of the tools are missing is found out by `probeUml`.
 */
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const UML = join(import.meta.dirname, '../oracle/kube-proxy/uml.sh');
const TOOLS = ['linux.uml', 'modprobe', 'ipvsadm', 'ipset', 'ip', 'iptables-legacy', 'python3'];

/** Why nothing is run there, or undefined where it is: it takes a minute or two, so it is only done where it is asked for. */
export function probeUml(): string | undefined {
  if (process.env.SVCRULES_REQUIRE_UML !== '1') return 'SVCRULES_REQUIRE_UML is not 1 (npm run test:uml)';
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status !== 0);
  return missing.length === 0 ? undefined : `without ${missing.join(', ')}`;
}

/**
 * @param work a folder for the script's output
 * @throws with what was printed when the script does not end with the line `done`
 */
export async function runInUml(script: string, args: readonly string[], work: string): Promise<void> {
  const log = join(work, 'uml.log');
  const env = { ...process.env, UML_LOG: log, UML_TIMEOUT: '240' };
  await promisify(execFile)('bash', [UML, 'bash', script, ...args], { env, maxBuffer: 1 << 26 });
  const printed = readFileSync(log, 'utf8');
  if (!printed.endsWith('done\n')) throw new Error(`user-mode-linux: ${printed.slice(-4000)}`);
}
