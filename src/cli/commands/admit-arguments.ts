/** The flags of `admit`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import { addCommonOptions, addInputOptions } from '../options.ts';

export function addAdmitCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('admit')
    .description('print the objects as the API server would keep them, or what is wrong with them')
    .addOption(
      new Option('-o, --output <format>', 'form of the objects').choices(['yaml', 'json']).default('yaml'),
    )
    .action(async (options) => finish(await (await import('./admit.ts')).admitCommand(options, io)));
  addCommonOptions(addInputOptions(command));
}
