/** The flags of `env`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addInputOptions,
  addWatchOptions,
  checkWatchOptions,
} from '../options.ts';

export function addEnvCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('env')
    .description("print the service variables that the kubelet gives to a Pod's containers")
    .option('--pod <name>', 'this Pod of the namespace, which the input must have')
    .addOption(
      new Option(
        '-o, --output <format>',
        'env: NAME=value; export: for a shell; docker: for --env-file; json',
      )
        .choices(['env', 'export', 'docker', 'json'])
        .default('env'),
    )
    .action(async (options) => {
      checkWatchOptions(options);
      finish(await (await import('./env.ts')).envCommand(options, io));
    });
  addWatchOptions(command);
  addCommonOptions(addClusterOptions(addInputOptions(command)));
}
