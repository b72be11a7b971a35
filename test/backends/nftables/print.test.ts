import { describe, expect, it } from 'vitest';
import { printJSON, printList, printTransaction } from '../../../src/backends/nftables/print.ts';
import { printRule } from '../../../src/backends/nftables/print-rule.ts';
import {
  anyOf,
  commented,
  concat,
  DPORT,
  DROP,
  differs,
  goTo,
  header,
  inSet,
  isLocal,
  L4PROTO,
  MASQUERADE,
  matches,
  REJECT,
  type Rule,
  rule,
} from '../../../src/backends/nftables/rule.ts';
import type { Chain, NamedSet, Ruleset, VerdictMap } from '../../../src/backends/nftables/ruleset.ts';
import { hostileStrings } from '../../support/hostile-strings.ts';

const EVERYTHING: Ruleset = {
  family: 'IPv4',
  word: 'ip',
  servicePorts: [],
  counters: ['some-counter'],
  sets: [
    {
      name: 'some-set',
      type: ['ipv4_addr', 'inet_proto'],
      size: 65535,
      flags: ['dynamic', 'timeout'],
      timeoutSeconds: 3661,
      comment: 'a set',
      elements: [{ key: ['10.0.0.2', 'tcp'] }, { key: ['10.0.0.10', 'udp'], comment: 'ns/svc' }],
    } satisfies NamedSet,
  ],
  maps: [
    {
      name: 'some-map',
      type: ['inet_proto', 'inet_service'],
      comment: 'a map',
      elements: [
        { key: ['tcp', '80'], verdict: { kind: 'goto', chain: 'some-chain' } },
        { key: ['tcp', '443'], comment: 'ns/svc:https', verdict: { kind: 'drop' } },
      ],
    } satisfies VerdictMap,
  ],
  chains: [
    {
      name: 'some-base',
      hook: { type: 'filter', hook: 'input', priority: 0 },
      rules: [
        rule(matches({ kind: 'meta', key: 'iifname' }, { kind: 'interface', name: 'veth*' }), DROP),
        rule(matches(L4PROTO, { kind: 'word', word: 'tcp' }), { kind: 'counter', name: 'some-counter' }),
        rule({ kind: 'vmap', key: concat(L4PROTO, DPORT), map: 'some-map' }),
        rule({ kind: 'update', set: 'some-set', key: header('ip', 'saddr') }),
        rule({ kind: 'numgen-goto', chains: ['some-chain', 'some-chain-2'] }),
        rule({ kind: 'numgen-dnat', family: 'ip', to: [{ address: '10.0.0.1', port: 80 }] }),
        rule({ kind: 'dnat', to: { address: '10.0.0.1', port: 80 } }),
      ],
    } satisfies Chain,
    {
      name: 'some-chain',
      comment: 'a chain',
      rules: [
        commented('a rule', inSet(header('ip', 'daddr'), 'some-set'), goTo('some-chain-2')),
        rule(differs(header('ip', 'saddr'), anyOf(['10.0.0.0/8', '192.0.2.1'])), REJECT),
        rule(differs(header('ip', 'saddr'), anyOf(['10.0.0.0/8'])), REJECT),
      ],
    } satisfies Chain,
  ],
  ownSets: () => [],
  ownChains: () => [],
};

const text = (pieces: Iterable<string>) => [...pieces].join('');

describe('a table', () => {
  it('is listed sorted, an element a line', () => {
    expect(text(printList(EVERYTHING))).toBe(
      [
        'table ip kube-proxy {',
        '\tcomment "rules for kube-proxy"',
        '\tcounter some-counter {',
        '\t}',
        '',
        '\tset some-set {',
        '\t\ttype ipv4_addr . inet_proto',
        '\t\tsize 65535',
        '\t\tflags dynamic,timeout',
        '\t\ttimeout 1h1m1s',
        '\t\tcomment "a set"',
        '\t\telements = {',
        '\t\t\t10.0.0.10 . udp comment "ns/svc",',
        '\t\t\t10.0.0.2 . tcp,',
        '\t\t}',
        '\t}',
        '',
        '\tmap some-map {',
        '\t\ttype inet_proto . inet_service : verdict',
        '\t\tcomment "a map"',
        '\t\telements = {',
        '\t\t\ttcp . 443 comment "ns/svc:https" : drop,',
        '\t\t\ttcp . 80 : goto some-chain,',
        '\t\t}',
        '\t}',
        '',
        '\tchain some-base {',
        '\t\ttype filter hook input priority filter; policy accept;',
        '\t\tiifname "veth*" drop',
        '\t\tmeta l4proto tcp counter name "some-counter"',
        '\t\tmeta l4proto . th dport vmap @some-map',
        '\t\tupdate @some-set { ip saddr }',
        '\t\tnumgen random mod 2 vmap { 0 : goto some-chain, 1 : goto some-chain-2 }',
        '\t\tdnat ip to numgen random mod 1 map { 0 : 10.0.0.1 . 80 }',
        '\t\tdnat to 10.0.0.1:80',
        '\t}',
        '',
        '\tchain some-chain {',
        '\t\tcomment "a chain"',
        '\t\tip daddr @some-set goto some-chain-2 comment "a rule"',
        '\t\tip saddr != { 10.0.0.0/8, 192.0.2.1 } reject',
        '\t\tip saddr != 10.0.0.0/8 reject',
        '\t}',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('is replaced in one transaction', () => {
    const transaction = text(printTransaction(EVERYTHING));
    expect(transaction).toMatch(
      /^add table ip kube-proxy\ndelete table ip kube-proxy\ntable ip kube-proxy \{\n/,
    );
    expect(transaction.endsWith('\n}\n')).toBe(true);
  });

  it('is JSON', () => {
    const { table, counters, sets, maps, chains } = JSON.parse(text(printJSON(EVERYTHING)));
    expect({ table, counters, sets, maps, chains }).toEqual({
      table: { family: 'ip', name: 'kube-proxy' },
      counters: [{ name: 'some-counter' }],
      sets: EVERYTHING.sets,
      maps: EVERYTHING.maps,
      chains: [EVERYTHING.chains[0], EVERYTHING.chains[1]],
    });
    const empty = { ...EVERYTHING, counters: [], sets: [], maps: [], chains: [] };
    expect(JSON.parse(text(printJSON(empty)))).toMatchObject({ sets: [], chains: [] });
  });
});

describe('rules', () => {
  const saddr = header('ip', 'saddr');
  const touching = rule(differs(saddr, anyOf(['10.96.0.0/16', '10.97.0.0/16'])), DROP);

  it.each<[string, Rule, string]>([
    [
      'the highest mark bit',
      rule({ kind: 'mark-match', mask: 2 ** 31, isSet: true }, MASQUERADE),
      'meta mark != 0x00000000/1 masquerade fully-random',
    ],
    [
      'the highest mark bit, unset',
      rule({ kind: 'mark-match', mask: 2 ** 31, isSet: false }),
      'meta mark 0x00000000/1',
    ],
    [
      'another',
      rule({ kind: 'mark-match', mask: 1, isSet: false }, { kind: 'mark-set', operation: 'xor', mask: 1 }),
      'meta mark & 0x00000001 == 0x00000000 meta mark set meta mark ^ 0x00000001',
    ],
    ['whose an address is', rule(isLocal('daddr'), DROP), 'fib daddr type local drop'],
    [
      'an IPv6 endpoint',
      rule({ kind: 'dnat', to: { address: '::102:304', port: 80 } }),
      'dnat to [::1.2.3.4]:80',
    ],
    ['networks that touch', touching, 'ip saddr != { 10.96.0.0/15 } drop'],
  ])('%s', (_, typed, expected) => {
    expect(printRule(typed, 'listed')).toBe(expected);
  });

  it('are written so that the kernel merges networks itself', () => {
    expect(printRule(touching, 'written')).toBe('ip saddr != { 10.96.0.0/16, 10.97.0.0/16 } drop');
  });
});

describe('hostile strings', () => {
  const strings = [...hostileStrings(1, 150), 'a"b', 'a\nb', 'a\rb', 'a\0b', 'a\\', 'x\n', ''];
  const ENUMERATIONS = new Set([
    'kind',
    'type',
    'flags',
    'family',
    'word',
    'protocol',
    'field',
    'side',
    'operation',
    'hook',
  ]);

  /** Every way to replace one string of a value, but those that are no names, comments or addresses. */
  function* poisoned(value: unknown, poison: string, key = ''): Generator<unknown> {
    if (typeof value === 'string') {
      if (!ENUMERATIONS.has(key) && !(key === 'key' && /^(iif|iifname|l4proto)$/.test(value))) yield poison;
    } else if (Array.isArray(value)) {
      if (ENUMERATIONS.has(key)) return;
      for (const [i, item] of value.entries())
        for (const bad of poisoned(item, poison, key)) yield value.with(i, bad);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, item] of Object.entries(value))
        for (const bad of poisoned(item, poison, name)) yield { ...value, [name]: bad };
    }
  }

  it('reach no rule, but where they are quoted', () => {
    const places = [...poisoned(EVERYTHING, 'x')].length;
    expect(places).toBeGreaterThan(30);
    let refused = 0;
    for (const poison of strings) {
      for (const bad of poisoned(EVERYTHING, poison) as Iterable<Ruleset>) {
        for (const print of [printList, printTransaction]) {
          let printed: string;
          try {
            printed = text(print(bad));
          } catch {
            refused++;
            continue;
          }
          // What nft reads as a word anyway may stand there without quotes.
          expect(/^[A-Za-z0-9_.:/-]+$/.test(poison) || printed.includes(`"${poison}"`), poison).toBe(true);
          expect(printed).not.toMatch(/[^\t\n -~]/);
          expect(poison).not.toMatch(/["\\\r\n\0]/);
        }
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});
