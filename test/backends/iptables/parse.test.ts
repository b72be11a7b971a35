/** Whole dumps: what is understood, what stays text with a problem, and that all of it is printed back as it came. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSaved, problems } from '../../../src/backends/iptables/parse.ts';
import { printSaved } from '../../../src/backends/iptables/print-saved.ts';
import type { SavedDump, SavedRule, SavedTable } from '../../../src/backends/iptables/saved.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures');
const DUMPS = readdirSync(join(FIXTURES, 'dumps'));

/** What the compiler prints, in all fixtures. */
const COMPILED = ['clusters', 'releases', 'classic'].flatMap((kind) =>
  readdirSync(join(FIXTURES, kind)).flatMap((cluster) =>
    ['expected', 'expected-nfacct']
      .map((folder) => join(FIXTURES, kind, cluster, folder))
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
      .filter((file) => /\/iptables\.[^/]*save/.test(file)),
  ),
);

function tables(dump: SavedDump): readonly SavedTable[] {
  return dump.parts.filter((part) => part.kind === 'table');
}

function rules(dump: SavedDump): readonly SavedRule[] {
  return tables(dump).flatMap(({ entries }) => entries.filter((entry) => entry.kind === 'rule'));
}

/** The names of matches and targets that stay text. */
function unknowns(dump: SavedDump): readonly string[] {
  const names = rules(dump).flatMap(({ matches, target }) => [
    ...matches.flatMap((match) => (match.kind === 'unknown' ? [`-m ${match.module}`] : [])),
    ...(target?.kind === 'unknown' ? [`-j ${target.name}`] : []),
  ]);
  return [...new Set(names)].sort();
}

/** Parses a dump and makes sure that it is printed back. */
function parse(text: string): SavedDump {
  const dump = parseSaved(text);
  expect(printSaved(dump)).toBe(text);
  return dump;
}

/** One table with these lines. */
function filter(...lines: readonly string[]): string {
  return ['*filter', ':INPUT ACCEPT [0:0]', ':KUBE-A - [0:0]', ...lines, 'COMMIT', ''].join('\n');
}

describe('what the compiler prints', () => {
  it('is understood in whole', () => {
    expect(COMPILED.length).toBeGreaterThan(80);
    for (const file of COMPILED) {
      const text = readFileSync(file, 'utf8');
      const dump = parse(text);
      expect(problems(dump), file).toEqual([]);
      expect(unknowns(dump), file).toEqual([]);
      expect(rules(dump)).toHaveLength(text.split('\n-A ').length - 1);
    }
  });
});

describe('dumps of hosts', () => {
  it.each(DUMPS)('%s has no problems', (name) => {
    const text = readFileSync(join(FIXTURES, 'dumps', name), 'utf8');
    const dump = parse(text);
    expect(problems(dump)).toEqual([]);
    expect(rules(dump)).toHaveLength(text.match(/^(\[\d+:\d+\] )?-A /gm)?.length as number);
  });

  it('leave as text what kube-proxy has nothing to do with', () => {
    const all = DUMPS.flatMap((name) => unknowns(parse(readFileSync(join(FIXTURES, 'dumps', name), 'utf8'))));
    expect([...new Set(all)].sort()).toEqual([
      '-j CT',
      '-j DNAT',
      '-j LOG',
      '-j NFLOG',
      '-j TPROXY',
      '-m hashlimit',
      '-m icmp6',
      '-m limit',
      '-m owner',
      '-m policy',
      '-m rpfilter',
      '-m socket',
      '-m statistic',
      '-m tcp',
    ]);
  });
});

describe('parseSaved', () => {
  it('reads every part of a rule', () => {
    const line =
      '[1:18446744073709551615] -A KUBE-A ! -s 10.0.0.0/8 -d fd00::1/128 -i cali+ ! -o lo -p tcp ! -f ' +
      '-m comment --comment "a b" -m tcp --dport 80 -g KUBE-A';
    expect(rules(parse(filter(line)))).toStrictEqual([
      {
        kind: 'rule',
        line: 4,
        chain: 'KUBE-A',
        counters: { packets: '1', bytes: '18446744073709551615' },
        source: { network: '10.0.0.0/8', negated: true },
        destination: { network: 'fd00::1/128' },
        inInterface: { name: 'cali+' },
        outInterface: { name: 'lo', negated: true },
        protocol: { name: 'tcp' },
        fragment: { negated: true },
        matches: [
          { kind: 'comment', text: 'a b' },
          { kind: 'transport', protocol: 'tcp', destinationPort: { first: 80, last: 80 } },
        ],
        target: { kind: 'jump', chain: 'KUBE-A', goto: true },
      },
    ]);
  });

  it('reads tables, chains and the lines between', () => {
    const text = '# head\n*nat\n:A ACCEPT [1:2]\n:B - [0:0]\n:C DROP\n\n# note\n-A B\nCOMMIT\n# tail\n';
    expect(parse(text)).toStrictEqual({
      parts: [
        { kind: 'text', line: 1, text: '# head' },
        {
          kind: 'table',
          line: 2,
          name: 'nat',
          entries: [
            { kind: 'chain', line: 3, name: 'A', policy: 'ACCEPT', counters: { packets: '1', bytes: '2' } },
            { kind: 'chain', line: 4, name: 'B', counters: { packets: '0', bytes: '0' } },
            { kind: 'chain', line: 5, name: 'C', policy: 'DROP' },
            { kind: 'text', line: 6, text: '' },
            { kind: 'text', line: 7, text: '# note' },
            { kind: 'rule', line: 8, chain: 'B', matches: [] },
          ],
          committed: true,
        },
        { kind: 'text', line: 10, text: '# tail' },
      ],
    });
  });

  it('takes a bare name for a jump only where the table has the chain', () => {
    const text =
      '*a\n:X - [0:0]\n:LOG - [0:0]\n-A X -j LOG\nCOMMIT\n*b\n:X - [0:0]\n-A X -j LOG\n-A X -j GONE\nCOMMIT\n';
    expect(rules(parse(text)).map(({ target }) => target)).toEqual([
      { kind: 'jump', chain: 'LOG' },
      { kind: 'unknown', name: 'LOG', arguments: '' },
      { kind: 'unknown', name: 'GONE', arguments: '' },
    ]);
  });

  it('does not take a chain for a verdict', () => {
    const text = '*a\n:X - [0:0]\n:ACCEPT - [0:0]\n-A X -j ACCEPT\nCOMMIT\n';
    expect(rules(parse(text))[0]?.target).toEqual({ kind: 'accept' });
  });

  it('finds chains in any order', () => {
    const text =
      '*a\n:X - [0:0]\n:Y - [0:0]\n:XY - [0:0]\n-A XY\n-A Y\n-A X\n-A X\n-A Z\n-A XY\n-A Y -j X\nCOMMIT\n';
    expect(rules(parse(text)).map(({ chain }) => chain)).toEqual(['XY', 'Y', 'X', 'X', 'Z', 'XY', 'Y']);
  });

  it('reads lines that end in blanks or in a carriage return', () => {
    const dos = parse(filter('-A KUBE-A -j DROP', '', '-A INPUT -j LOG').replaceAll('\n', '\r\n'));
    expect(problems(dos)).toEqual([]);
    expect(rules(dos).map(({ target }) => target?.kind)).toEqual(['drop', 'unknown']);
    const [old] = rules(
      parse(filter('-A KUBE-A -m comment --comment "a " -j REJECT --reject-with tcp-reset ')),
    );
    expect(old?.target).toEqual({ kind: 'reject', with: 'tcp-reset' });
    expect(old?.tail).toBe(' ');
  });

  it('reads comments whose words look like options', () => {
    const lines = [
      '-A KUBE-A -m comment --comment -j -j DROP',
      '-A KUBE-A -m comment --comment -m -m comment --comment "-j ACCEPT" -j DROP',
      '-A KUBE-A -m comment --comment "x\\" -j ACCEPT" -j DROP',
      '-A KUBE-A -m comment --comment "-m tcp -j ACCEPT\\\\" -j DROP',
    ];
    const dump = parse(filter(...lines));
    expect(problems(dump)).toEqual([]);
    expect(rules(dump).map(({ target }) => target)).toEqual(lines.map(() => ({ kind: 'drop' })));
    expect(unknowns(dump)).toEqual([]);
  });

  it.each([
    ['an option behind the matches', '-A KUBE-A -m comment --comment "x" -s 10.0.0.1/32 -j DROP'],
    ['a header in another order', '-A KUBE-A -p tcp -s 10.0.0.1/32 -j DROP'],
    ['the negation of old releases', '-A KUBE-A -s ! 10.0.0.0/8 -j DROP'],
    ['the negation of old releases', '-A KUBE-A -i ! eth0 -j DROP'],
    ['a name for an address', '-A KUBE-A -s localhost -j DROP'],
    ['two targets', '-A KUBE-A -j ACCEPT -j DROP'],
    ['an argument of a goto', '-A KUBE-A -g KUBE-A x'],
    ['no target', '-A KUBE-A -j'],
    ['no match', '-A KUBE-A -m -j DROP'],
    ['no match', '-A KUBE-A -m ! -j DROP'],
    ['no interface', '-A KUBE-A -o ! -j DROP'],
    ['no chain', '-A'],
    ['no chain', '[1:2] -A'],
    ['counters alone', '[0:0]'],
    ['counters that are none', '[1:x] -A KUBE-A -j DROP'],
    ['counters elsewhere', '-A KUBE-A -c 1 2 -j DROP'],
    ['two blanks', '-A  KUBE-A -j DROP'],
    ['two blanks', '-A KUBE-A  -j DROP'],
    ['two blanks', '-A KUBE-A -m tcp  -j DROP'],
    ['a tab', '-A KUBE-A -m nonesuch\t-j DROP'],
    ['a tab', '-A KUBE-A\t-j DROP'],
    ['a carriage return', '-A KUBE-A -j DROP\r-A KUBE-A -j ACCEPT'],
    ['a quoted option', '-A KUBE-A -m nonesuch "-j" DROP'],
    ['a quoted chain', '-A "KUBE-A" -j DROP'],
    ['a blank first', ' -A KUBE-A -j DROP'],
    ['another command', '-I KUBE-A -j DROP'],
    ['another command', '-P INPUT DROP'],
    ['garbage', 'iptables: command not found'],
    ['a chain without a policy', ':KUBE-B'],
    ['a chain with more', ':KUBE-B - [0:0] x'],
    ['a chain with other counters', ':KUBE-B - [0]'],
    ['a table without a name', '*'],
    ['a table with more', '*nat x'],
    ['another end', 'COMMIT now'],
  ])('keeps %s as text with a problem: %s', (_, line) => {
    const dump = parse(filter('-A INPUT -j KUBE-A', line, '-A INPUT -j DROP'));
    expect(problems(dump)).toEqual([{ line: 5, problem: expect.any(String) }]);
    expect(rules(dump)).toHaveLength(2);
    expect(tables(dump)[0]?.entries[3]).toMatchObject({ kind: 'text', line: 5, text: line });
  });

  it('keeps what is outside of a table as text', () => {
    const dump = parse('-A INPUT -j DROP\nCOMMIT\n:X - [0:0]\n');
    expect(rules(dump)).toEqual([]);
    expect(problems(dump).map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  it('tells of a table that is not in the dump', () => {
    const dump = parse("# Table `nat' is incompatible, use 'nft' tool.\n");
    expect(problems(dump)).toEqual([{ line: 1, problem: expect.stringContaining('cannot read this table') }]);
  });

  it('tells of a table that occurs twice', () => {
    expect(problems(parse(filter() + filter()))).toEqual([
      { line: 5, problem: expect.stringContaining('more than one dump') },
    ]);
  });
});

describe('a dump that is cut off', () => {
  const text = filter(
    '-A KUBE-A -m comment --comment "a b" -p tcp',
    '-A INPUT -s 10.0.0.1/32 -j DNAT --to-destination 1.2.3.4:8080',
  );

  it('is never without a problem', () => {
    for (let length = 1; length < text.length - 1; length++) {
      const dump = parse(text.slice(0, length));
      expect(problems(dump), `${length}`).not.toEqual([]);
      // No rule has lost its end.
      for (const rule of rules(dump)) expect(printSaved({ parts: [table(rule)] })).toContain('8080\n');
    }
  });

  function table(rule: SavedRule): SavedTable {
    return { kind: 'table', line: 1, name: 'filter', entries: [rule], committed: false };
  }

  it('says so at the table', () => {
    expect(problems(parse('*filter\n:INPUT ACCEPT [0:0]\n*nat\nCOMMIT\n'))).toEqual([
      { line: 1, problem: 'the table filter has no COMMIT: rules may be missing' },
    ]);
  });

  it('may lack the last newline alone', () => {
    const whole = filter('-A INPUT -j DROP').trimEnd();
    expect(problems(parse(whole))).toEqual([]);
  });
});

describe('a comment that spells lines', () => {
  const hostile = (text: string) =>
    `*filter\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -j RETURN\n-A KUBE-SERVICES -m comment --comment ${text} -j DROP\n` +
    '-A KUBE-SERVICES -j ACCEPT\nCOMMIT\n*nat\n:KUBE-SERVICES - [0:0]\n-A KUBE-SERVICES -j ACCEPT\nCOMMIT\n';

  it.each([
    ['a rule, as the kernel escapes it', '"x\\"\n-A KUBE-SERVICES -j ACCEPT"'],
    ['rules', '"x\n-A KUBE-SERVICES -j ACCEPT\n-A KUBE-SERVICES -j ACCEPT\n"'],
    ['a rule with comments of its own', '"x\n-A KUBE-SERVICES -m comment --comment \\"y\\" -j ACCEPT\n"'],
    ['the end of the table', '"x\nCOMMIT\n*nat\n-A KUBE-SERVICES -j ACCEPT\nCOMMIT\n"'],
    ['an unterminated quote', '"x'],
    ['an escaped end', '"x\\"'],
    ['an open quote within a word', 'x"y'],
  ])('%s', (_, text) => {
    const dump = parse(hostile(text));
    const trusted = rules(dump).map(({ line }) => line);
    expect(trusted).toEqual([3]);
    expect(problems(dump)).toContainEqual({
      line: 4,
      problem: expect.stringContaining('ambiguous from here on'),
    });
    expect(tables(dump)).toHaveLength(1);
    expect(tables(dump)[0]?.committed).toBe(false);
  });

  it('in a line that is no rule', () => {
    for (const line of ['garbage "x', ':X" - [0:0]', '-I X "y', '*x"']) {
      const dump = parse(filter('-A INPUT -j KUBE-A', line, '-A INPUT -j DROP'));
      expect(rules(dump)).toHaveLength(1);
      expect(problems(dump)).toContainEqual({ line: 5, problem: expect.stringContaining('ambiguous') });
    }
    expect(problems(parse('x "y\n*filter\nCOMMIT\n'))).toEqual([
      { line: 1, problem: expect.stringContaining('ambiguous') },
    ]);
  });

  it('leaves quotes in comment lines alone', () => {
    expect(problems(parse(`# "open\n${filter('# "', '-A INPUT -j DROP')}`))).toEqual([]);
  });
});

describe('the time', () => {
  it.each([
    ['brackets', '[\n'],
    ['quotes', '""\n'],
    ['garbage', 'x\n'],
    ['rules of undeclared chains', '-A X -j Y\n'],
    ['bad matches', '-A X -m a -m\n'],
    ['matches of one rule', `-A X${' -m a'.repeat(300_000)}\n`],
    ['blank words', `-A X -m a${' '.repeat(2000)}x\n`],
  ])('grows with the length: %s', (_, line) => {
    const text = `*filter\n${line.repeat(Math.ceil(2_000_000 / line.length))}COMMIT\n`;
    const start = performance.now();
    parse(text);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
