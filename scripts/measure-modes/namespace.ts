/** Network namespaces that a process holds, so that the machine's own network is never touched. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const run = promisify(execFile);

export class Namespace {
  private readonly holder: ChildProcess;

  private constructor(holder: ChildProcess) {
    this.holder = holder;
  }

  static async open(): Promise<Namespace> {
    const script =
      'ip link set lo up; echo 1024 65535 >/proc/sys/net/ipv4/ip_local_port_range; echo; exec sleep infinity';
    const holder = spawn('unshare', ['-n', 'sh', '-ec', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    // `unshare` becomes the process that it starts.
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => {
        throw new Error('no network namespace: this needs root');
      }),
    ]);
    return new Namespace(holder);
  }

  get pid(): number {
    return this.holder.pid as number;
  }

  /** Runs a script of bash. @returns what it printed */
  async sh(script: string): Promise<string> {
    const { stdout } = await run('nsenter', [...this.flags, 'bash', '-ec', script], { maxBuffer: 1 << 26 });
    return stdout;
  }

  /** Milliseconds that a command takes, without starting the shell. */
  async time(command: string): Promise<number> {
    const printed = await this.sh(
      `ulimit -n "$(ulimit -Hn)"; start=$EPOCHREALTIME; ${command} >&2; end=$EPOCHREALTIME; echo $start $end`,
    );
    const [start = 0, end = 0] = printed.trim().split(' ').map(Number);
    return (end - start) * 1000;
  }

  /** Starts a program; `nsenter` becomes it. @returns what ends it and all that it has started */
  spawn(command: string, args: readonly string[]): () => void {
    const stdio = ['ignore', 'ignore', 'inherit'] as const;
    const child = spawn('nsenter', [...this.flags, command, ...args], { stdio: [...stdio], detached: true });
    return () => {
      if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL');
    };
  }

  async close(): Promise<void> {
    const ended = once(this.holder, 'exit');
    this.holder.kill('SIGKILL');
    await ended;
  }

  private get flags(): string[] {
    return ['-t', `${this.pid}`, '-n'];
  }
}
