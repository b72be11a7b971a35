/**
 * The command line: arguments in, exit status out.
 *
 * 0: done; 1: a comparison found differences; 2: wrong usage, refused input, or something outside failed. Commands are
 * loaded when they are called, so that help and completion start fast.
 */
import { Command, CommanderError, Option } from 'commander';
import { plainText } from '../report/plain-text.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { addDnsCommand } from './commands/dns-arguments.ts';
import { addLintCommand } from './commands/lint-arguments.ts';
import { type CommandIO, OutputClosed } from './io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addHostOptions,
  addInputOptions,
  addNodeOptions,
  addSelectionOptions,
  addWatchOptions,
  checkWatchOptions,
  collect,
  duration,
  moment,
  seconds,
} from './options.ts';
import { version } from './version.ts';

export async function run(argv: readonly string[], io: CommandIO): Promise<number> {
  let status = 0;
  const program = buildProgram(io, (result) => {
    status = result;
  });
  try {
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

function buildProgram(io: CommandIO, finish: (status: number) => void): Command {
  const program = new Command('kubectl svcrules')
    .description('Compiles Kubernetes Services into the exact rules that kube-proxy programs on a node.')
    .version(version(), '--version', 'print the version')
    .helpCommand(true)
    // `-f` after `dns query` is not that of `dns`.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows the usage)')
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    });

  const compile = program
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
        ? (await import('./commands/compile-watch.ts')).compileWatchCommand
        : (await import('./commands/compile.ts')).compileCommand;
      finish(await command(options, io));
    });
  addWatchOptions(compile);
  addCommonOptions(addNodeOptions(addClusterOptions(addSelectionOptions(addInputOptions(compile)))));

  const env = program
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
      finish(await (await import('./commands/env.ts')).envCommand(options, io));
    });
  addWatchOptions(env);
  addCommonOptions(addClusterOptions(addInputOptions(env)));

  const endpoints = program
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
      finish(await (await import('./commands/endpoints.ts')).endpointsCommand(options, io));
    });
  addWatchOptions(endpoints);
  addCommonOptions(addClusterOptions(addSelectionOptions(addInputOptions(endpoints))));

  const admit = program
    .command('admit')
    .description('print the objects as the API server would keep them, or what is wrong with them')
    .addOption(
      new Option('-o, --output <format>', 'form of the objects').choices(['yaml', 'json']).default('yaml'),
    )
    .action(async (options) => finish(await (await import('./commands/admit.ts')).admitCommand(options, io)));
  addCommonOptions(addInputOptions(admit));

  const trace = program
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
    .action(async (options) => finish(await (await import('./commands/trace.ts')).traceCommand(options, io)));
  addCommonOptions(addHostOptions(addNodeOptions(addClusterOptions(addInputOptions(trace)))));

  const diff = program
    .command('diff')
    .description(
      "compare a node's intended rules with a host's, or with another compilation, by what they do",
    )
    .option(
      '--against <file>',
      'other manifests of the same node: a file, a folder or a glob; repeatable',
      collect,
      [],
    )
    .addOption(
      new Option('--against-mode <mode>', 'another mode').choices([
        'iptables',
        'ipvs',
        'nftables',
        'userspace',
      ]),
    )
    .option('--against-version <release>', 'another release of kube-proxy')
    .option(
      '--bundle <path>',
      'what was collected of many nodes: a folder or a tar archive with a folder for each',
    )
    .option('--html <file>', 'write the report as one page too')
    .option('--service <name>', 'the Service that is drawn (default: the one that differs)')
    .option('--all-nodes', 'with --via-pod: every Node of the cluster')
    .option('--show-stale', 'list chains of kube-proxy that nothing refers to')
    .addOption(
      new Option(
        '-o, --output <format>',
        'text; json; unified: the rules that differ; markdown: for a comment; mermaid, dot: a drawing of one Service',
      )
        .choices(['text', 'json', 'unified', 'markdown', 'mermaid', 'dot'])
        .default('text'),
    )
    .action(async (options) => finish(await (await import('./commands/diff.ts')).diffCommand(options, io)));
  addCommonOptions(addHostOptions(addNodeOptions(addClusterOptions(addInputOptions(diff)))));

  const explain = program
    .command('explain')
    .description('show one Service as a node has it: its addresses, its endpoints and why, who gets what')
    .argument('<service>', 'svc/NAME')
    .addOption(new Option('-o, --output <format>', 'json: the same as data').choices(['json']))
    .action(async (service, options) =>
      finish(await (await import('./commands/explain.ts')).explainCommand(service, options, io)),
    );
  addCommonOptions(addNodeOptions(addClusterOptions(addInputOptions(explain))));
  addLintCommand(program, io, finish);
  addDnsCommand(program, io, finish);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
