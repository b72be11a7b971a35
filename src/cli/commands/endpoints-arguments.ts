/** The flags of `endpoints`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addInputOptions,
  addSelectionOptions,
  addWatchOptions,
  checkWatchOptions,
  duration,
  moment,
} from '../options.ts';

export function addEndpointsCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('endpoints')
    .description('print the EndpointSlices that the controllers would write')
    .addOption(
      new Option('-o, --output <format>', 'table; wide: with the reason for each Pod; yaml; json')
        .choices(['table', 'wide', 'yaml', 'json'])
        .default('table'),
    )
    .addOption(
      new Option(
        '--at <time>',
        'as they would be then (RFC 3339), had no Node of the manifests reported again',
      )
        .argParser(moment)
        .conflicts('watch'),
    )
    .addOption(
      new Option(
        '--node-monitor-grace-period <time>',
        'with --at: how old the last report of a ready Node may be (default: 50s)',
      ).argParser(duration),
    )
    .action(async (options) => {
      checkWatchOptions(options);
      finish(await (await import('./endpoints.ts')).endpointsCommand(options, io));
    });
  addWatchOptions(command);
  addCommonOptions(addClusterOptions(addSelectionOptions(addInputOptions(command))));
}
