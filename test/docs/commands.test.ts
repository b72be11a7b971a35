/** Every command of the pages does what the page says: runs, prints what is shown, ends as it is said. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BuiltCli, buildCli } from '../support/built-cli.ts';
import { documentedCommands } from './documented-commands.ts';
import { NOT_RUN, pages } from './pages.ts';
import { parses } from './parsed-command.ts';
import { brought } from './shown-output.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
}, 60_000);
afterAll(() => cli.remove());

const documented = pages(REPOSITORY)
  .map((page) => ({ page, commands: documentedCommands(readFileSync(join(REPOSITORY, page), 'utf8')) }))
  .filter(({ commands }) => commands.length > 0);

describe.each(documented)('$page', ({ commands }) => {
  let terminal: Terminal;
  beforeAll(() => {
    terminal = openTerminal(cli.path);
  }, 60_000);
  afterAll(() => terminal.remove());

  it.each(commands)('line $line: $command', async ({ command, shown }) => {
    if (NOT_RUN.has(command)) {
      expect(shown, 'what is not run cannot show an output').toBeUndefined();
      await parses(command);
      return;
    }
    const { lines, status } = terminal.type(command);
    if (shown === undefined) {
      // 1 is what diff, trace and lint end with where they find something.
      expect(
        status === 0 || (status === 1 && /svcrules (diff|trace|lint) /.test(command)),
        lines.join('\n'),
      ).toBe(true);
      return;
    }
    expect(shown.lines.join('\n'), 'npm run update-docs brings the page up to date').toBe(
      brought(shown.lines, lines).join('\n'),
    );
    expect(status).toBe(shown.exitStatus);
  }, 60_000);
});

describe('commands that are not run', () => {
  it.each([...NOT_RUN])('%s: %s', (command) => {
    expect(documented.flatMap(({ commands }) => commands.map((each) => each.command))).toContain(command);
  });

  it.each([
    'kubectl svcrules dns --wotch',
    'kubectl svcrules dms --watch',
    'kubectl svcrules compile --mode iptable --watch',
    'kubectl get pods --watch',
  ])('are parsed: %s is refused', async (command) => {
    await expect(parses(command)).rejects.toThrow();
  });
});
