/**
 * The command line: arguments in, exit status out.
 *
 * 0: done; 1: a comparison found differences; 2: wrong usage, refused input, or something outside failed. Commands are
 * loaded when they are called, so that help and completion start fast.
 */
import { CommanderError } from 'commander';
import { readLimits, setLimits } from '../input/limits.ts';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { type CommandIO, OutputClosed } from './io.ts';
import { buildProgram } from './program.ts';

export async function run(argv: readonly string[], io: CommandIO): Promise<number> {
  let status = 0;
  const program = buildProgram(io, (result) => {
    status = result;
  });
  try {
    setLimits(readLimits(io.env.SVCRULES_LIMITS ?? ''));
    // No command of the program: nobody shall see it in the help, and the words behind it are no flags of it.
    if (argv[0] === '__complete')
      return await (await import('./completion/complete.ts')).completeCommand(argv.slice(1), io);
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof OutputClosed) return 0;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof OperationalError)) throw error;
    io.stderr.write(`error: ${plainText(error.message)}\n`);
    if (argv.includes('--debug')) {
      for (const line of `${error.stack}\n${String(error.cause ?? '')}`.split('\n')) {
        io.stderr.write(`${plainText(line)}\n`);
      }
    }
    return 2;
  }
}
