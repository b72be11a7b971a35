/**
 * Runs commands in a network namespace of their own, so that the machine's rules are never touched.
 * Needs root and `unshare`; which of the kernel's tools work there is found out by `probeKernel`.
 */
import { execFile, spawnSync } from 'node:child_process';

export type IptablesVariant = 'legacy' | 'nft';
export type Family = 'ipv4' | 'ipv6';

/** `iptables-legacy-restore`, `ip6tables-nft-save`, … */
export function iptablesCommand(variant: IptablesVariant, family: Family, tool: 'restore' | 'save'): string {
  return `${family === 'ipv4' ? 'iptables' : 'ip6tables'}-${variant}-${tool}`;
}

/**
 * Runs a shell script in a new network namespace; `$1`, `$2`, … are `args`.
 * @returns what it printed on stdout.
 * @throws with the end of stderr when it fails.
 */
export function runInNamespace(script: string, args: readonly string[] = []): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: 1 << 28, encoding: 'utf8' } as const;
    execFile('unshare', ['-n', 'sh', '-ec', script, 'sh', ...args], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${stderr.trim().slice(-2000) || error.message}`, { cause: error }));
      else resolve(stdout);
    });
  });
}

/**
 * Loads files one after the other into an empty namespace, as kube-proxy does (`--noflush --counters`).
 * @returns what `iptables-save` prints then.
 */
export function loadIptables(
  variant: IptablesVariant,
  family: Family,
  files: readonly string[],
): Promise<string> {
  const restore = `${iptablesCommand(variant, family, 'restore')} -w 30 --noflush --counters`;
  return runInNamespace(
    `for file in "$@"; do ${restore} <"$file"; done; ${iptablesCommand(variant, family, 'save')}`,
    files,
  );
}

/** Why rules cannot be loaded on this machine, or undefined where they can. */
export function probeKernel(variant: IptablesVariant, family: Family): string | undefined {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const script = `printf '*nat\\n:PROBE - [0:0]\\n-A PROBE -m comment --comment probe -j RETURN\\nCOMMIT\\n' |
    ${iptablesCommand(variant, family, 'restore')} -w 30 --noflush`;
  const { error, status, stderr } = spawnSync('unshare', ['-n', 'sh', '-ec', script], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
}

/**
 * Loads what `nft -f` takes into an empty namespace with these interfaces, each file after the one before.
 * @returns what `nft -s list table` prints then.
 */
export function loadNftables(
  family: Family,
  files: readonly string[],
  interfaces: readonly string[] = [],
): Promise<string> {
  const word = family === 'ipv4' ? 'ip' : 'ip6';
  // The names are arguments, too: quoting them is the shell's business.
  const script = `
    for name in "$@"; do
      case "$name" in /*) nft -f "$name" ;; *) ip link add "$name" type bridge ;; esac
    done
    nft -s list table ${word} kube-proxy`;
  return runInNamespace(script, [...interfaces, ...files]);
}

/** Why nftables cannot be loaded on this machine, or undefined where it can. */
export function probeNftables(): string | undefined {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const script = 'nft add table ip probe; nft list table ip probe';
  const { error, status, stderr } = spawnSync('unshare', ['-n', 'sh', '-ec', script], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
}
