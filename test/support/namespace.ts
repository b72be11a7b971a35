/**
 * Runs commands in a network namespace of their own, so that the machine's rules are never touched.
 * Needs root and `unshare`; which of the kernel's tools work there is found out by `probeKernel`.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

const IPVS_WRITTEN = /-m ipvs --vaddr (\S+) --vproto (\S+) --vport (\d+)/g;
const IPVS_SAVED = /-m ipvs --vproto (\S+) --vaddr (\S+) --vport (\d+)/g;
const IPVS_HIDDEN = /-m comment --comment "@ipvs (\S+) (\S+) (\d+)"/g;
const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = { tcp: '6', udp: '17', sctp: '132' };

/**
 * Loads a text for `ipset restore`, then texts for `iptables-restore`, into an empty namespace. A kernel without IPVS has no
 * match of that name; it is carried through as a comment.
 * @returns what `ipset save` and `iptables-save` print then.
 */
export async function loadIpvs(
  family: Family,
  sets: string,
  rules: readonly string[],
): Promise<{ readonly sets: string; readonly rules: string }> {
  const work = mkdtempSync(join(tmpdir(), 'svcrules-ipvs-'));
  try {
    const files = [sets, ...rules].map((text, i) => {
      const file = join(work, `${i}`);
      const hidden = text
        .replaceAll(IPVS_WRITTEN, (_, address, protocol, port) =>
          ipvsComment(PROTOCOL_NUMBERS[protocol], address, port),
        )
        .replaceAll(IPVS_SAVED, (_, protocol, address, port) => ipvsComment(protocol, address, port));
      writeFileSync(file, hidden);
      return file;
    });
    const restore = `${iptablesCommand('legacy', family, 'restore')} -w 30 --noflush --counters`;
    const printed = await runInNamespace(
      `ipset restore <"$1"; shift
       for file in "$@"; do ${restore} <"$file"; done
       ipset save; echo ---; ${iptablesCommand('legacy', family, 'save')}`,
      files,
    );
    const [savedSets = '', savedRules = ''] = printed.split('---\n');
    return {
      sets: savedSets,
      rules: savedRules.replaceAll(IPVS_HIDDEN, '-m ipvs --vproto $1 --vaddr $2 --vport $3'),
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function ipvsComment(protocol: string | undefined, address: string, port: string): string {
  return `-m comment --comment "@ipvs ${protocol} ${address} ${port}"`;
}

/** Why ipsets cannot be loaded on this machine, or undefined where they can. */
export function probeIpset(): string | undefined {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const script = 'ipset create probe hash:ip,port,net; ipset save >/dev/null';
  const { error, status, stderr } = spawnSync('unshare', ['-n', 'sh', '-ec', script], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1);
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
