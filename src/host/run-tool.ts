/**
 * Runs a tool of this machine that prints rules. In: its command. Out: all that it printed, or why there is nothing.
 */
import { setMaxListeners } from 'node:events';
import { limits } from '../input/limits.ts';
import { OperationalError } from '../shared/operational-error.ts';

export type ToolOutcome =
  | { readonly kind: 'done'; readonly stdout: string; readonly stderr: string }
  /** There is no such tool. */
  | { readonly kind: 'missing' }
  /** `message` is one sentence without a full stop. */
  | { readonly kind: 'failed'; readonly message: string; readonly detail: string };

/** Where tools run: here, or in a Pod. */
export interface ToolPlace {
  /** Completes "iptables-save of …". */
  readonly name: string;
  /** Tells why a tool cannot be found, and what to do. */
  readonly whyMissing: (tool: string) => string;
  /** @param command read-only, and safe to run on a host that serves. */
  readonly run: (command: readonly string[]) => Promise<ToolOutcome>;
}

export interface LocalOptions {
  /** Tools are looked for on its `PATH`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the reading, which then fails. */
  readonly signal?: AbortSignal | undefined;
}

/** A signal for many tools at once, each of which listens to it. */
export function sharedSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  if (signal === undefined) return undefined;
  const shared = AbortSignal.any([signal]);
  setMaxListeners(0, shared);
  return shared;
}

/** Only the end of what a tool says on stderr is kept. */
const STDERR_LIMIT = 16_384;

export function thisMachine({ env, signal }: LocalOptions): ToolPlace {
  const options = { env, signal: sharedSignal(signal) };
  return {
    name: 'this host',
    whyMissing: (tool) => `${tool} is not on PATH; it often stands in /usr/sbin`,
    run: (command) => runHere(command, options),
  };
}

async function runHere(
  [tool = '', ...args]: readonly string[],
  { env, signal }: LocalOptions,
): Promise<ToolOutcome> {
  const { execa } = await import('execa');
  const collected = new CollectedOutput(tool);
  const subprocess = execa(tool, args, {
    // With buffering, execa would end the tool after 100 MB.
    buffer: false,
    encoding: 'buffer',
    stdin: 'ignore',
    reject: false,
    // Messages are told apart by their words.
    env: { ...definedOf(env), LC_ALL: 'C' },
    extendEnv: false,
    forceKillAfterDelay: 2000,
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  });
  let stderr = '';
  subprocess.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_LIMIT);
  });
  try {
    for await (const chunk of subprocess.stdout) collected.push(chunk);
  } catch (error) {
    subprocess.kill();
    await subprocess;
    if (!signal?.aborted) throw error;
  }
  const result = await subprocess;
  if (!result.failed) return completed(tool, collected.text(), stderr);
  if (result.isCanceled) return { kind: 'failed', message: `${tool} was broken off`, detail: stderr };
  if (result.signal !== undefined) {
    const message = `${tool} was killed by ${result.signal} before it had printed all rules`;
    return { kind: 'failed', message, detail: stderr };
  }
  if (result.exitCode === undefined) {
    if (result.code === 'ENOENT') return { kind: 'missing' };
    const message = `${tool} cannot be run (${result.code ?? 'unknown reason'})`;
    return { kind: 'failed', message, detail: stderr };
  }
  const hint = isPermission(stderr) ? '; run it as root' : '';
  const message = `${failureOf(tool, stderr, result.exitCode)}${hint}`;
  return { kind: 'failed', message, detail: stderr };
}

function definedOf(env: LocalOptions['env']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

/** What a tool prints, up to a limit. */
export class CollectedOutput {
  private readonly pieces: Uint8Array[] = [];
  private length = 0;
  private readonly tool: string;

  constructor(tool: string) {
    this.tool = tool;
  }

  /** @throws OperationalError beyond the limit. */
  push(chunk: Uint8Array): void {
    this.length += chunk.length;
    const { fileBytes } = limits();
    if (this.length > fileBytes) {
      throw new OperationalError(`${this.tool} prints more than ${fileBytes} bytes`);
    }
    this.pieces.push(chunk);
  }

  text(): string {
    return Buffer.concat(this.pieces).toString('utf8');
  }
}

/** Every tool ends its last line; without that, a part is missing although the tool ended well. */
export function completed(tool: string, stdout: string, stderr: string): ToolOutcome {
  if (stdout === '' || stdout.endsWith('\n')) return { kind: 'done', stdout, stderr };
  return {
    kind: 'failed',
    message: `what ${tool} printed ends in the middle of a line`,
    detail: stdout.slice(-200),
  };
}

/** Whether a tool says that it lacks CAP_NET_ADMIN. */
export function isPermission(stderr: string): boolean {
  return /Permission denied|you must be root|Operation not permitted/i.test(stderr);
}

/** `iptables-save failed: Could not fetch rule set generation id: Permission denied (you must be root)` */
export function failureOf(tool: string, stderr: string, exitCode: number): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('# Warning'));
  const line = (lines.find(isPermission) ?? lines.at(-1))?.trim();
  if (line === undefined) return `${tool} ended with status ${exitCode} and said nothing`;
  const own = /^\S+ v[0-9][^:]*: (.*)$/.exec(line)?.[1] ?? line.replace(`${tool}: `, '');
  return `${tool} failed: ${own.replace(/\.$/, '')}`;
}
