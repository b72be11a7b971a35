/**
 * Runs the commands of the pages and writes what they print where the pages show it, cut where it was cut before. In: the
 * pages' paths; all of them by default. Out: the pages; on stdout, which of them have changed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildCli } from '../support/built-cli.ts';
import { documentedCommands } from './documented-commands.ts';
import { NOT_RUN, pages } from './pages.ts';
import { brought } from './shown-output.ts';
import { openTerminal } from './terminal.ts';

export async function main(argv: readonly string[], repository: string): Promise<number> {
  const cli = await buildCli();
  try {
    for (const page of argv.length > 0 ? argv : pages(repository)) {
      const path = join(repository, page);
      const before = readFileSync(path, 'utf8');
      const after = updated(before, cli.path);
      if (after === before) continue;
      writeFileSync(path, after);
      console.log(page);
    }
    return 0;
  } finally {
    cli.remove();
  }
}

function updated(page: string, cli: string): string {
  const commands = documentedCommands(page);
  if (!commands.some(({ shown }) => shown !== undefined)) return page;
  const lines = page.split('\n');
  const terminal = openTerminal(cli);
  try {
    let moved = 0;
    for (const { command, shown } of commands) {
      if (NOT_RUN.has(command)) continue;
      const printed = terminal.type(command);
      if (shown === undefined) continue;
      const from = shown.from + moved;
      const output = brought(shown.lines, printed.lines);
      lines.splice(from, shown.lines.length, ...output);
      moved += output.length - shown.lines.length;
      // Only the end of a terminal's last command can be said.
      if (lines[from + output.length] !== '```') continue;
      let fence = from;
      while (!lines[fence]!.startsWith('```')) fence--;
      if (lines[fence] === fenceOf(shown.exitStatus)) lines[fence] = fenceOf(printed.status ?? 0);
    }
  } finally {
    terminal.remove();
  }
  return lines.join('\n');
}

function fenceOf(exitStatus: number): string {
  return exitStatus === 0 ? '```console' : `\`\`\`console exit=${exitStatus}`;
}
