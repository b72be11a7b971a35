/** The flags of `diff`. In: the program. Out: the same with the command. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import {
  addClusterOptions,
  addCommonOptions,
  addHostOptions,
  addInputOptions,
  addNodeOptions,
  collect,
  duration,
} from '../options.ts';

export function addDiffCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
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
    .option(
      '--metrics <file>',
      "write figures for Prometheus into this file too, as the node exporter's textfile collector reads it",
    )
    .addOption(
      new Option('--every <time>', 'compare again and again, so often, until this is stopped').argParser(
        duration,
      ),
    )
    .option('--service <name>', 'the Service that is drawn (default: the one that differs)')
    .option('--all-nodes', 'with --via-pod: every Node of the cluster')
    .option('--show-stale', 'list chains of kube-proxy that nothing refers to')
    .addOption(
      new Option(
        '-o, --output <format>',
        'text; json; unified: the rules that differ; markdown: for a comment; mermaid, dot: a drawing of one Service; prometheus: figures',
      )
        .choices(['text', 'json', 'unified', 'markdown', 'mermaid', 'dot', 'prometheus'])
        .default('text'),
    )
    .action(async (options) => finish(await (await import('./diff.ts')).diffCommand(options, io)));
  addCommonOptions(addHostOptions(addNodeOptions(addClusterOptions(addInputOptions(command)))));
}
