/** Any text is printed back as it came, and typed rules are read as they were. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSaved, problems } from '../../../src/backends/iptables/parse.ts';
import { printSaved, printSavedRule } from '../../../src/backends/iptables/print-saved.ts';
import type {
  Negatable,
  PortRange,
  SavedDump,
  SavedMatch,
  SavedRule,
  SavedTarget,
} from '../../../src/backends/iptables/saved.ts';
import { MATCH_FORMATS } from '../../../src/backends/iptables/saved-matches.ts';
import { TARGET_FORMATS } from '../../../src/backends/iptables/saved-targets.ts';

const CHAINS = ['INPUT', 'KUBE-SERVICES', 'KUBE-SVC-A', 'KUBE-SVC-AB', 'LOG'];

/** Pieces of dumps, whole and broken. */
const piece = fc.constantFrom(
  ...'*filter|*nat|COMMIT|:INPUT ACCEPT [0:0]|:KUBE-A - [1:2]|-A |-A KUBE-A|[1:2] |\n|\n|\n|\r\n|\t| |  |"|\\|\\"|\'|!|#'.split(
    '|',
  ),
  ...' -s 10.0.0.1/32| ! -d fd00::/64| -i eth0| -p tcp| -f| -m | -j | -g | -m tcp --dport 80| -m comment --comment'.split(
    '|',
  ),
  ...' "a b"| x| -j ACCEPT| -j KUBE-A| -m mark --mark 0x1/0x1| -j DNAT --to-destination 10.0.0.1:80|-j| --jump'.split(
    '|',
  ),
  ...' -m set --match-set a src| -m recent --set --name x --rsource| -j MARK --set-xmark 0x1/0x1| -m statistic'.split(
    '|',
  ),
  ' -m comment --comment "a b"',
  ' -m comment --comment ""',
);
const anyDump = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  fc
    .array(piece, { maxLength: 40 })
    .map((pieces) => `*nat\n:KUBE-A - [0:0]\n-A KUBE-A${pieces.join('')}\nCOMMIT\n`),
);

const word = fc.stringMatching(/^[A-Za-z0-9_:.+-]{1,12}$/).filter((text) => !text.startsWith('-'));
const bit32 = fc.integer({ min: 0, max: 0xffffffff });
const port = fc.integer({ min: 0, max: 0xffff });
const ports: fc.Arbitrary<PortRange> = fc
  .tuple(port, port)
  .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
const negatable: fc.Arbitrary<Negatable> = fc.constantFrom({}, { negated: true } as const);
const comment = fc
  .oneof(fc.string({ maxLength: 30 }), fc.constantFrom('', '-j', '-m', "it's", '\\', '"', ' '))
  .filter((text) => !text.includes('\n'));

function record<T>(values: { [K in keyof T]: fc.Arbitrary<T[K]> }) {
  return fc.record<T>(values, { noNullPrototype: true });
}

/** Values that may be left out, over ones that are not. */
function some<T extends object>(required: fc.Arbitrary<T>, ...optional: readonly fc.Arbitrary<Partial<T>>[]) {
  const given = optional.map((each) => fc.oneof(fc.constant({}), each));
  return fc.tuple(required, ...given).map((parts) => Object.assign({}, ...parts) as T);
}

/** Both sides, or one of them. */
function sides<T>(value: fc.Arbitrary<T>, source: string, destination: string) {
  const side = (name: string) =>
    fc.tuple(value, negatable).map(([each, not]) => ({ [name]: { ...each, ...not } }));
  const both = fc.tuple(side(source), side(destination)).map(([a, b]) => ({ ...a, ...b }));
  return fc.oneof(side(source), side(destination), both);
}

function list<T extends string>(...names: readonly T[]): fc.Arbitrary<T[]> {
  return fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 });
}

type MatchArbitraries = { readonly [K in SavedMatch['kind']]: fc.Arbitrary<object> };
const MATCHES: MatchArbitraries = {
  comment: record({ text: comment }),
  transport: some<object>(
    record({ protocol: fc.constantFrom('tcp', 'udp', 'sctp') }),
    sides(ports, 'sourcePort', 'destinationPort'),
  ),
  multiport: some<object>(
    record({
      side: fc.constantFrom('source', 'destination', 'either'),
      ports: fc.array(ports, { minLength: 1 }),
    }),
    negatable,
  ),
  addrtype: sides(record({ types: list('LOCAL', 'UNICAST') }), 'sourceTypes', 'destinationTypes'),
  conntrack: some<object>(
    record({ module: fc.constantFrom('conntrack', 'state'), states: list('NEW', 'INVALID', 'DNAT') }),
    negatable,
  ),
  mark: some<object>(record({ value: bit32, mask: bit32 }), negatable),
  random: some<object>(
    fc.integer({ min: 0, max: 2 ** 31 }).map((parts) => ({ parts, text: (parts / 2 ** 31).toFixed(11) })),
    negatable,
  ),
  recent: some<object>(
    record({
      operation: fc.constantFrom('set', 'rcheck', 'update', 'remove'),
      reap: fc.boolean(),
      list: word,
      side: fc.constantFrom('source', 'destination'),
    }),
    record({ seconds: fc.integer({ min: 1, max: 0x7fffffff }) }),
    record({ mask: fc.constantFrom('255.255.255.255', 'ffff::') }),
    negatable,
  ),
  nfacct: record({ counter: word }),
  'physdev-is-in': negatable,
  set: some<object>(record({ set: word, directions: list('src', 'dst') }), negatable),
  unknown: record({
    module: fc.constantFrom('limit', 'owner'),
    arguments: fc.constantFrom('', '--x', '! --x 1', '--x "a -j b"', '--x  y', '[unsupported revision]'),
  }),
};

type TargetArbitraries = { readonly [K in SavedTarget['kind']]: fc.Arbitrary<object> };
const flags = fc.constantFrom('', '--random-fully', '--persistent', '--random --persistent');
const TARGETS: TargetArbitraries = {
  jump: some<object>(record({ chain: fc.constantFrom(...CHAINS) }), fc.constant({ goto: true })),
  accept: fc.constant({}),
  drop: fc.constant({}),
  return: fc.constant({}),
  reject: some<object>(fc.constant({}), record({ with: word })),
  dnat: record({
    to: fc.constantFrom('10.0.0.1:80', '[fd00::1]:80', '10.0.0.1-10.0.0.9'),
    flags: fc.subarray(['random', 'persistent']),
  }),
  snat: record({ to: fc.constantFrom('10.0.0.1', '[fd00::1]:1-9'), arguments: flags }),
  masquerade: record({ arguments: flags }),
  mark: record({ value: bit32, mask: bit32 }),
  unknown: record({
    name: fc.constantFrom('NFLOG', 'CT'),
    arguments: fc.constantFrom('', '--x', '--x "a -j b"', '[unsupported revision]'),
  }),
};

/** One of any kind, with its kind. */
function ofKinds<T>(arbitraries: Readonly<Record<string, fc.Arbitrary<object>>>): fc.Arbitrary<T> {
  const each = Object.entries(arbitraries).map(([kind, values]) =>
    values.map((value) => ({ kind, ...value })),
  );
  return fc.oneof(...each) as unknown as fc.Arbitrary<T>;
}

const network = fc.constantFrom('10.0.0.1/32', 'fd00::/64', '10.0.0.1/255.0.255.0', '::ffff:10.0.0.1/128');
const digits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const name = fc.tuple(record({ name: word }), negatable).map(([a, b]) => ({ ...a, ...b }));
const rule = some<Omit<SavedRule, 'line'>>(
  record({
    kind: fc.constant('rule' as const),
    chain: fc.constantFrom(...CHAINS),
    matches: fc.array(ofKinds<SavedMatch>(MATCHES), { maxLength: 4 }),
  }),
  record({ counters: record({ packets: digits, bytes: digits }) }),
  sides(record({ network }), 'source', 'destination'),
  record({ inInterface: name }),
  record({ outInterface: name }),
  record({ protocol: name }),
  record({ fragment: negatable }),
  record({ target: ofKinds<SavedTarget>(TARGETS) }),
  record({ tail: fc.constantFrom(' ', '\r') }),
);

function dumpOf(rules: readonly Omit<SavedRule, 'line'>[]): SavedDump {
  const chains = CHAINS.map((chain, i) => ({ kind: 'chain', line: i + 2, name: chain }) as const);
  const numbered = rules.map((each, i) => ({ ...each, line: i + 2 + CHAINS.length }));
  const entries = [...chains, ...numbered];
  return { parts: [{ kind: 'table', line: 1, name: 'nat', entries, committed: true }] };
}

describe('any text', () => {
  it('is printed back as it came', () => {
    fc.assert(
      fc.property(anyDump, (text) => {
        expect(printSaved(parseSaved(text))).toBe(text);
      }),
      { numRuns: 5000 },
    );
  });

  it('has each line once, in order', () => {
    fc.assert(
      fc.property(anyDump, (text) => {
        const { parts } = parseSaved(text);
        const lines = parts.flatMap((part) =>
          part.kind === 'table' ? [part.line, ...part.entries.map(({ line }) => line)] : [part.line],
        );
        expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('typed rules', () => {
  it('have every kind', () => {
    expect(Object.keys(MATCHES).sort()).toEqual(Object.keys(MATCH_FORMATS).sort());
    expect(Object.keys(TARGETS).sort()).toEqual(Object.keys(TARGET_FORMATS).sort());
  });

  it('are read as they were', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), (rules) => {
        const dump = dumpOf(rules);
        const read = parseSaved(printSaved(dump));
        expect(read).toStrictEqual(dump);
        expect(problems(read)).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('are one line each, whatever a comment says', () => {
    fc.assert(
      fc.property(rule, (each) => {
        expect(printSavedRule({ ...each, line: 1 })).not.toContain('\n');
      }),
    );
  });

  it('are never taken from a comment', () => {
    const text = fc.array(
      fc.constantFrom(
        '\n',
        '"',
        '\\',
        "'",
        ' ',
        '-A KUBE-SVC-A -j ACCEPT',
        'COMMIT\n*nat',
        '-m comment --comment "',
        'x',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(text, (words) => {
        const hostile = dumpOf([
          {
            kind: 'rule',
            chain: 'INPUT',
            matches: [{ kind: 'comment', text: words.join('') }],
            target: { kind: 'drop' },
          },
          { kind: 'rule', chain: 'INPUT', matches: [], target: { kind: 'return' } },
        ]);
        const read = parseSaved(printSaved(hostile));
        const targets = read.parts.flatMap((part) =>
          part.kind === 'table'
            ? part.entries.flatMap((entry) => (entry.kind === 'rule' ? [entry.target?.kind] : []))
            : [],
        );
        // The rules that there are, or none and a problem.
        if (problems(read).length === 0) expect(targets).toEqual(['drop', 'return']);
        else expect(targets).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });
});
