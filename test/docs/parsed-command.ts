/** Has the command line take a documented command apart, without doing what it says. */
import { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';

const PREFIX = 'kubectl svcrules ';

/** @throws where a command or a flag does not exist, or a value is none that it takes. */
export async function parses(command: string): Promise<void> {
  if (!command.startsWith(PREFIX)) throw new Error(`${command}: only commands of svcrules can be parsed`);
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const io = {
    stdin: Readable.from([]),
    stdout: sink,
    stderr: sink,
    env: {},
    untilStopped: () => new AbortController().signal,
  };
  const program = buildProgram(io, () => {});
  forgetActions(program);
  await program.parseAsync(words(command.slice(PREFIX.length)), { from: 'user' });
}

function forgetActions(command: Command): void {
  for (const each of command.commands) {
    each.action(() => {});
    forgetActions(each);
  }
}

/** As a shell would, up to the first pipe or redirection; of quotes only the single ones. */
function words(line: string): string[] {
  const found = line.match(/'[^']*'|[^\s']+/g) ?? [];
  const end = found.findIndex((word) => /^[|>#]/.test(word));
  return found.slice(0, end < 0 ? undefined : end).map((word) => word.replace(/^'(.*)'$/, '$1'));
}
