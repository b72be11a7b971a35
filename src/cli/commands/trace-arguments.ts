/** The flags of `trace`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addHostOptions,
  addInputOptions,
  addNodeOptions,
  seconds,
} from '../options.ts';

export function addTraceCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('trace')
    .description('show what becomes of a new connection, by the rules of a node')
    .requiredOption('--from <source>', 'ns/pod, an IP address, external, or node')
    .requiredOption('--to <destination>', 'ns/service[:port] or IP:port')
    .addOption(
      new Option(
        '-p, --protocol <protocol>',
        "which protocol (default: that of the Service's port, else tcp)",
      ).choices(['tcp', 'udp', 'sctp']),
    )
    .option('--in-interface <name>', 'the interface by which the packet comes in')
    .addOption(
      new Option(
        '--seen <seconds>',
        'with session affinity: how long ago the client was sent to an endpoint',
      ).argParser(seconds),
    )
    .option('--rules', 'show each rule in full')
    .addOption(new Option('-o, --output <format>', 'json: outcomes with their paths').choices(['json']))
    .action(async (options) => finish(await (await import('./trace.ts')).traceCommand(options, io)));
  addCommonOptions(addHostOptions(addNodeOptions(addClusterOptions(addInputOptions(command)))));
}
