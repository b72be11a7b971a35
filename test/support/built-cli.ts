/** The command line as a process of its own, bundled from the present sources. In: arguments. Out: how it ended. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

export interface BuiltCli {
  /** The file that Node.js runs. */
  readonly path: string;
  readonly remove: () => void;
}

export async function buildCli(): Promise<BuiltCli> {
  const folder = mkdtempSync(join(tmpdir(), 'svcrules-cli-'));
  // Other users run it, too.
  chmodSync(folder, 0o755);
  const require = "import{createRequire as $r}from'node:module';const require=$r(import.meta.url);";
  await build({
    entryPoints: { cli: join(REPOSITORY, 'src/cli/entry.ts') },
    outdir: folder,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    define: { SVCRULES_VERSION: '"0.0.0"' },
    banner: { js: require },
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return { path: join(folder, 'cli.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export interface ProcessResult {
  /** Null where a signal has ended it. */
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed; without it stdin stays open and empty. */
  readonly stdin?: string;
  readonly uid?: number;
  /** Called once the process runs. */
  readonly meanwhile?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs a program to its end, which a test waits for at most a minute. */
export function runProcess(
  program: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, ...options.env },
      timeout: 60_000,
      killSignal: 'SIGKILL',
      ...(options.uid === undefined ? {} : { uid: options.uid }),
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    if (options.stdin !== undefined) child.stdin.end(options.stdin);
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    child.on('spawn', () => options.meanwhile?.((signal) => child.kill(signal)));
  });
}
