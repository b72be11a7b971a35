/**
 * Finds the commands of a page. In: Markdown. Out: each command with the output that the page shows of it.
 *
 * A fence `console` holds a terminal: lines `$ …` are commands, what follows is their output; `console exit=1` says how
 * the last of them ends. Indented lines, and fences without a language or of a shell, hold commands and nothing else. A
 * comment `<!-- $ … -->`, or `<!-- exit=1 $ … -->`, is the command whose output the drawing in the next line is.
 */
export interface DocumentedCommand {
  /** Line of the page, from 1. */
  readonly line: number;
  readonly command: string;
  /** Undefined where the page shows no terminal. */
  readonly shown: ShownOutput | undefined;
}

export interface ShownOutput {
  readonly lines: readonly string[];
  /** Index of the first of these lines among those of the page. */
  readonly from: number;
  readonly exitStatus: number;
}

const SHELLS: readonly string[] = ['', 'sh', 'bash', 'shell'];
const CONSOLE = /^console(?: exit=(\d+))?$/;
const DRAWN_BY = /^<!-- (?:exit=(\d+) )?\$ (.*) -->$/;

export function documentedCommands(page: string): readonly DocumentedCommand[] {
  const lines = page.split('\n');
  const commands: DocumentedCommand[] = [];
  for (let index = 0; index < lines.length; index++) {
    const fence = /^```(.*)$/.exec(lines[index]!);
    if (fence === null) {
      if (/^(\s+```|\s*~~~)/.test(lines[index]!)) {
        throw new Error(`line ${index + 1}: a fence begins a line, with \`\`\``);
      }
      if (/^ {4}\S/.test(lines[index]!) && !continuesList(lines, index)) {
        commands.push({ line: index + 1, command: lines[index]!.trim(), shown: undefined });
      }
      continue;
    }
    const end = lines.indexOf('```', index + 1);
    if (end < 0) throw new Error(`line ${index + 1}: the fence has no end`);
    const drawnBy = DRAWN_BY.exec(lines[index - 1] ?? '');
    if (drawnBy !== null) {
      const shown = {
        lines: lines.slice(index + 1, end),
        from: index + 1,
        exitStatus: Number(drawnBy[1] ?? 0),
      };
      commands.push({ line: index, command: drawnBy[2]!, shown });
    } else {
      commands.push(...fenced(fence[1]!.trim(), lines, index + 1, end));
    }
    index = end;
  }
  return commands;
}

/** Four spaces are code only behind an empty line or more code, and not within a list. */
function continuesList(lines: readonly string[], index: number): boolean {
  let first = index;
  while (/^ {4}/.test(lines[first - 1] ?? '')) first--;
  return (lines[first - 1] ?? '') !== '';
}

function fenced(
  language: string,
  lines: readonly string[],
  begin: number,
  end: number,
): readonly DocumentedCommand[] {
  const content = lines.slice(begin, end);
  if (SHELLS.includes(language)) {
    return content.flatMap((text, i) =>
      text.trim() === '' ? [] : [{ line: begin + i + 1, command: text.trim(), shown: undefined }],
    );
  }
  const terminal = CONSOLE.exec(language);
  if (terminal !== null) return terminalCommands(content, begin, Number(terminal[1] ?? 0));
  const stray = content.findIndex((text) => /^(\$ )?(kubectl|npx|npm) /.test(text));
  if (stray >= 0)
    throw new Error(`line ${begin + stray + 1}: a command in a fence that is no terminal's (${language})`);
  return [];
}

function terminalCommands(
  content: readonly string[],
  begin: number,
  exitStatus: number,
): readonly DocumentedCommand[] {
  if (!content[0]?.startsWith('$ '))
    throw new Error(`line ${begin}: a terminal that begins without a command`);
  const starts = content.flatMap((text, i) => (text.startsWith('$ ') ? [i] : []));
  return starts.map((start, n) => {
    let last = start;
    while (content[last]!.endsWith('\\')) last++;
    const command = content
      .slice(start, last + 1)
      .map((text) => text.replace(/^\$ /, '').replace(/\\$/, '').trim())
      .join(' ');
    const next = starts[n + 1] ?? content.length;
    const lines = content.slice(last + 1, next);
    const shown = { lines, from: begin + last + 1, exitStatus: n + 1 === starts.length ? exitStatus : 0 };
    return { line: begin + start + 1, command, shown };
  });
}
