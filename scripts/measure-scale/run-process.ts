/** Runs whole processes and measures them. In: a command. Out: its wall time, and the peak memory of a Node process. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Contender {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** It is a script of Node: its memory is measured. */
  readonly isNode: boolean;
  /** A file for stdin. */
  readonly input?: string;
  /** It takes so long that one run has to do. */
  readonly once?: true;
  /** Exit statuses that are right. */
  readonly statuses: readonly number[];
}

export interface Measured {
  readonly wall: number;
  readonly peak: number | undefined;
}

/** @param folder for what is written on the way */
export class Processes {
  private readonly folder: string;
  private readonly probe: string;

  constructor(folder: string) {
    this.folder = folder;
    this.probe = join(folder, 'probe.mjs');
    writeFileSync(
      this.probe,
      "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)));\n",
    );
  }

  /** Where stdout of the last process is. */
  get output(): string {
    return join(this.folder, 'output');
  }

  async run({ name, command, isNode, input, statuses }: Contender): Promise<Measured> {
    const [program, ...args] = command;
    const files = { input: openSync(input ?? '/dev/null', 'r'), output: openSync(this.output, 'w') };
    const start = process.hrtime.bigint();
    const child = spawn(program, isNode ? ['--import', this.probe, ...args] : args, {
      stdio: [files.input, files.output, 'ignore', 'pipe'],
    });
    let rss = '';
    child.stdio[3]?.on('data', (data) => {
      rss += data;
    });
    const status = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject).on('close', resolve);
    });
    closeSync(files.input);
    closeSync(files.output);
    if (status === null || !statuses.includes(status)) throw new Error(`${name} ended with ${status}`);
    const wall = Number(process.hrtime.bigint() - start) / 1e6;
    return { wall, peak: isNode ? Number(rss) / 1024 : undefined };
  }
}
