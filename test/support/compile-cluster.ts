/**
 * Compiles a cluster folder as `kubectl svcrules compile` does, within this process. In: a cluster folder and how to
 * read it. Out: the texts by the oracle's names (`iptables.ipv4.save`), in normal form.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { run } from '../../src/cli/main.ts';
import { DEFAULT_KINDS, prepareCluster, readInput, serviceVariables } from '../../src/index.ts';
import { type ClusterOptions, readClusterOptions } from './cluster-folder.ts';
import { canonicalIptablesSave, canonicalNftList } from './normal-form.ts';
import { canonicalUserspace } from './userspace-normal-form.ts';

export interface CompileOptions extends ClusterOptions {
  readonly release?: string;
  /** Default: iptables. */
  readonly mode?: ComparedMode;
}

export type ComparedMode = 'iptables' | 'ipvs' | 'nftables' | 'userspace';

/** What is compared of a mode. */
interface ModeTexts {
  /** The oracle's name of each file that `compile --out` writes. */
  readonly files: ReadonlyMap<string, string>;
  readonly canonical: (text: string) => string;
}

export const MODE_TEXTS: Readonly<Record<ComparedMode, ModeTexts>> = {
  iptables: {
    files: new Map([
      ['iptables.ipv4.save', 'iptables.save'],
      ['iptables.ipv6.save', 'ip6tables.save'],
      ['iptables.ipv4.restore', 'iptables.restore'],
      ['iptables.ipv6.restore', 'ip6tables.restore'],
    ]),
    canonical: canonicalIptablesSave,
  },
  ipvs: {
    files: new Map([
      ['ipvs.ipvsadm', 'ipvsadm.save'],
      ['ipvs.ipset.save', 'ipset.save'],
      ['ipvs.addrs', 'addresses'],
      ['ipvs.ipv4.save', 'iptables.save'],
      ['ipvs.ipv6.save', 'ip6tables.save'],
      ['ipvs.ipv4.restore', 'iptables.restore'],
      ['ipvs.ipv6.restore', 'ip6tables.restore'],
    ]),
    // What is not of iptables is written in normal form.
    canonical: (text) => (text.startsWith('*') ? canonicalIptablesSave(text) : text),
  },
  nftables: {
    files: new Map([
      ['nftables.ipv4.list', 'ip.list'],
      ['nftables.ipv6.list', 'ip6.list'],
    ]),
    canonical: canonicalNftList,
  },
  userspace: {
    files: new Map([
      ['iptables.ipv4.save', 'iptables.save'],
      ['iptables.ipv6.save', 'ip6tables.save'],
      ['userspace.endpoints', 'nginx.conf'],
    ]),
    canonical: canonicalUserspace,
  },
};

export function isComparedMode(mode: string): mode is ComparedMode {
  return Object.hasOwn(MODE_TEXTS, mode);
}

/** The mode of a text by the oracle's name. */
export function modeOfText(name: string): ComparedMode {
  const mode = name.split('.')[0] as string;
  if (!isComparedMode(mode)) throw new Error(`${name} is of no mode that is compared`);
  return mode;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs one command with nothing on stdin.
 * @param stop ends a command that would go on for ever
 */
export async function runCaptured(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  stop: AbortSignal = new AbortController().signal,
): Promise<CommandResult> {
  const { SVCRULES_BIN } = process.env;
  if (SVCRULES_BIN !== undefined) return runExecutable(SVCRULES_BIN, argv, env, stop);
  const stdout = new Collector();
  const stderr = new Collector();
  const io = { stdin: Readable.from([]), stdout, stderr, env, untilStopped: () => stop };
  const status = await run(argv, io);
  return { status, stdout: stdout.text, stderr: stderr.text };
}

/** The same by a program that has been built, such as the single executable. */
function runExecutable(
  path: string,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  stop: AbortSignal,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(path, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    stop.addEventListener('abort', () => child.kill('SIGTERM'));
    const [stdout, stderr] = [new Collector(), new Collector()];
    child.stdout.pipe(stdout);
    child.stderr.pipe(stderr);
    child.once('error', reject);
    child.once('close', (status) =>
      resolve({ status: status ?? -1, stdout: stdout.text, stderr: stderr.text }),
    );
  });
}

/** Runs one command. @returns its stdout. @throws with its stderr when it does not exit with 0. */
async function runCommand(argv: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runCaptured(argv);
  if (status !== 0) throw new Error(`exit ${status}: ${stderr.slice(0, 4000)}`);
  return stdout;
}

class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer | string, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** The flags with which `compile` sees a cluster folder as the oracle does. */
export function inputFlags(folder: string, options: CompileOptions): string[] {
  const flags = ['-f', join(folder, 'cluster.yaml')];
  const config = join(folder, 'config.yaml');
  if (existsSync(config)) flags.push('--proxy-config', config);
  if (options.node !== undefined) flags.push('--node', options.node);
  if (options.release !== undefined) flags.push('--kube-version', options.release);
  for (const address of options.localAddrs ?? []) flags.push('--node-address', address);
  const { mode, ipvsSyncs } = options;
  if (mode === 'ipvs' && ipvsSyncs !== undefined) flags.push('--ipvs-syncs', `${ipvsSyncs}`);
  return flags;
}

/** @returns the texts of the mode's compared artifacts, as they are written. */
export async function compileRaw(
  folder: string,
  options: CompileOptions = readClusterOptions(folder),
): Promise<Map<string, string>> {
  const out = mkdtempSync(join(tmpdir(), 'svcrules-'));
  const { mode = 'iptables' } = options;
  try {
    const nfacct = options.nfacct === true ? ['--nfacct'] : [];
    await runCommand(['compile', ...inputFlags(folder, options), '--mode', mode, '--out', out, ...nfacct]);
    const texts = new Map<string, string>();
    for (const [name, file] of MODE_TEXTS[mode].files) texts.set(name, readFileSync(join(out, file), 'utf8'));
    return texts;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** @returns the texts of the mode's compared artifacts, in normal form. */
export async function compileCluster(
  folder: string,
  options: CompileOptions = readClusterOptions(folder),
): Promise<Map<string, string>> {
  const texts = await compileRaw(folder, options);
  const { canonical } = MODE_TEXTS[options.mode ?? 'iptables'];
  return new Map([...texts].map(([name, text]) => [name, canonical(text)]));
}

/**
 * The variables of a namespace, one `NAME=value` a line, sorted. Not by `env --namespace`, which also puts the objects
 * that name no namespace into that one.
 */
export async function compileEnv(folder: string, namespace: string): Promise<string> {
  const { objects } = await readInput({
    filenames: [join(folder, 'cluster.yaml')],
    recursive: false,
    stdin: Readable.from([]),
    kinds: DEFAULT_KINDS,
  });
  const { state, diagnostics } = prepareCluster({ objects });
  if (state === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  const { blocks } = serviceVariables(state.services, { namespace, enableServiceLinks: true });
  const variables = blocks.flatMap((block) => block.variables.map(({ name, value }) => `${name}=${value}\n`));
  return [...new Set(variables)].sort().join('');
}
