/** The flags of `compile`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addInputOptions,
  addNodeOptions,
  addSelectionOptions,
  addWatchOptions,
  checkWatchOptions,
} from '../options.ts';

export function addCompileCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('compile')
    .description('print the rules of one node')
    .addOption(new Option('--artifact <name>', 'print this one text').conflicts('out'))
    .option('--out <dir>', "write all the mode's artifacts, of both families, into this folder")
    .addOption(
      new Option('-o, --output <format>', 'json: the typed rules')
        .choices(['json'])
        .conflicts(['artifact', 'out']),
    )
    .option(
      '--proxy-port-range <range>',
      "mode userspace: where the proxy's local ports are taken from (default: the configuration's portRange, else 10000-29999)",
    )
    .option(
      '--ipvs-syncs <count>',
      'mode ipvs: what is there after so many syncs (default: 1); from 2 on all the same',
    )
    .option('--no-portals', 'mode userspace: HAProxy or nginx in place of kube-proxy, without its rules')
    .action(async (options) => {
      checkWatchOptions(options);
      const command = options.watch
        ? (await import('./compile-watch.ts')).compileWatchCommand
        : (await import('./compile.ts')).compileCommand;
      finish(await command(options, io));
    });
  addWatchOptions(command);
  addCommonOptions(addNodeOptions(addClusterOptions(addSelectionOptions(addInputOptions(command)))));
}
