/** The program with all its commands. In: the streams, and who is told how a command ended. Out: what reads the arguments. */
import { Command } from 'commander';
import { plainText } from '../report/plain-text.ts';
import { addAdmitCommand } from './commands/admit-arguments.ts';
import { addCompileCommand } from './commands/compile-arguments.ts';
import { addDiffCommand } from './commands/diff-arguments.ts';
import { addDnsCommand } from './commands/dns-arguments.ts';
import { addEndpointsCommand } from './commands/endpoints-arguments.ts';
import { addEnvCommand } from './commands/env-arguments.ts';
import { addExplainCommand } from './commands/explain-arguments.ts';
import { addLintCommand } from './commands/lint-arguments.ts';
import { addTraceCommand } from './commands/trace-arguments.ts';
import type { CommandIO } from './io.ts';
import { version } from './version.ts';

/** Only flags are defined here; what a command does is loaded when it is called, so that help starts fast. */
export function buildProgram(io: CommandIO, finish: (status: number) => void): Command {
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
      // It repeats what was given as it came.
      outputError: (text, write) => {
        const [, message = text, suggestion = ''] = /^(.*?)(\n\(Did you mean [^\n]*)?\n$/s.exec(text) ?? [];
        write(`${plainText(message)}${suggestion}\n`);
      },
    });

  const adders = [
    addCompileCommand,
    addEnvCommand,
    addEndpointsCommand,
    addAdmitCommand,
    addTraceCommand,
    addDiffCommand,
    addExplainCommand,
    addLintCommand,
    addDnsCommand,
  ];
  for (const add of adders) add(program, io, finish);
  for (const command of program.commands) command.copyInheritedSettings(program);
  return program;
}
