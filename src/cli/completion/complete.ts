/**
 * Shell completion as kubectl asks its plugins for it. In: the words of a command line, the last one unfinished. Out: a
 * candidate a line, with a tab and a description where there is one, and `:` with what the shell shall do in the last line.
 *
 * Mirrors the command `__complete` of cobra 1.10; kubectl runs `kubectl_complete-svcrules`, which runs this.
 */
import type { Command, Option } from 'commander';
import { plainText } from '../../report/plain-text.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { buildProgram } from '../program.ts';
import { type Candidate, type Completion, NO_FILES, NOTHING, only } from './candidate.ts';
import { flagValues, qualified } from './flag-values.ts';
import { objectNames, typedNamespace } from './object-names.ts';
import { nameOf, readTypedLine, type TypedLine } from './typed-line.ts';

export async function completeCommand(words: readonly string[], io: CommandIO): Promise<number> {
  const program = buildProgram(io, () => {});
  const line = readTypedLine(program, words);
  const { candidates, directive } = await completion(line, io);
  const lines = candidates
    .filter(({ text }) => text.startsWith(line.typed.text))
    .map(({ text, description }) => `${text}${description ? `\t${plainText(description)}` : ''}\n`);
  await writeAll(io.stdout, [...lines, `:${directive}\n`]);
  return 0;
}

function completion(line: TypedLine, io: CommandIO): Promise<Completion> | Completion {
  const { typed } = line;
  switch (typed.kind) {
    case 'flag':
      return { candidates: flagsOf(line), directive: NO_FILES };
    case 'value':
      return flagValues(typed.option, line, io);
    case 'argument':
      return argument(line, typed.text, io);
    default:
      return typed satisfies never;
  }
}

/** Flags that can still be given, by their long names. */
function flagsOf({ command, flags }: TypedLine): readonly Candidate[] {
  const canFollow = (option: Option) => !flags.has(nameOf(option)) || Array.isArray(option.defaultValue);
  return command.options
    .filter((option) => !option.hidden && option.long && canFollow(option))
    .map(({ long, description }) => ({ text: long as string, description }))
    .concat({ text: '--help', description: 'display help for command' });
}

async function argument(line: TypedLine, text: string, io: CommandIO): Promise<Completion> {
  const { command, args } = line;
  // The command `help` is made when it is called.
  const isHelp = command.parent === null && args.length === 1 && args[0] === 'help';
  if (args.length > 0 && !isHelp) return NOTHING;
  switch (pathOf(command)) {
    case 'explain':
      return services(line, text, io);
    case 'lint rules': {
      const { allRules } = await import('../../lint/lint.ts');
      const candidates = allRules().map(({ id, title }) => ({ text: id, description: title }));
      return { candidates, directive: NO_FILES };
    }
    case 'dns query': {
      const names = await objectNames('Service', undefined, line, io);
      return only(names.map(({ name, namespace }) => `${name}.${namespace}`));
    }
    default:
      return { candidates: commandsOf(command), directive: NO_FILES };
  }
}

/** `svc/NAME` of the namespace, as kubectl spells it, or `NAMESPACE/NAME` of any. */
async function services(line: TypedLine, text: string, io: CommandIO): Promise<Completion> {
  const kind = /^(svc|service|services)\//.exec(text)?.[0];
  if (kind === undefined && text.includes('/'))
    return only((await objectNames('Service', undefined, line, io)).map(qualified));
  const namespace = await typedNamespace(line, io);
  const names = await objectNames('Service', undefined, line, io);
  const own = names.filter((each) => each.namespace === namespace);
  const others =
    kind === undefined && !line.flags.has('namespace') ? names.filter((each) => !own.includes(each)) : [];
  return only([...own.map(({ name }) => `${kind ?? 'svc/'}${name}`), ...others.map(qualified)]);
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => ({ text: each.name(), description: each.description() }));
}

/** `dns query` */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${pathOf(parent)} ${command.name()}` : command.name();
}
