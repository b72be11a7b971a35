/** Lists that are broken in any way: each line is printed back as it was, or named as a problem, and none is lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseIPSets } from '../../../src/backends/ipvs/parse-ipset.ts';
import { parseSavedServers } from '../../../src/backends/ipvs/parse-ipvsadm.ts';
import { printIPSets, printServers } from '../../../src/backends/ipvs/print-listed.ts';

const EXPECTED = join(import.meta.dirname, '../../../fixtures/clusters/rich/expected');
const PIECES = [
  '',
  ' ',
  '  ',
  '"',
  '\\',
  '-',
  ',',
  ':',
  '[',
  ']',
  '/',
  '0',
  '99999',
  '\t',
  '\0',
  '\r',
  'é',
  'add',
  'nomatch',
  'comment "x"',
  '-b ',
  '--pe',
  '-p 0',
];

/** A sequence that is the same for each seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Lines with a few characters replaced, left out or put in; lines doubled, joined and moved. */
function broken(text: string, seed: number): string {
  const random = randomNumbers(seed);
  const lines = text.trimEnd().split('\n');
  for (let i = 0; i < 40; i++) {
    const at = random(lines.length);
    const line = lines[at] as string;
    const from = random(line.length + 1);
    const way = random(5);
    if (way < 3) {
      lines[at] = line.slice(0, from) + PIECES[random(PIECES.length)] + line.slice(from + random(3));
    } else if (way === 3) lines.splice(random(lines.length), 0, line);
    else lines.splice(at, 2, line + (lines[at + 1] ?? ''));
  }
  return `${lines.join('\n')}\n`;
}

function sortedLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .sort();
}

describe.each(Array.from({ length: 200 }, (_, seed) => seed))('seed %i', (seed) => {
  it('of virtual servers', () => {
    const text = broken(readFileSync(join(EXPECTED, 'ipvs.ipvsadm'), 'utf8'), seed);
    const { servers, problems } = parseSavedServers(text);
    const found = printServers(servers) + problems.map((problem) => `${problem.text}\n`).join('');
    expect(sortedLines(found)).toEqual(sortedLines(text.replaceAll('\r\n', '\n')));
    expect(servers.length).toBeGreaterThan(0);
  });

  it('of sets', () => {
    // An open quote ends the list.
    const text = broken(readFileSync(join(EXPECTED, 'ipvs.ipset.save'), 'utf8'), seed).replaceAll('"', "'");
    const { sets, problems } = parseIPSets(text);
    const found = printIPSets(sets) + problems.map((problem) => `${problem.text}\n`).join('');
    expect(sortedLines(found)).toEqual(sortedLines(text.replaceAll('\r\n', '\n')));
    expect(sets.length).toBeGreaterThan(0);
  });
});
