/** The flags of `explain`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import { addClusterOptions, addCommonOptions, addInputOptions, addNodeOptions } from '../options.ts';

export function addExplainCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('explain')
    .description('show one Service as a node has it: its addresses, its endpoints and why, who gets what')
    .argument('<service>', 'svc/NAME')
    .addOption(new Option('-o, --output <format>', 'json: the same as data').choices(['json']))
    .action(async (service, options) =>
      finish(await (await import('./explain.ts')).explainCommand(service, options, io)),
    );
  addCommonOptions(addNodeOptions(addClusterOptions(addInputOptions(command))));
}
