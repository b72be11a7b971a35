import { describe, expect, it } from 'vitest';
import { checked } from '../../../src/backends/checked-text.ts';
import { printRuleset } from '../../../src/backends/iptables/print.ts';
import type { Ruleset, Table } from '../../../src/backends/iptables/ruleset.ts';
import type { Chain, TableName } from '../../../src/backends/iptables-chain.ts';
import { comment, DROP, jump, REJECT, type Rule } from '../../../src/backends/iptables-rule.ts';
import { RESTORE, SAVE } from '../../../src/backends/print-chain.ts';
import { printKernelRule } from '../../../src/backends/print-kernel-rule.ts';
import { printProxyRule } from '../../../src/backends/print-proxy-rule.ts';

const chain = (name: string, writer: Chain['writer'], rules: () => readonly Rule[]): Chain => ({
  name,
  writer,
  rules: rules(),
});

function ruleset(rules: readonly Rule[], name = 'KUBE-TEST'): Ruleset {
  return { family: 'IPv4', servicePorts: [], tables: [table('filter', [chain(name, 'sync', () => rules)])] };
}

function table(name: TableName, fixed: readonly Chain[]): Table {
  return { name, fixed, shared: [], ownChains: () => [] };
}

const text = (pieces: Iterable<string>) => [...pieces].join('');

describe('rules in both spellings', () => {
  it.each<[string, Rule, string, string]>([
    [
      'a cluster IP',
      {
        destination: { address: '10.96.0.1' },
        protocol: 'tcp',
        matches: [
          comment('ns/svc:p cluster IP'),
          { kind: 'transport', protocol: 'tcp', destinationPort: 80 },
        ],
        target: jump('KUBE-SVC-X'),
      },
      ' -d 10.96.0.1/32 -p tcp -m comment --comment "ns/svc:p cluster IP" -m tcp --dport 80 -j KUBE-SVC-X',
      ' -m comment --comment "ns/svc:p cluster IP" -m tcp -p tcp -d 10.96.0.1 --dport 80 -j KUBE-SVC-X',
    ],
    [
      'traffic that is not local',
      {
        source: { address: '10.244.0.0/16', negated: true },
        inInterface: { name: 'veth+', negated: true },
        matches: [],
        target: DROP,
      },
      ' ! -s 10.244.0.0/16 ! -i veth+ -j DROP',
      ' ! -s 10.244.0.0/16 ! -i veth+ -j DROP',
    ],
    [
      'everybody',
      { source: { address: '0.0.0.0/0' }, matches: [], target: DROP },
      ' -j DROP',
      ' -s 0.0.0.0/0 -j DROP',
    ],
    [
      'nobody',
      { source: { address: '0.0.0.0/0', negated: true }, matches: [], target: REJECT },
      ' ! -s 0.0.0.0/0 -j REJECT --reject-with icmp-port-unreachable',
      ' ! -s 0.0.0.0/0 -j REJECT',
    ],
    [
      'a comment of one word',
      { matches: [comment('word')] },
      ' -m comment --comment word',
      ' -m comment --comment word',
    ],
  ])('%s', (_, rule, kernel, proxy) => {
    expect(printKernelRule(rule, 'IPv4')).toBe(kernel);
    expect(printProxyRule(rule)).toBe(proxy);
  });

  it('spells IPv6 as the kernel does', () => {
    const rule: Rule = {
      source: { address: '::102:304' },
      matches: [{ kind: 'recent-set', list: 'X' }],
      target: { kind: 'dnat', to: '[::102:304]:80' },
    };
    expect(printKernelRule(rule, 'IPv6')).toBe(
      ' -s ::1.2.3.4/128 -m recent --set --name X --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource' +
        ' -j DNAT --to-destination [::1.2.3.4]:80',
    );
  });
});

describe('the writer', () => {
  it('writes tables, chains and rules', () => {
    expect(text(printRuleset(ruleset([{ matches: [], target: DROP }]), SAVE))).toBe(
      '*filter\n:KUBE-TEST - [0:0]\n-A KUBE-TEST -j DROP\nCOMMIT\n',
    );
  });

  it('leaves chains that a sync does not write, and tables without any, out of the restore text', () => {
    const tables: Ruleset['tables'] = [
      table('filter', [chain('INPUT', 'kernel', () => []), chain('A', 'setup', () => [])]),
      table('nat', [chain('B', 'sync', () => [])]),
    ];
    expect(text(printRuleset({ family: 'IPv4', servicePorts: [], tables }, RESTORE))).toBe(
      '*nat\n:B - [0:0]\nCOMMIT\n',
    );
  });

  it.each([
    'a\nb',
    'a\rb',
    'a\0b',
    'a\u010ab',
    'a --modprobe=/bin/sh',
  ])('refuses %j wherever it stands', (evil) => {
    const hostile: Ruleset[] = [
      ruleset([{ matches: [comment(evil)] }]),
      ruleset([{ matches: [], target: jump(evil) }]),
      ruleset([], evil),
    ];
    for (const each of hostile) {
      expect(() => text(printRuleset(each, SAVE))).toThrow('refusing');
      expect(() => text(printRuleset(each, RESTORE))).toThrow('refusing');
    }
  });

  it('counts lines', () => {
    expect(checked('a\nb\n', 2)).toBe('a\nb\n');
    expect(() => checked('a\nb\n', 1)).toThrow('refusing');
  });
});
