/** The program's start: real streams and signals around `run`. */
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';
import { run } from './main.ts';

// A run is short and keeps most of what it reads: marking it piece by piece, while it is still being read, is in vain.
setFlagsFromString('--no-incremental-marking');

// A closed stdout is reported where it is written to; without a listener it would end the process noisily.
process.stdout.on('error', () => {});
process.stderr.on('error', () => {});

function untilStopped(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

const { stdin, stdout, stderr, env } = process;
// Not awaited here: the script of a single executable is CommonJS.
void run(process.argv.slice(2), { stdin, stdout, stderr, env, untilStopped }).then((status) => {
  process.exitCode = status;
});
