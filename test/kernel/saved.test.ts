/**
 * What the real iptables-save prints is read without loss: rules are loaded one by one in a namespace that goes away, and
 * printed with and without counters. A rule that the machine's kernel or tools do not know is left out, except for the
 * kinds that kube-proxy needs, which must be there and must be typed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseSaved, problems } from '../../src/backends/iptables/parse.ts';
import { printSaved } from '../../src/backends/iptables/print-saved.ts';
import type { SavedDump, SavedRule } from '../../src/backends/iptables/saved.ts';
import {
  type Family,
  type IptablesVariant,
  iptablesCommand,
  probeKernel,
  runInNamespace,
} from '../support/namespace.ts';

// iptables waits for a lock that every iptables of the machine takes.
vi.setConfig({ testTimeout: 120_000 });

const COMBINATIONS = (['legacy', 'nft'] as const).flatMap((variant) =>
  (['ipv4', 'ipv6'] as const).map((family) => ({ variant, family })),
);
const TABLES = ['raw', 'mangle', 'filter', 'nat'] as const;

interface Line {
  readonly table: (typeof TABLES)[number];
  readonly rule: string;
}

/** Every match and target must come back typed. `A` is an address of the family, `N` a network. */
const TYPED: readonly Line[] = [
  ...filter(
    '-s A -j ACCEPT',
    '! -s N -d A -j DROP',
    '-i cali+ ! -o lo -j RETURN',
    '-p tcp -g OTHER',
    '! -p udp -j OTHER',
    '-p 112',
    '-p tcp --dport 80',
    '-p tcp ! --sport 1:1023 --dport 80:90',
    '-p udp --sport 53',
    '-p sctp ! --dport 7777',
    '-p tcp -m multiport --dports 80,443,8000:8100',
    '-p udp -m multiport ! --sports 53',
    '-p tcp -m multiport --ports 1,2',
    '-m addrtype --dst-type LOCAL',
    '-m addrtype ! --src-type LOCAL --dst-type BROADCAST',
    '-m conntrack --ctstate RELATED,ESTABLISHED',
    '-m conntrack ! --ctstate INVALID,NEW,UNTRACKED,SNAT,DNAT',
    '-m state --state NEW',
    '-m mark --mark 0x4000/0x4000',
    '-m mark ! --mark 1',
    '-m mark --mark 0xffffffff/0xffff0000',
    '-m statistic --mode random --probability 0.33333333349',
    '-m statistic --mode random ! --probability 0.5',
    '-m statistic --mode random --probability 1',
    '-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --rsource',
    '-m recent --set --name KUBE-SEP-A --rdest',
    '-m recent ! --update --seconds 60 --name other',
    '-m physdev --physdev-is-in',
    '-m physdev ! --physdev-is-in',
    '-j REJECT',
    '-p tcp -j REJECT --reject-with tcp-reset',
    '-m comment --comment plain-word_1 -j ACCEPT',
    '-m comment --comment "default/web:http cluster IP" -j ACCEPT',
    `-m comment --comment "a \\"b\\" \\\\ c's → ü" -j ACCEPT`,
    '-m comment --comment "-j" -j DROP',
    '-m comment --comment "" -j DROP',
    '-m comment --comment " " -m comment --comment "-m tcp -j ACCEPT" -m mark --mark 1 -j DROP',
  ),
  ...['0x4000/0x4000', '0x1', '0xffffffff/0x0'].map(
    (mark) => ({ table: 'mangle', rule: `-j MARK --set-xmark ${mark}` }) as const,
  ),
  { table: 'mangle', rule: '-j MARK --or-mark 0x10' },
  { table: 'mangle', rule: '-j MARK --and-mark 0x10' },
  ...nat(
    '-p tcp -j DNAT --to-destination E:80',
    '-p udp -j DNAT --to-destination E:80-90 --random --persistent',
    '-j DNAT --to-destination A',
    '-j SNAT --to-source A',
    '-p tcp -j SNAT --to-source E:1024-2048 --random-fully',
    '-j MASQUERADE',
    '-j MASQUERADE --random-fully',
    '-p tcp -j MASQUERADE --to-ports 1024-2048',
  ),
];

/** What may come back as text. */
const OTHERS: readonly Line[] = [
  ...filter(
    '-f -j ACCEPT',
    '! -f -j ACCEPT',
    '-p tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp ! --syn --dport 22',
    '-p tcp --tcp-option 5',
    '-p icmp --icmp-type 8',
    '-p ipv6-icmp --icmpv6-type 135',
    '-m addrtype --dst-type LOCAL --limit-iface-in',
    '-m conntrack --ctproto 6 --ctorigdst A --ctdir REPLY',
    '-m connmark --mark 0x1/0x1',
    '-m limit --limit 5/min --limit-burst 10',
    '-m hashlimit --hashlimit-upto 10/sec --hashlimit-mode srcip --hashlimit-name a',
    '-m owner ! --uid-owner 0-1000',
    '-m policy --dir in --pol ipsec --proto esp',
    '-m statistic --mode nth --every 3 --packet 1',
    '-m recent --rcheck --seconds 10 --hitcount 3 --rttl --name x',
    '-m physdev --physdev-in eth0 --physdev-is-bridged',
    '-m set --match-set SET src',
    '-m set ! --match-set SET dst --return-nomatch',
    '-m nfacct --nfacct-name counter',
    '-m iprange --src-range A-A',
    '-m string --string "GET /" --algo bm',
    '-m string --hex-string "|0d0a|-j" --algo kmp',
    '-m time --timestart 01:00 --timestop 02:00 --weekdays Mon,Tue',
    '-m u32 --u32 "0x0>>0x16&0x3c@0x8>>0x18=0x1:0xff"',
    '-m helper --helper ftp',
    '-m length --length 0:100',
    '-m ttl --ttl-gt 3',
    '-m dscp --dscp 0x20',
    '-m pkttype --pkt-type broadcast',
    '-m mac --mac-source 00:11:22:33:44:55',
    '-m cgroup --path a/b',
    '-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"',
    '-j LOG',
    `-j LOG --log-prefix "a \\"b\\" -j ACCEPT " --log-level 7 --log-uid`,
    '-j LOG --log-prefix "-j"',
    '-j NFLOG --nflog-prefix "API|x" --nflog-group 1',
    '-j NFQUEUE --queue-num 1 --queue-bypass',
    '-p tcp -j REJECT --reject-with icmp-host-prohibited',
  ),
  { table: 'mangle', rule: '-j MARK --set-mark 0x1' },
  { table: 'mangle', rule: '-j MARK --xor-mark 0x1' },
  { table: 'mangle', rule: '-j CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xffff' },
  { table: 'mangle', rule: '-p tcp -m tcp --syn -j TCPMSS --clamp-mss-to-pmtu' },
  { table: 'mangle', rule: '-p tcp -j TPROXY --on-port 50080 --tproxy-mark 0x1/0x1' },
  { table: 'mangle', rule: '-p tcp -m socket --transparent -j MARK --set-xmark 0x1/0x1' },
  { table: 'mangle', rule: '-j SET --add-set SET src --exist' },
  { table: 'mangle', rule: '-j CLASSIFY --set-class 1:2' },
  { table: 'raw', rule: '-m rpfilter --validmark --invert -j DROP' },
  { table: 'raw', rule: '-j CT --notrack' },
  { table: 'raw', rule: '-j NOTRACK' },
  { table: 'raw', rule: '-j TRACE' },
  ...nat('-p tcp -j REDIRECT --to-ports 80', '-j NETMAP --to N'),
];

function filter(...rules: readonly string[]): Line[] {
  return rules.map((rule) => ({ table: 'filter', rule }));
}

function nat(...rules: readonly string[]): Line[] {
  return rules.map((rule) => ({ table: 'nat', rule }));
}

function ofFamily(rule: string, family: Family): string {
  const [address, endpoint, network] =
    family === 'ipv4' ? ['10.0.0.1', '10.0.0.1', '10.0.0.0/8'] : ['fd00::1', '[fd00::1]', 'fd00::/64'];
  return rule.replace(/\bA\b/g, address).replace(/\bE:/g, `${endpoint}:`).replace(/\bN\b/g, network);
}

let work: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'svcrules-saved-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** @returns what iptables-save prints, without and with counters, and how many of the rules were taken. */
async function load(
  lines: readonly Line[],
  variant: IptablesVariant,
  family: Family,
): Promise<{ dumps: readonly string[]; taken: number }> {
  const folder = mkdtempSync(join(work, 'rules-'));
  const restore = `${iptablesCommand(variant, family, 'restore')} -w 30 --noflush`;
  const save = iptablesCommand(variant, family, 'save');
  const heads = TABLES.map((table) => `*${table}\n:RULES - [0:0]\n:OTHER - [0:0]\nCOMMIT\n`).join('');
  writeFileSync(join(folder, 'heads'), heads);
  lines.forEach(({ table, rule }, i) => {
    const text = `*${table}\n-A RULES ${ofFamily(rule, family)}\nCOMMIT\n`;
    writeFileSync(join(folder, `rule-${String(i).padStart(3, '0')}`), text);
  });
  const set = family === 'ipv4' ? 'hash:ip' : 'hash:ip family inet6';
  const printed = await runInNamespace(
    `ipset create SET ${set} 2>/dev/null || true
    ${restore} <"$1/heads"; taken=0
    for file in "$1"/rule-*; do if ${restore} <"$file" 2>/dev/null; then taken=$((taken + 1)); fi; done
    ${save}; echo ===; ${save} -c; echo ===; echo $taken`,
    [folder],
  );
  const [plain, counted, taken] = printed.split('===\n') as [string, string, string];
  return { dumps: [plain, counted], taken: Number(taken) };
}

function rules(dump: SavedDump): readonly SavedRule[] {
  return dump.parts.flatMap((part) =>
    part.kind === 'table' ? part.entries.filter((entry) => entry.kind === 'rule') : [],
  );
}

function hasUnknown({ matches, target }: SavedRule): boolean {
  return target?.kind === 'unknown' || matches.some(({ kind }) => kind === 'unknown');
}

describe.each(COMBINATIONS)('iptables-$variant, $family', ({ variant, family }) => {
  const reason = probeKernel(variant, family);
  if (reason !== undefined)
    process.stderr.write(`no kernel tests with iptables-${variant}, ${family}: ${reason}\n`);

  if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
    it('runs here', () => {
      expect(reason).toBeUndefined();
    });
  }

  describe.skipIf(reason !== undefined)('what iptables-save prints', () => {
    it('of the kinds that are typed is typed', async () => {
      const { dumps, taken } = await load(TYPED, variant, family);
      expect(taken).toBeGreaterThan(TYPED.length * 0.6);
      for (const text of dumps) {
        const dump = parseSaved(text);
        expect(printSaved(dump)).toBe(text);
        expect(problems(dump)).toEqual([]);
        expect(rules(dump)).toHaveLength(taken);
        expect(rules(dump).filter(hasUnknown)).toEqual([]);
      }
    });

    it('of other kinds is printed back', async () => {
      const { dumps, taken } = await load(OTHERS, variant, family);
      for (const text of dumps) {
        const dump = parseSaved(text);
        expect(printSaved(dump)).toBe(text);
        expect(problems(dump)).toEqual([]);
        expect(rules(dump)).toHaveLength(taken);
      }
    });

    it('of a comment with newlines is ambiguous, and no rule is taken from it', async () => {
      const comment = 'x"\n-A RULES -j ACCEPT\nCOMMIT\n*nat\n-A RULES -j ACCEPT\n"';
      const tool = iptablesCommand(variant, family, 'save').replace('-save', '');
      const text = await runInNamespace(
        `${tool} -w 30 -N RULES; ${tool} -w 30 -A RULES -j RETURN
        ${tool} -w 30 -A RULES -m comment --comment "$1" -j DROP; ${iptablesCommand(variant, family, 'save')}`,
        [comment],
      );
      const dump = parseSaved(text);
      expect(printSaved(dump)).toBe(text);
      expect(rules(dump).map(({ target }) => target?.kind)).toEqual(['return']);
      expect(problems(dump).map(({ problem }) => problem)).toContainEqual(
        expect.stringContaining('ambiguous'),
      );
    });
  });
});
