/** What the numbers were measured on, for the page. */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

export function describeMachine(): Record<string, string> {
  const [first] = cpus();
  return {
    processor: `${cpus().length} × ${first?.model ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    iptables: version('iptables-legacy', '--version'),
    nft: version('nft', '--version'),
    ipset: version('ipset', '--version'),
    HAProxy: version('haproxy', '-v'),
    nginx: version('nginx', '-v'),
    'user-mode-linux': execFileSync('linux.uml', ['--version'], { encoding: 'utf8' }).trim(),
  };
}

/** The first number with a dot that a program prints of itself; nginx does so on stderr. */
function version(command: string, flag: string): string {
  const { stdout, stderr } = spawnSync(command, [flag], { encoding: 'utf8' });
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown';
}
