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

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  untilStopped,
});
