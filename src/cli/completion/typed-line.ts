/** What has been typed so far. In: the program and the words of a command line, the last one unfinished. Out: what is being typed. */
import type { Command, Option } from 'commander';

export interface TypedLine {
  readonly command: Command;
  /** Values of flags by the flag's long name without dashes; a flag without a value has none. */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  /** Arguments before the one that is typed. */
  readonly args: readonly string[];
  readonly typed: Typed;
}

export type Typed =
  | { readonly kind: 'flag'; readonly text: string }
  /** `text` is the value alone, also of `--flag=value`. */
  | { readonly kind: 'value'; readonly option: Option; readonly text: string }
  | { readonly kind: 'argument'; readonly text: string };

/** @param words the last one is that at the cursor, perhaps empty */
export function readTypedLine(program: Command, words: readonly string[]): TypedLine {
  let command = program;
  const flags = new Map<string, string[]>();
  const args: string[] = [];
  const set = (option: Option, value?: string) => {
    const values = flags.get(nameOf(option)) ?? [];
    flags.set(nameOf(option), value === undefined ? values : [...values, value]);
  };
  let open: Option | undefined;
  let onlyArgs = false;
  for (const word of words.slice(0, -1)) {
    if (open !== undefined) {
      set(open, word);
      open = undefined;
    } else if (onlyArgs || !word.startsWith('-') || word === '-') {
      const sub = args.length === 0 ? findCommand(command, word) : undefined;
      if (sub === undefined) args.push(word);
      else command = sub;
    } else if (word === '--') onlyArgs = true;
    else {
      const { option, value } = readFlag(command, word);
      if (option === undefined) continue;
      if (takesValue(option) && value === undefined) open = option;
      else set(option, value);
    }
  }
  if (open !== undefined) set(open);
  return { command, flags, args, typed: typedOf(command, words.at(-1) ?? '', open, onlyArgs) };
}

function typedOf(command: Command, text: string, open: Option | undefined, onlyArgs: boolean): Typed {
  if (open !== undefined) return { kind: 'value', option: open, text };
  if (onlyArgs || !text.startsWith('-')) return { kind: 'argument', text };
  const { option, value } = readFlag(command, text);
  const isValue = option !== undefined && takesValue(option) && value !== undefined;
  return isValue ? { kind: 'value', option, text: value } : { kind: 'flag', text };
}

/** `--flag`, `--flag=value`, `-f`, `-fvalue`. */
function readFlag(
  { options }: Command,
  word: string,
): { readonly option: Option | undefined; readonly value: string | undefined } {
  const [, long, longValue] = /^(--[^=]+)(?:=(.*))?$/s.exec(word) ?? [];
  if (long !== undefined) return { option: options.find((each) => each.long === long), value: longValue };
  const option = options.find(({ short }) => short === word.slice(0, 2));
  return { option, value: word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined };
}

export function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** `kube-version` */
export function nameOf({ long, flags }: Option): string {
  return (long ?? flags).replace(/^--/, '');
}

function findCommand(command: Command, name: string): Command | undefined {
  return command.commands.find((each) => each.name() === name);
}
