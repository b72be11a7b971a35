/** What `nft list` prints, read and printed again. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type {
  ListedChain,
  ListedRuleset,
  ListedStatement,
  ListedTable,
} from '../../../src/backends/nftables/listed.ts';
import { parseListed } from '../../../src/backends/nftables/parse-listed.ts';
import { printListed } from '../../../src/backends/nftables/print-listed.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures');

/** All listings that real kube-proxies of any release have led to. */
const LISTINGS = ['clusters', 'releases'].flatMap((folder) =>
  readdirSync(join(FIXTURES, folder))
    .map((name) => join(FIXTURES, folder, name, 'expected'))
    .filter(existsSync)
    .flatMap((expected) => readdirSync(expected).map((file) => join(expected, file)))
    .filter((file) => /\/nftables\.ipv[46]\.list[^/]*$/.test(file)),
);

/** Lines aside: nft prints elements side by side, and we one a line. */
function withoutLines(ruleset: ListedRuleset): unknown {
  return JSON.parse(JSON.stringify(ruleset, (key, value) => (key === 'line' ? undefined : value)));
}

function onlyTable(text: string): ListedTable {
  const { tables, problems } = parseListed(text);
  expect(problems).toEqual([]);
  expect(tables).toHaveLength(1);
  return tables[0] as ListedTable;
}

function chainOf(...lines: readonly string[]): ListedChain {
  const text = `table inet t {\n\tchain c {\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n}\n`;
  const table = onlyTable(text);
  expect(table.others).toEqual([]);
  return table.chains[0] as ListedChain;
}

function statementsOf(rule: string): readonly ListedStatement[] {
  const { rules } = chainOf(rule);
  expect(rules).toHaveLength(1);
  return rules[0]?.statements ?? [];
}

const word = (text: string) => ({ kind: 'word', word: text });
const accept = { kind: 'verdict', verdict: { kind: 'accept' } };

describe('the listings of the real kube-proxies', () => {
  it('are many', () => {
    expect(LISTINGS.length).toBeGreaterThan(90);
  });

  it.each(LISTINGS.map((file) => [file.slice(FIXTURES.length + 1), file]))('%s', (_, file) => {
    const text = readFileSync(file, 'utf8');
    const ruleset = parseListed(text);
    expect(ruleset.problems).toEqual([]);
    for (const { others, chains } of ruleset.tables) {
      expect(others).toEqual([]);
      expect(JSON.stringify(chains)).not.toContain('"unknown"');
    }
    const printed = printListed(ruleset);
    expect(printed.replaceAll(/\n+/g, '\n')).toBe(text.replaceAll(/\n+/g, '\n'));
    expect(withoutLines(parseListed(printed))).toEqual(withoutLines(ruleset));
  });
});

describe('tables', () => {
  it('have comments and flags', () => {
    const table = onlyTable('table inet t { # handle 3\n\tcomment "a { b"\n\tflags owner,dormant\n}\n');
    expect(table).toMatchObject({ family: 'inet', name: 't', comment: 'a { b', flags: ['owner', 'dormant'] });
  });

  it('are there below a warning', () => {
    const warning = '# Warning: table ip nat is managed by iptables-nft, do not touch!\n';
    expect(onlyTable(`${warning}table ip nat {\n}\n`)).toMatchObject({ line: 2, name: 'nat' });
  });

  it('hold objects of other kinds as they are', () => {
    const quota = 'quota q {\n\t\tover 10 mbytes\n\t}';
    const { others, counters } = onlyTable(
      `table ip t {\n\tcounter c { # handle 4\n\t\tpackets 1 bytes 2\n\t}\n\n\t${quota}\n}\n`,
    );
    expect(counters).toEqual(['c']);
    expect(others).toEqual([{ line: 6, text: quota, problem: expect.any(String), object: 'quota' }]);
  });

  it('that end too early are a problem', () => {
    const { tables, problems } = parseListed('table ip t {\n\tchain c {\n\t\taccept\n');
    expect(tables[0]?.chains[0]?.rules).toHaveLength(1);
    expect(problems).toEqual([{ line: 4, text: '', problem: 'the text ends before table ip t does' }]);
  });

  it('leave nothing out that stands around them', () => {
    const { tables, problems } = parseListed(
      'what is this\ntable ip t {\n\tand this\n\tset s {\n\t\tthat\n\t}\n}\n}\n',
    );
    expect(problems.map(({ line, text }) => [line, text])).toEqual([
      [1, 'what is this'],
      [8, '}'],
    ]);
    expect(tables[0]?.others.map(({ line, text }) => [line, text])).toEqual([
      [3, 'and this'],
      [5, 'that'],
    ]);
  });
});

describe('chains', () => {
  it.each([
    ['inet', 'type nat hook prerouting priority dstnat - 10; policy accept;', -110],
    ['ip', 'type filter hook output priority raw - 1; policy drop;', -301],
    ['ip6', 'type route hook output priority mangle; policy accept;', -150],
    ['inet', 'type filter hook output priority 12; policy accept;', 12],
    ['inet', 'type filter hook input priority security + 2; policy accept;', 52],
    ['inet', 'type nat hook output priority -100; policy accept;', -100],
    ['bridge', 'type filter hook output priority out + 1; policy accept;', 101],
    ['bridge', 'type filter hook prerouting priority dstnat; policy accept;', -300],
    ['netdev', 'type filter hook ingress device "lo" priority -500; policy accept;', -500],
    ['netdev', 'type filter hook ingress devices = { "eth0", "lo" } priority filter; policy accept;', 0],
  ])('of %s have hooks: %s', (family, line, priority) => {
    const text = `table ${family} t {\n\tchain c {\n\t\t${line}\n\t}\n}\n`;
    expect(onlyTable(text).chains[0]?.hook?.priority).toBe(priority);
    expect(printListed(parseListed(text))).toBe(text);
  });

  it('name their devices', () => {
    const chain = chainOf('type filter hook ingress devices = { eth9, lo } priority 0; policy accept;');
    expect(chain.hook?.devices).toEqual(['eth9', 'lo']);
  });

  it('are not broken up by comments', () => {
    const { rules } = chainOf('accept comment "x\n\t}\n\tchain evil {\n\t\tdrop"', 'drop');
    expect(rules.map(({ line, text, comment }) => [line, text, comment])).toEqual([
      [3, 'accept', 'x\n\t}\n\tchain evil {\n\t\tdrop'],
      [7, 'drop', undefined],
    ]);
  });

  it('called like a property of all objects are chains', () => {
    const table = onlyTable('table ip __proto__ {\n\tchain __proto__ {\n\t\tjump constructor\n\t}\n}\n');
    expect(table.chains[0]).toMatchObject({ name: '__proto__', rules: [{ text: 'jump constructor' }] });
  });
});

describe('sets', () => {
  const read = (kind: string, ...lines: readonly string[]) => {
    const text = `table ip t {\n\t${kind} s { # handle 4\n${lines.map((line) => `\t\t${line}\n`).join('')}\t}\n}\n`;
    const table = onlyTable(text);
    expect(table.others).toEqual([]);
    return table.sets[0];
  };

  it('have sizes, flags, timeouts and more', () => {
    const lines = [
      'type ipv4_addr',
      'size 1000',
      'flags interval,timeout',
      'timeout 1d2h3m4s5ms',
      'gc-interval 10s',
    ];
    expect(read('set', ...lines, 'auto-merge', 'comment "c"')).toMatchObject({
      ...{ kind: 'set', type: ['ipv4_addr'], size: 1000, flags: ['interval', 'timeout'], comment: 'c' },
      ...{ timeoutSeconds: 93784.005, options: ['gc-interval 10s', 'auto-merge'] },
    });
  });

  it('have elements side by side or below each other, with times and counters', () => {
    const set = read(
      'set',
      'type ipv4_addr . inet_service',
      'elements = { 10.0.0.0/8 . 80-90 expires 59m59s992ms,',
      '10.0.0.1 . 2 timeout 30s expires 2ms comment "x , }" , 10.0.0.3 . 3 counter packets 0 bytes 0,',
      '}',
    );
    expect(set?.elements).toHaveLength(3);
    expect(set?.elements[0]).toEqual({
      ...{ kind: 'nft-element', line: 4, table: 'ip t', set: 's' },
      key: [
        { kind: 'prefix', text: '10.0.0.0/8' },
        { kind: 'range', first: '80', last: '90' },
      ],
    });
    expect(set?.elements[1]).toMatchObject({ line: 5, timeoutSeconds: 30, comment: 'x , }' });
  });

  it('hand on elements that are not understood', () => {
    const { sets, others } = onlyTable('table ip t {\n\tset s {\n\t\telements = { 1 what,\n2 }\n\t}\n}\n');
    expect(sets[0]?.elements).toMatchObject([{ line: 4, key: [word('2')] }]);
    expect(others).toEqual([
      { line: 3, text: '1 what', problem: 'an element that is not understood, in set s' },
    ]);
  });

  it('have elements with statements', () => {
    const set = read(
      'set',
      'type ipv4_addr',
      'elements = { 10.0.0.1 limit rate 10/second burst 5 packets expires 3s }',
    );
    expect(set?.elements[0]?.statements).toEqual(['limit rate 10/second burst 5 packets']);
  });

  it('are maps to verdicts', () => {
    const map = read(
      'map',
      'type ifname : verdict',
      'elements = { "eth*" comment "c" : goto a, "lo" : drop, * : accept }',
    );
    expect(map?.value).toEqual(['verdict']);
    expect(map?.elements).toMatchObject([
      { key: [{ kind: 'prefix', text: 'eth*' }], comment: 'c', verdict: { kind: 'goto', chain: 'a' } },
      { key: [word('lo')], verdict: { kind: 'drop' } },
      { key: [word('*')], verdict: { kind: 'accept' } },
    ]);
  });

  it('are maps to values', () => {
    const map = read(
      'map',
      'typeof tcp dport . iifname : meta mark',
      'elements = { 80 . "lo" : 0x00000010 }',
    );
    expect(map).toMatchObject({ isTypeof: true, type: ['tcp dport', 'iifname'], value: ['meta mark'] });
    expect(map?.elements).toMatchObject([{ key: [word('80'), word('lo')], value: [word('16')] }]);
  });
});

describe('rules', () => {
  it('have a text without counters’ values, handle and comment', () => {
    const { rules } = chainOf('tcp dport 80  counter packets 3 bytes 180 accept comment "c" # handle 12');
    expect(rules[0]).toMatchObject({ line: 3, table: 'inet t', chain: 'c', comment: 'c' });
    expect(rules[0]?.text).toBe('tcp dport 80 counter accept');
  });

  it.each<[string, readonly unknown[]]>([
    [
      'ct state established,related accept',
      [
        {
          left: { kind: 'ct', key: 'state' },
          operator: '==',
          right: { kind: 'values', values: [[word('established')], [word('related')]] },
        },
        accept,
      ],
    ],
    [
      'meta mark & 0x00004000 != 0x00000000 accept',
      [
        {
          left: { kind: 'meta', key: 'mark', mask: 0x4000 },
          operator: '!=',
          right: { values: [[word('0')]] },
        },
        accept,
      ],
    ],
    [
      'meta mark 0x00000000/1 accept',
      [
        {
          left: { kind: 'meta', key: 'mark', mask: 0x80000000 },
          operator: '==',
          right: { values: [[word('0')]] },
        },
        accept,
      ],
    ],
    [
      'iifname "eth*" oifname != { "a", "b\\*" } accept',
      [
        { left: { kind: 'meta', key: 'iifname' }, right: { values: [[{ kind: 'prefix', text: 'eth*' }]] } },
        { operator: '!=', right: { values: [[word('a')], [word('b*')]], isSet: true } },
        accept,
      ],
    ],
    [
      'fib daddr . iif type != local drop',
      [
        { left: { kind: 'fib', flags: ['daddr', 'iif'], result: 'type' }, operator: '!=' },
        { verdict: { kind: 'drop' } },
      ],
    ],
    [
      'numgen inc mod 10 offset 3 vmap { 0-4 : accept, 5 : jump c }',
      [
        {
          kind: 'vmap',
          key: { kind: 'numgen', mode: 'inc', modulus: 10, offset: 3 },
          map: {
            elements: [
              { key: [{ kind: 'range', first: '0', last: '4' }], verdict: { kind: 'accept' } },
              { key: [word('5')], verdict: { kind: 'jump', chain: 'c' } },
            ],
          },
        },
      ],
    ],
    ['meta mark set meta mark & 0x000000ff ^ 0x00000020', [{ kind: 'mark-set', and: 0xff, xor: 0x20 }]],
    [
      'meta mark set meta mark & 0xffff40ff ^ 0x00000001 | 0x00004000',
      [{ kind: 'mark-set', and: 0xffff00ff & ~0x4000, xor: 0x4001 }].map(({ and, ...rest }) => ({
        ...rest,
        and: and >>> 0,
      })),
    ],
    [
      'dnat ip6 to [fd00::1]:80 persistent',
      [{ kind: 'dnat', family: 'ip6', to: [{ address: 'fd00::1', port: 80 }], flags: ['persistent'] }],
    ],
    [
      'dnat to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 10.0.0.2 }',
      [
        {
          key: { kind: 'numgen' },
          to: [
            { number: 0, address: '10.0.0.1' },
            { number: 1, address: '10.0.0.2' },
          ],
        },
      ],
    ],
    [
      'meta l4proto tcp masquerade to :1024-65535 fully-random',
      [{}, { kind: 'masquerade', to: ':1024-65535', flags: ['fully-random'] }],
    ],
    ['redirect to :8080', [{ kind: 'redirect', port: 8080 }]],
    ['reject with icmpx admin-prohibited', [{ kind: 'reject', with: 'icmpx admin-prohibited' }]],
    [
      'log prefix "a { b" level debug flags tcp sequence,options accept',
      [{ kind: 'log', options: 'prefix "a { b" level debug flags tcp sequence,options' }, accept],
    ],
    [
      'update @s { ip saddr . tcp dport timeout 1h30m }',
      [{ kind: 'set-update', operation: 'update', set: 's', key: { kind: 'concat' }, timeoutSeconds: 5400 }],
    ],
    ['counter name "c" notrack', [{ kind: 'counter', name: 'c' }, { kind: 'notrack' }]],
  ])('%s', (rule, statements) => {
    expect(statementsOf(rule)).toMatchObject(statements);
    expect(chainOf(rule).rules[0]?.text).toBe(rule);
  });

  it.each<[string, readonly string[]]>([
    ['limit rate over 10/minute burst 5 packets accept', ['limit rate over 10/minute burst 5 packets']],
    ['limit rate 10 mbytes/second accept', ['limit rate 10 mbytes/second']],
    ['quota over 10 mbytes used 3 bytes accept', ['quota over 10 mbytes used 3 bytes']],
    ['ct count over 10 accept', ['ct count over 10']],
    ['ct mark set ct mark & 0x000000ff accept', ['ct mark set ct mark & 0x000000ff']],
    [
      'meta mark set tcp dport map { 80 : 0x5, 90 : 0x6 } accept',
      ['meta mark set tcp dport map { 80 : 0x5, 90 : 0x6 }'],
    ],
    ['tproxy ip to 127.0.0.1:50080 accept', ['tproxy ip to 127.0.0.1:50080']],
    ['update @s { ip saddr limit rate 10/second } accept', ['update @s { ip saddr limit rate 10/second }']],
    ['xt match "addrtype" xt target "MARK" accept', ['xt match "addrtype"', 'xt target "MARK"']],
    ['# xt_addrtype counter packets 1 bytes 2 # xt_MARK accept', ['# xt_addrtype', '# xt_MARK']],
  ])('are read on behind what is not understood: %s', (rule, texts) => {
    const statements = statementsOf(rule);
    expect(
      statements
        .filter(({ kind }) => kind === 'unknown')
        .map((statement) => 'text' in statement && statement.text),
    ).toEqual(texts);
    expect(statements.at(-1)).toEqual(accept);
  });

  it.each([
    'ct state != established | related accept',
    'ct status != dnat accept',
    'ct status dnat / snat,dnat accept',
    'tcp flags syn / fin,syn,rst,ack accept',
    'tcp flags & (fin | syn) == syn accept',
    'ip saddr & 255.0.0.255 == 10.0.0.1 accept',
    '@th,16,16 & 0x1 == 0x1 accept',
    'socket cgroupv2 level 1 "a" accept',
    'tcp option sack-perm exists accept',
  ])('leave a match unknown and go on: %s', (rule) => {
    const [match, ...others] = statementsOf(rule);
    expect(match).toMatchObject({ kind: 'match', right: { kind: 'unknown' } });
    expect(others).toEqual([accept]);
    expect(chainOf(rule).rules[0]?.text).toBe(rule);
  });

  it.each([
    ['meta mark and 0x4000 == 0x4000 accept', 'meta mark & 0x00004000 == 0x00004000 accept'],
    [
      'counter packets 0 bytes 0 meta mark set mark or 0x4000',
      'counter meta mark set meta mark | 0x00004000',
    ],
    ['reject with icmp type host-unreachable', 'reject with icmp host-unreachable'],
    [
      'dnat ip addr . port to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
      'dnat ip to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
    ],
    ['meta iifname "eth0" accept', 'iifname "eth0" accept'],
    ['skuid 0 accept', 'meta skuid 0 accept'],
  ])('are the same in other dialects: %s', (rule, text) => {
    expect(chainOf(rule).rules[0]?.text).toBe(text);
    expect(JSON.stringify(statementsOf(rule))).not.toContain('unknown');
    expect(statementsOf(rule)).toEqual(statementsOf(text));
  });

  it('are unknown to their end where it is not certain how far something goes', () => {
    expect(chainOf('tcp dport 80 frobnicate 1 accept comment "c" # handle 3').rules[0]).toMatchObject({
      comment: 'c',
      statements: [{ kind: 'match' }, { kind: 'unknown', text: 'frobnicate 1 accept' }],
    });
  });
});
