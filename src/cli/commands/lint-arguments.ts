/** The flags of `lint` and `lint rules`. In: the program. Out: the same with the commands. */
import { type Command, Option } from 'commander';
import type { CommandIO } from '../io.ts';
import { addClusterOptions, addCommonOptions, addInputOptions, collect } from '../options.ts';

/** What is read here, and not where it is used, so that help does not load what lint needs. */
const FORMATS = 'text, json, sarif, github, junit or markdown; FORMAT=FILE writes a file; repeatable';

export function addLintCommand(program: Command, io: CommandIO, finish: (status: number) => void): void {
  const command = program
    .command('lint')
    .description('find what will not work, by what the control plane and the node will really do')
    .option('-o, --output <format>', FORMATS, collect, [])
    .addOption(
      new Option(
        '--fail-on <severity>',
        'exit with 1 for findings of this severity or a worse one (default: error)',
      ).choices(['error', 'warning', 'note']),
    )
    .option('--rule <id>', 'run only this rule; repeatable', collect, [])
    .option('--skip <id>', 'do not run this rule; repeatable', collect, [])
    .option('--config <file>', 'which rules are off or of another severity (default: .svcrules.yaml)')
    .option('--baseline <file>', 'leave out the findings of this file')
    .option('--write-baseline <file>', 'write the findings to this file, and exit with 0')
    .action(async (options) => finish(await (await import('./lint.ts')).lintCommand(options, io)));
  addCommonOptions(addClusterOptions(addInputOptions(command)));
  const rules = command
    .command('rules')
    .description('list the rules, or explain one')
    .argument('[id]', 'the rule')
    .action(async (id) => finish(await (await import('./lint-rules.ts')).lintRulesCommand(id, io)));
  rules.copyInheritedSettings(program);
}
