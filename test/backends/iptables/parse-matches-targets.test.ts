/** Each kind of match and target is read and printed; each is named here, so that a new kind without a case does not compile. */
import { describe, expect, it } from 'vitest';
import type { SavedMatch, SavedTarget } from '../../../src/backends/iptables/saved.ts';
import {
  MATCH_FORMATS,
  type MatchKind,
  parseMatch,
  printMatch,
} from '../../../src/backends/iptables/saved-matches.ts';
import {
  parseTarget,
  printTarget,
  TARGET_FORMATS,
  type TargetKind,
} from '../../../src/backends/iptables/saved-targets.ts';

type Cases<T> = Readonly<Record<string, T>>;
type MatchOf<K> = Extract<SavedMatch, { readonly kind: K }>;
type TargetOf<K> = Extract<SavedTarget, { readonly kind: K }>;

const SSH = { first: 22, last: 22 };
const HIGH = { first: 1024, last: 65535 };
const ONES = '255.255.255.255';

const MATCHES: { readonly [K in MatchKind]: Cases<MatchOf<K>> } = {
  comment: {
    'comment --comment plain-word_1': { kind: 'comment', text: 'plain-word_1' },
    'comment --comment -j': { kind: 'comment', text: '-j' },
    'comment --comment "two words"': { kind: 'comment', text: 'two words' },
    'comment --comment ""': { kind: 'comment', text: '' },
    'comment --comment "a \\"b\\" \\\\ c\\\'s"': { kind: 'comment', text: 'a "b" \\ c\'s' },
    'comment --comment "ünï → 漢"': { kind: 'comment', text: 'ünï → 漢' },
  },
  transport: {
    tcp: { kind: 'transport', protocol: 'tcp' },
    'tcp --dport 22': { kind: 'transport', protocol: 'tcp', destinationPort: SSH },
    'udp ! --sport 1024:65535': {
      kind: 'transport',
      protocol: 'udp',
      sourcePort: { ...HIGH, negated: true },
    },
    'sctp --sport 22 ! --dport 1024:65535': {
      kind: 'transport',
      protocol: 'sctp',
      sourcePort: SSH,
      destinationPort: { ...HIGH, negated: true },
    },
  },
  multiport: {
    'multiport --dports 22,1024:65535': { kind: 'multiport', side: 'destination', ports: [SSH, HIGH] },
    'multiport ! --sports 22': { kind: 'multiport', side: 'source', ports: [SSH], negated: true },
    'multiport --ports 22': { kind: 'multiport', side: 'either', ports: [SSH] },
  },
  addrtype: {
    'addrtype --dst-type LOCAL': { kind: 'addrtype', destinationTypes: { types: ['LOCAL'] } },
    'addrtype ! --src-type LOCAL,UNICAST --dst-type BROADCAST': {
      kind: 'addrtype',
      sourceTypes: { types: ['LOCAL', 'UNICAST'], negated: true },
      destinationTypes: { types: ['BROADCAST'] },
    },
  },
  conntrack: {
    'conntrack --ctstate RELATED,ESTABLISHED': {
      kind: 'conntrack',
      module: 'conntrack',
      states: ['RELATED', 'ESTABLISHED'],
    },
    'conntrack ! --ctstate DNAT': { kind: 'conntrack', module: 'conntrack', states: ['DNAT'], negated: true },
    'state --state NEW,UNTRACKED': { kind: 'conntrack', module: 'state', states: ['NEW', 'UNTRACKED'] },
  },
  mark: {
    'mark --mark 0x4000/0x4000': { kind: 'mark', value: 0x4000, mask: 0x4000 },
    'mark ! --mark 0x0/0xffff0000': { kind: 'mark', value: 0, mask: 0xffff0000, negated: true },
    'mark --mark 0xffffffff': { kind: 'mark', value: 0xffffffff, mask: 0xffffffff },
  },
  random: {
    'statistic --mode random --probability 0.50000000000': {
      kind: 'random',
      parts: 2 ** 30,
      text: '0.50000000000',
    },
    'statistic --mode random ! --probability 0.33333333349': {
      kind: 'random',
      parts: 715827883,
      text: '0.33333333349',
      negated: true,
    },
    'statistic --mode random --probability 1.00000000000': {
      kind: 'random',
      parts: 2 ** 31,
      text: '1.00000000000',
    },
    'statistic --mode random --probability 0.250000': { kind: 'random', parts: 2 ** 29, text: '0.250000' },
  },
  recent: {
    [`recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask ${ONES} --rsource`]: {
      kind: 'recent',
      operation: 'rcheck',
      seconds: 10800,
      reap: true,
      list: 'KUBE-SEP-A',
      mask: ONES,
      side: 'source',
    },
    'recent ! --update --name x --rdest': {
      kind: 'recent',
      operation: 'update',
      reap: false,
      list: 'x',
      side: 'destination',
      negated: true,
    },
    'recent --set --name x --rsource': {
      kind: 'recent',
      operation: 'set',
      reap: false,
      list: 'x',
      side: 'source',
    },
    'recent --remove --name x --rsource': {
      kind: 'recent',
      operation: 'remove',
      reap: false,
      list: 'x',
      side: 'source',
    },
  },
  nfacct: {
    'nfacct --nfacct-name  ct_state_invalid_dropped_pkts': {
      kind: 'nfacct',
      counter: 'ct_state_invalid_dropped_pkts',
    },
    'nfacct --nfacct-name  "a b"': { kind: 'nfacct', counter: 'a b' },
  },
  'physdev-is-in': {
    'physdev --physdev-is-in': { kind: 'physdev-is-in' },
    'physdev ! --physdev-is-in': { kind: 'physdev-is-in', negated: true },
  },
  set: {
    'set --match-set KUBE-CLUSTER-IP dst,dst': {
      kind: 'set',
      set: 'KUBE-CLUSTER-IP',
      directions: ['dst', 'dst'],
    },
    'set ! --match-set cali40s:Zz/+ src': {
      kind: 'set',
      set: 'cali40s:Zz/+',
      directions: ['src'],
      negated: true,
    },
    'set --match-set -m src': { kind: 'set', set: '-m', directions: ['src'] },
  },
  unknown: Object.fromEntries(
    [
      // Other matches.
      'limit --limit 5/min',
      'limit --limit 1/sec --limit-burst 20',
      'owner ! --uid-owner 0-1000',
      'rpfilter --validmark --invert',
      'policy --dir in --pol ipsec --proto esp --mode tunnel --tunnel-src 10.0.0.1/32',
      'icmp --icmp-type 8/0',
      'icmp6 --icmpv6-type 135',
      'socket --transparent --nowildcard',
      'connmark --mark 0x80000000/0x80000000',
      'helper --helper "ftp-21"',
      'string --string "GET /" --algo bm --to 65535',
      'u32 --u32 "0x0>>0x16&0x3c@0x8>>0x18=0x1:0xff"',
      'time --timestart 01:00:00 --timestop 02:00:00 --datestop 2038-01-19T03:14:07',
      'bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"',
      'iprange --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.1.0.1-10.1.0.2',
      'nonesuch [unsupported revision]',
      'nonesuch',
      // Options that are not understood, and spellings that are not those of 1.8.
      'tcp --tcp-flags FIN,SYN,RST,ACK SYN',
      'tcp --dport 22 --tcp-option 5',
      'tcp --dport ! 22',
      'tcp --dport 22:22',
      'tcp --dport 022',
      'tcp --dport 22 --sport 22',
      'tcp --dport 22 --dport 23',
      'tcp --dport 65536',
      'tcp --dport 9:1',
      'tcp --dport 1e1',
      'tcp --dport',
      'udp --dport ssh',
      'multiport --dports 22, 23',
      'multiport --dports 22,,23',
      'multiport 22',
      'addrtype --dst-type LOCAL --limit-iface-in',
      'addrtype',
      'conntrack --ctstate NEW --ctproto 6',
      'conntrack --ctstate SPAM',
      'conntrack --state NEW',
      'conntrack --ctstatus DNATED',
      'mark --mark 1',
      'mark --mark 0x1/0xffffffff',
      'mark --mark 0x01',
      'mark --mark 0xA',
      'mark --mark 0x1ffffffff',
      'mark --mark 0x1/0x2/0x3',
      'statistic --mode nth --every 3 --packet 1',
      'statistic --probability 0.5',
      'statistic --mode random --probability 1.5',
      'statistic --mode random --probability .5',
      'recent --rcheck --seconds 10 --hitcount 4 --name x --rsource',
      'recent --rcheck --seconds 010 --name x --rsource',
      'recent --name x --set --rsource',
      'nfacct --nfacct-name single-blank',
      'physdev --physdev-in eth0',
      'physdev --physdev-is-in --physdev-is-bridged',
      'set --match-set x src --return-nomatch',
      'set --match-set "x" src',
      'set --set x src',
      'set --match-set x both',
      'comment --comment "needless"',
      'comment --comment "unescaped \' quote"',
      'comment --comment half"quoted text"',
      'comment --comment "a" "b"',
      'comment --comment a b',
    ].map((text) => {
      const [module, ...rest] = text.split(' ') as [string, ...string[]];
      return [text, { kind: 'unknown', module, arguments: rest.join(' ') } as const];
    }),
  ),
};

const TARGETS: { readonly [K in Exclude<TargetKind, 'jump'>]: Cases<TargetOf<K>> } = {
  accept: { ACCEPT: { kind: 'accept' } },
  drop: { DROP: { kind: 'drop' } },
  return: { RETURN: { kind: 'return' } },
  reject: {
    REJECT: { kind: 'reject' },
    'REJECT --reject-with tcp-reset': { kind: 'reject', with: 'tcp-reset' },
    'REJECT --reject-with icmp6-port-unreachable': { kind: 'reject', with: 'icmp6-port-unreachable' },
  },
  dnat: {
    'DNAT --to-destination 10.0.0.1:80': { kind: 'dnat', to: '10.0.0.1:80', flags: [] },
    'DNAT --to-destination [fd00::1]:80 --random --persistent': {
      kind: 'dnat',
      to: '[fd00::1]:80',
      flags: ['random', 'persistent'],
    },
    'DNAT --to-destination 10.0.0.1-10.0.0.9:1-99/5': {
      kind: 'dnat',
      to: '10.0.0.1-10.0.0.9:1-99/5',
      flags: [],
    },
    'DNAT --to-destination :8080': { kind: 'dnat', to: ':8080', flags: [] },
  },
  snat: {
    'SNAT --to-source 10.0.0.1': { kind: 'snat', to: '10.0.0.1', arguments: '' },
    'SNAT --to-source 10.0.0.1:1-99 --random-fully --persistent': {
      kind: 'snat',
      to: '10.0.0.1:1-99',
      arguments: '--random-fully --persistent',
    },
  },
  masquerade: {
    MASQUERADE: { kind: 'masquerade', arguments: '' },
    'MASQUERADE --to-ports 1024-65535 --random-fully': {
      kind: 'masquerade',
      arguments: '--to-ports 1024-65535 --random-fully',
    },
  },
  mark: {
    'MARK --set-xmark 0x4000/0x0': { kind: 'mark', value: 0x4000, mask: 0 },
    'MARK --set-xmark 0x0/0xffffffff': { kind: 'mark', value: 0, mask: 0xffffffff },
  },
  unknown: Object.fromEntries(
    [
      'LOG',
      'LOG --log-prefix "a -j b: " --log-level 7',
      'LOG --log-prefix -j --log-uid',
      'NFLOG --nflog-prefix  "API|x" --nflog-group 1',
      'CT --notrack',
      'CT --zone 5',
      'NOTRACK',
      'TPROXY --on-port 50080 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1',
      'CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xffff',
      'TCPMSS --clamp-mss-to-pmtu',
      'REDIRECT --to-ports 80',
      'SET --add-set x src,dst --exist',
      'QUEUE',
      'NFQUEUE --queue-num 1',
      'DNAT [unsupported revision]',
      'DNAT --to-destination 10.0.0.1:80 --to-destination 10.0.0.2:80',
      'DNAT --to-destination',
      'DNAT --to-destination somewhere',
      'SNAT --to-source 10.0.0.1 [unsupported revision]',
      'MASQUERADE [unsupported revision]',
      'MASQUERADE --surprise',
      'MARK --set-mark 0x1',
      'MARK --or-mark 0x1',
      'MARK --and-mark 0xfffffffe',
      'MARK --xor-mark 0x1',
      'MARK --set-xmark 0x1',
      'MARK --set-xmark 0x01/0x1',
      'REJECT --reject-with',
      'REJECT --reject-with a b',
      'ACCEPT --surprise',
      'RETURN --surprise',
    ].map((text) => {
      const [name, ...rest] = text.split(' ') as [string, ...string[]];
      return [text, { kind: 'unknown', name, arguments: rest.join(' ') } as const];
    }),
  ),
};

function listCases<T>(cases: Readonly<Record<string, Cases<T>>>): readonly (readonly [string, T])[] {
  return Object.values(cases).flatMap((each) => Object.entries(each));
}

describe('matches', () => {
  it('have cases for every kind', () => {
    expect(Object.keys(MATCHES).sort()).toEqual(Object.keys(MATCH_FORMATS).sort());
    for (const cases of Object.values(MATCHES)) expect(Object.keys(cases)).not.toEqual([]);
  });

  it.each(listCases<SavedMatch>(MATCHES))('%s', (text, match) => {
    expect(parseMatch(text)).toStrictEqual(match);
    expect(printMatch(match)).toBe(text);
  });

  it.each([
    // They would hide what the rule does.
    'tcp --dport 22 -s 10.0.0.1',
    'comment --comment "x" -s 10.0.0.1/32',
    'nonesuch --jump ACCEPT',
    'nonesuch --jum=ACCEPT',
    'nonesuch -jACCEPT',
    'nonesuch "-j" ACCEPT',
    'nonesuch --option --goto chain',
    'nonesuch -- x',
    'comment --comment -j ACCEPT',
    // No words.
    'nonesuch "',
    'nonesuch a\t-j\tACCEPT',
    'nonesuch a\rb',
    '"tcp"',
    '',
    ' tcp',
    'tcp ',
  ])('%j is none', (text) => {
    expect(parseMatch(text)).toBeUndefined();
  });
});

describe('targets', () => {
  it('have cases for every kind', () => {
    expect([...Object.keys(TARGETS), 'jump'].sort()).toEqual(Object.keys(TARGET_FORMATS).sort());
    for (const cases of Object.values(TARGETS)) expect(Object.keys(cases)).not.toEqual([]);
  });

  it.each(listCases<SavedTarget>(TARGETS))('%s', (text, target) => {
    expect(parseTarget(text)).toStrictEqual(target);
    expect(printTarget(target)).toBe(`-j ${text}`);
  });

  it('jump to chains', () => {
    expect(printTarget({ kind: 'jump', chain: 'KUBE-SERVICES' })).toBe('-j KUBE-SERVICES');
    expect(printTarget({ kind: 'jump', chain: 'KUBE-SERVICES', goto: true })).toBe('-g KUBE-SERVICES');
  });

  it.each([
    'ACCEPT -j DROP',
    'LOG --log-prefix "x',
    'LOG -s 10.0.0.1',
    '-j',
    '"ACCEPT"',
    '',
    'LOG ',
  ])('%j is none', (text) => {
    expect(parseTarget(text)).toBeUndefined();
  });
});
