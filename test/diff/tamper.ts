/** Ways to change the lines of a dump, as a hand or a program on a host would. */
import type { Tamper } from './hosts.ts';

type Pattern = string | RegExp;

function matches(line: string, pattern: Pattern): boolean {
  return typeof pattern === 'string' ? line.includes(pattern) : pattern.test(line);
}

/** @throws where no line fits: a test that changes nothing shows nothing. */
function found(lines: readonly string[], pattern: Pattern): readonly string[] {
  if (!lines.some((line) => matches(line, pattern))) throw new Error(`no line with ${pattern}`);
  return lines;
}

/** Deletes the lines that fit. */
export function without(pattern: Pattern): Tamper {
  return (lines) => found(lines, pattern).filter((line) => !matches(line, pattern));
}

export function replaced(pattern: Pattern, by: (line: string) => string): Tamper {
  return (lines) => found(lines, pattern).map((line) => (matches(line, pattern) ? by(line) : line));
}

export function replacedText(from: string, to: string): Tamper {
  return replaced(from, (line) => line.replace(from, to));
}

/** `-I`: in front of the first rule of the chain in that table. */
export function inserted(table: string, rule: string): Tamper {
  return inTable(table, (lines) => {
    const chain = rule.split(' ')[1];
    const first = lines.findIndex((line) => line.startsWith(`-A ${chain} `));
    return first < 0 ? [...lines, rule] : [...lines.slice(0, first), rule, ...lines.slice(first)];
  });
}

/** `-A`: behind the last rule of the chain in that table, or of the table. */
export function appended(table: string, ...rules: readonly string[]): Tamper {
  return inTable(table, (lines) => {
    let all = lines;
    for (const rule of rules) {
      const chain = rule.split(' ')[1];
      const last = all.findLastIndex((line) => line.startsWith(`-A ${chain} `));
      all = last < 0 ? [...all, rule] : [...all.slice(0, last + 1), rule, ...all.slice(last + 1)];
    }
    return all;
  });
}

/** `-N`. */
export function declared(table: string, ...chains: readonly string[]): Tamper {
  return inTable(table, (lines) => [
    lines[0] as string,
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...lines.slice(1),
  ]);
}

/** The lines of one table without `COMMIT`. */
export function inTable(table: string, tamper: Tamper): Tamper {
  return (lines) => {
    const start = lines.indexOf(`*${table}`);
    const end = lines.indexOf('COMMIT', start);
    if (start < 0) return [...lines, ...tamper([`*${table}`]), 'COMMIT'];
    return [...lines.slice(0, start), ...tamper(lines.slice(start, end)), ...lines.slice(end)];
  };
}

/** `-F` of a whole table: rules go, chains stay. */
export function flushed(table: string): Tamper {
  return inTable(table, (lines) => lines.filter((line) => !line.startsWith('-A ')));
}

export function all(...tampers: readonly Tamper[]): Tamper {
  return (lines) => tampers.reduce((changed, tamper) => tamper(changed), lines);
}

/** Exchanges two rules. */
export function swapped(one: Pattern, other: Pattern): Tamper {
  return (lines) => {
    const a = lines.findIndex((line) => matches(line, one));
    const b = lines.findIndex((line) => matches(line, other));
    if (a < 0 || b < 0) throw new Error('no such lines');
    return lines.map((line, i) => (i === a ? (lines[b] as string) : i === b ? (lines[a] as string) : line));
  };
}
