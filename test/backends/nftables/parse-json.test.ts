/** What `nft -j list ruleset` prints. That it says the same as the list in text is for test/kernel/listed.test.ts to show. */
import { describe, expect, it } from 'vitest';
import type { ListedTable } from '../../../src/backends/nftables/listed.ts';
import { parseListedJSON } from '../../../src/backends/nftables/parse-json.ts';

const TABLE = { table: { family: 'ip', name: 't', handle: 1 } };
const CHAIN = { chain: { family: 'ip', table: 't', name: 'c', handle: 2 } };

const print = (...objects: readonly unknown[]) =>
  JSON.stringify({ nftables: [{ metainfo: { version: '1.0.6', json_schema_version: 1 } }, ...objects] });

function onlyTable(...objects: readonly unknown[]): ListedTable {
  const { tables, problems } = parseListedJSON(print(...objects));
  expect(problems).toEqual([]);
  expect(tables).toHaveLength(1);
  return tables[0] as ListedTable;
}

function ruleOf(...expr: readonly unknown[]) {
  const { chains } = onlyTable(TABLE, CHAIN, {
    rule: { family: 'ip', table: 't', chain: 'c', handle: 3, expr },
  });
  return chains[0]?.rules[0];
}

const meta = (key: string) => ({ meta: { key } });
const MARK = meta('mark');

describe('parseListedJSON', () => {
  it('reads chains with their hooks', () => {
    const head = { type: 'filter', hook: 'ingress', prio: -110, policy: 'drop', dev: ['eth0', 'eth1'] };
    const { chains } = onlyTable(TABLE, { chain: { ...CHAIN.chain, ...head, comment: 'x' } });
    expect(chains).toEqual([
      {
        ...{ kind: 'chain', line: 1, name: 'c', comment: 'x', rules: [] },
        hook: { type: 'filter', hook: 'ingress', priority: -110, policy: 'drop', devices: ['eth0', 'eth1'] },
      },
    ]);
  });

  it('reads sets and maps', () => {
    const of = { family: 'ip', table: 't', handle: 5 };
    const { sets } = onlyTable(
      TABLE,
      {
        set: {
          ...{
            ...of,
            name: 's',
            type: ['ipv4_addr', 'inet_service'],
            flags: ['interval'],
            timeout: 60,
            size: 9,
          },
          elem: [
            {
              elem: {
                val: { concat: [{ prefix: { addr: '10.0.0.0', len: 8 } }, 80] },
                timeout: 30,
                expires: 2,
              },
            },
          ],
        },
      },
      {
        map: {
          ...{ ...of, name: 'm', type: 'ifname', map: 'verdict', comment: 'x' },
          elem: [[{ elem: { val: 'eth*', comment: 'y' } }, { goto: { target: 'c' } }]],
        },
      },
    );
    expect(sets).toMatchObject([
      {
        ...{
          kind: 'set',
          type: ['ipv4_addr', 'inet_service'],
          flags: ['interval'],
          timeoutSeconds: 60,
          size: 9,
        },
        elements: [
          {
            key: [
              { kind: 'prefix', text: '10.0.0.0/8' },
              { kind: 'word', word: '80' },
            ],
            timeoutSeconds: 30,
          },
        ],
      },
      {
        ...{ kind: 'map', type: ['ifname'], value: ['verdict'], comment: 'x' },
        elements: [
          { key: [{ kind: 'prefix', text: 'eth*' }], comment: 'y', verdict: { kind: 'goto', chain: 'c' } },
        ],
      },
    ]);
  });

  it.each<[string, readonly unknown[]]>([
    [
      'ct state established,related accept',
      [
        { match: { op: 'in', left: { ct: { key: 'state' } }, right: ['established', 'related'] } },
        { accept: null },
      ],
    ],
    [
      'meta mark & 0x00004000 != 0x00000000',
      [{ match: { op: '!=', left: { '&': [MARK, 0x4000] }, right: 0 } }],
    ],
    [
      'meta mark != 0x00000000/1',
      [{ match: { op: '!=', left: MARK, right: { prefix: { addr: 0, len: 1 } } } }],
    ],
    [
      'meta mark set meta mark & 0x000000ff ^ 0x00000020',
      [{ mangle: { key: MARK, value: { '^': [{ '&': [MARK, 255] }, 32] } } }],
    ],
    [
      'fib saddr . iif oif missing',
      [{ match: { op: '==', left: { fib: { result: 'oif', flags: ['saddr', 'iif'] } }, right: false } }],
    ],
    [
      'dnat ip to numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 90 }',
      [
        {
          dnat: {
            family: 'ip',
            addr: {
              map: {
                key: { numgen: { mode: 'random', mod: 2, offset: 0 } },
                data: {
                  set: [
                    [0, { concat: ['10.0.0.1', 80] }],
                    [1, { concat: ['10.0.0.2', 90] }],
                  ],
                },
              },
            },
          },
        },
      ],
    ],
    [
      'dnat ip6 to [fd00::1]:8080 persistent',
      [{ dnat: { family: 'ip6', addr: 'fd00::1', port: 8080, flags: 'persistent' } }],
    ],
    [
      'snat to 1.2.3.4-1.2.3.9:1000-2000',
      [{ snat: { addr: { range: ['1.2.3.4', '1.2.3.9'] }, port: { range: [1000, 2000] } } }],
    ],
    [
      'counter reject',
      [{ counter: { packets: 1, bytes: 2 } }, { reject: { type: 'icmp', expr: 'port-unreachable' } }],
    ],
    ['reject with tcp reset', [{ reject: { type: 'tcp reset' } }]],
    [
      'counter name "n" log prefix "a " level debug flags all',
      [{ counter: 'n' }, { log: { prefix: 'a ', level: 'debug', flags: 'all' } }],
    ],
    [
      'update @s { ip saddr timeout 30s }',
      [
        {
          set: {
            ...{ op: 'update', set: '@s' },
            elem: { elem: { val: { payload: { protocol: 'ip', field: 'saddr' } }, timeout: 30 } },
          },
        },
      ],
    ],
  ])('reads %s', (text, expr) => {
    const rule = ruleOf(...expr);
    expect(rule?.text).toBe(text);
    expect(JSON.stringify(rule)).not.toContain('unknown');
  });

  it.each<[string, unknown]>([
    ['a statement', { limit: { rate: 10, per: 'minute' } }],
    ['a mark of something else', { mangle: { key: MARK, value: { ct: { key: 'mark' } } } }],
    ['a target with ranges', { dnat: { addr: { range: ['10.0.0.1', '10.0.0.9'] } } }],
    [
      'a statement with more than we know',
      { set: { op: 'add', elem: 'x', set: '@s', stmt: [{ counter: null }] } },
    ],
    ['a verdict that goes nowhere', { jump: {} }],
  ])('leaves %s as its JSON', (_, statement) => {
    expect(ruleOf(statement)?.statements).toEqual([{ kind: 'unknown', text: JSON.stringify(statement) }]);
  });

  it('reads types that are expressions', () => {
    const concat = [{ payload: { protocol: 'ip', field: 'saddr' } }, meta('iifname')];
    const set = { family: 'ip', table: 't', name: 's', type: { typeof: { concat } } };
    const elem = [{ concat: ['10.0.0.1', 'eth*'] }];
    expect(onlyTable(TABLE, { set: { ...set, elem } }).sets).toMatchObject([
      {
        ...{ type: ['ip saddr', 'iifname'], isTypeof: true },
        elements: [
          {
            key: [
              { kind: 'word', word: '10.0.0.1' },
              { kind: 'prefix', text: 'eth*' },
            ],
          },
        ],
      },
    ]);
  });

  it('reads addresses of connections, with the family in either place', () => {
    const ofKey = (ct: object) => ruleOf({ match: { op: '==', left: { ct }, right: '10.0.0.1' } })?.text;
    expect(ofKey({ key: 'ip saddr', dir: 'original' })).toBe('ct original ip saddr 10.0.0.1');
    expect(ofKey({ key: 'saddr', family: 'ip', dir: 'original' })).toBe('ct original ip saddr 10.0.0.1');
  });

  it('does not take flags that must be equal as a whole for any of them', () => {
    expect(
      ruleOf({ match: { op: '!=', left: { ct: { key: 'status' } }, right: 'dnat' } })?.statements,
    ).toMatchObject([{ operator: '!=', right: { kind: 'unknown' } }]);
  });

  it('leaves nothing out', () => {
    const { tables, problems } = parseListedJSON(
      print(
        CHAIN,
        TABLE,
        7,
        { quota: { family: 'ip', table: 't', name: 'q' } },
        { rule: { family: 'ip', table: 't' } },
      ),
    );
    expect(problems.map(({ text }) => text)).toEqual([JSON.stringify(CHAIN), '7']);
    expect(tables[0]?.others).toHaveLength(2);
  });

  it.each([
    '',
    '{',
    'table ip t {\n}\n',
    '[]',
    'null',
    '{"nftables": 3}',
  ])('says that this is no listing: %j', (text) => {
    expect(parseListedJSON(text)).toEqual({ tables: [], problems: [expect.objectContaining({ line: 1 })] });
  });

  it('is not surprised by depth', () => {
    const deep = `${'{"|":['.repeat(50_000)}1${',1]}'.repeat(50_000)}`;
    const rule = `{"rule":{"family":"ip","table":"t","chain":"c","expr":[{"mangle":{"key":{"meta":{"key":"mark"}},"value":${deep}}},{"match":{"op":"==","left":${deep},"right":${deep}}}]}}`;
    const { tables } = parseListedJSON(
      `{"nftables":[${JSON.stringify(TABLE)},${JSON.stringify(CHAIN)},${rule}]}`,
    );
    expect(tables[0]?.chains[0]?.rules[0]?.statements).toMatchObject([
      { kind: 'unknown' },
      { kind: 'match' },
    ]);
  });
});
