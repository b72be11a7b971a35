import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { readThisHost, type ThisHostOptions } from '../../src/host/read-this-host.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { type FakeTools, fakeTools, prints } from './fake-tools.ts';
import * as texts from './texts.ts';

let fake: FakeTools | undefined;
afterEach(() => {
  fake?.remove();
  fake = undefined;
});

function read(tools: Readonly<Record<string, string>>, options: Partial<ThisHostOptions> = {}) {
  fake = fakeTools(tools);
  return readThisHost({ env: fake.env, ...options });
}

async function refusal(
  tools: Readonly<Record<string, string>>,
  options: Partial<ThisHostOptions> = {},
): Promise<string> {
  const error = await read(tools, options).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OperationalError);
  return (error as Error).message;
}

const NO_RULES = { 'ip6tables-save': prints('') };

describe('iptables-save', () => {
  test('of both families, and the addresses of the interfaces', async () => {
    const {
      node,
      texts: found,
      notes,
      localAddresses,
    } = await read({
      'iptables-save': prints(texts.NAT4),
      'ip6tables-save': prints(texts.NAT_PLAIN),
    });
    expect(node).toBeUndefined();
    expect(notes).toEqual([]);
    expect(found).toEqual([
      {
        tool: 'iptables-save',
        family: 'IPv4',
        text: texts.NAT4,
        command: 'iptables-save',
        origin: 'iptables-save of this host',
      },
      {
        tool: 'iptables-save',
        family: 'IPv6',
        text: texts.NAT_PLAIN,
        command: 'ip6tables-save',
        origin: 'ip6tables-save of this host',
      },
    ]);
    const own = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
    for (const { address, family } of own) if (family === 'IPv4') expect(localAddresses).toContain(address);
  });

  test('runs in the C locale, with nothing on its stdin', async () => {
    const shell = `[ "$LC_ALL" = C ] && [ -z "$HOME" ] && ! read line && ${prints(texts.NAT4)}`;
    const { texts: found } = await read({ 'iptables-save': shell, ...NO_RULES });
    expect(found.map(({ text }) => text)).toEqual([texts.NAT4, '']);
  });

  test('prints more than a pipe holds at once', async () => {
    const text = texts.natTable(`-A KUBE-SERVICES -d 10.96.0.1/32 -j RETURN\n`.repeat(2000).trimEnd());
    const { texts: found } = await read({ 'iptables-save': prints(text), ...NO_RULES });
    expect(found[0]?.text).toBe(text);
  });

  test('of one family, where the other tool is missing', async () => {
    const { texts: found, notes } = await read({ 'iptables-save': prints(texts.NAT4) });
    expect(found).toHaveLength(1);
    expect(notes.map(({ severity, message }) => [severity, message])).toEqual([
      [
        'warning',
        'ip6tables-save is not on PATH; it often stands in /usr/sbin; what it would print is not read',
      ],
    ]);
  });
});

describe('fails where', () => {
  const denied = (tool: string) =>
    `echo '${tool} v1.8.9 (nf_tables): Could not fetch rule set generation id: Permission denied (you must be root)' >&2; exit 4`;

  test('there is no tool', async () => {
    expect(await refusal({})).toBe('iptables-save is not on PATH; it often stands in /usr/sbin');
  });

  test('one is not root', async () => {
    expect(await refusal({ 'iptables-save': denied('iptables-save'), ...NO_RULES })).toBe(
      'iptables-save failed: Could not fetch rule set generation id: Permission denied (you must be root); run it as root',
    );
  });

  test('a tool prints all and then fails', async () => {
    expect(await refusal({ 'iptables-save': `${prints(texts.NAT4)}\nexit 1`, ...NO_RULES })).toBe(
      'iptables-save ended with status 1 and said nothing',
    );
  });

  test('a tool is killed half-way', async () => {
    const shell = `${prints(texts.NAT4)}\nkill -KILL $$`;
    expect(await refusal({ 'iptables-save': shell, ...NO_RULES })).toBe(
      'iptables-save was killed by SIGKILL before it had printed all rules',
    );
  });

  test.each([
    ['a line', texts.NAT4.slice(0, 60), 'what iptables-save printed ends in the middle of a line'],
    [
      'a table',
      texts.NAT4.replace('COMMIT\n', ''),
      'iptables-save of this host did not print all rules: table nat has no COMMIT: the end is missing (line 1)',
    ],
  ])('the output ends in %s although the tool ends well', async (_, text, message) => {
    expect(await refusal({ 'iptables-save': prints(text), ...NO_RULES })).toBe(message);
  });

  test.each([
    ['hello\n', 'iptables-save of this host did not print rules: nothing in it is known; expected is '],
    [`${texts.NAT4}hello\n`, 'iptables-save of this host printed something else than rules: "hello"'],
    [texts.NAT4 + texts.NAT4, 'iptables-save of this host printed table nat twice'],
  ])('the output is something else', async (text, message) => {
    expect(await refusal({ 'iptables-save': prints(text), ...NO_RULES })).toContain(message);
  });

  test('it is broken off', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const message = await refusal(
      { 'iptables-save': `${prints(texts.NAT4)}\nexec /bin/sleep 60`, ...NO_RULES },
      { signal: stop.signal },
    );
    expect(message).toBe('iptables-save was broken off');
  });

  test('a tool cannot be run', async () => {
    fake = fakeTools({});
    const { mkdirSync } = await import('node:fs');
    mkdirSync(`${fake.folder}/iptables-save`);
    await expect(readThisHost({ env: fake.env })).rejects.toThrow(
      /iptables-save (cannot be run|is not on PATH)/,
    );
  });
});

describe('nft and legacy', () => {
  const header = (tool: string) => texts.natTable('-A KUBE-SERVICES -d 10.96.0.1/32 -j RETURN', tool);
  const nft = header('iptables-nft-save v1.8.9 (nf_tables)');
  const plainNft = header('iptables-save v1.8.9 (nf_tables)');
  const legacy = header('iptables-legacy-save v1.8.9').replace('RETURN', 'DROP');
  const foreign = legacy.replaceAll('KUBE-SERVICES', 'DOCKER');
  const empty = prints('');

  /** What was chosen for IPv4, and the notes. */
  async function choose(tools: Readonly<Record<string, string>>) {
    const { texts: found, notes } = await read({ ...tools, ...NO_RULES });
    return [found[0]?.origin, found[0]?.text, ...notes.map(({ code, message }) => `${code}: ${message}`)];
  }

  test('only one has rules', async () => {
    expect(
      await choose({
        'iptables-save': prints(plainNft),
        'iptables-nft-save': prints(nft),
        'iptables-legacy-save': empty,
      }),
    ).toEqual(['iptables-save of this host', plainNft]);
  });

  test('the KUBE- chains are not in the default', async () => {
    const plain = foreign.replace('iptables-legacy-save v1.8.9', 'iptables-save v1.8.9 (nf_tables)');
    const warning = '# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n';
    expect(
      await choose({
        'iptables-save': prints(plain, warning),
        'iptables-nft-save': prints(plain, warning),
        'iptables-legacy-save': prints(legacy),
      }),
    ).toEqual([
      'iptables-legacy-save of this host',
      legacy,
      'OtherIptablesVariant: iptables-save of this host has 1 rules of IPv4 too, which are not read; the KUBE- chains are in iptables-legacy-save',
    ]);
  });

  test('both have KUBE- chains: the one with more rules, and a warning', async () => {
    const more = legacy.replace('COMMIT', '-A KUBE-SERVICES -j RETURN\nCOMMIT');
    const both =
      'both iptables-legacy-save and iptables-save of this host have KUBE- chains, with 2 and 1 rules in them; those of iptables-legacy-save are taken';
    expect(
      await choose({
        'iptables-save': prints(plainNft),
        'iptables-nft-save': prints(nft),
        'iptables-legacy-save': prints(more),
      }),
    ).toEqual(['iptables-legacy-save of this host', more, `BothIptablesVariants: ${both}`]);
  });

  test('both have KUBE- chains: the one that the kubelet uses', async () => {
    const hinted = nft.replace(':KUBE-SERVICES', ':KUBE-IPTABLES-HINT - [0:0]\n:KUBE-SERVICES');
    const more = legacy.replace('COMMIT', '-A KUBE-SERVICES -j RETURN\nCOMMIT');
    const [origin, , note] = await choose({
      'iptables-save': prints(more),
      'iptables-nft-save': prints(hinted),
      'iptables-legacy-save': prints(more),
    });
    expect(origin).toBe('iptables-nft-save of this host');
    expect(note).toMatch(/^BothIptablesVariants: /);
  });

  test("chains of the kubelet alone do not count for kube-proxy's", async () => {
    const kubelet = nft.replaceAll('KUBE-SERVICES', 'KUBE-KUBELET-CANARY');
    const [origin, , note] = await choose({
      'iptables-save': prints(kubelet),
      'iptables-nft-save': prints(kubelet),
      'iptables-legacy-save': prints(legacy),
    });
    expect(origin).toBe('iptables-legacy-save of this host');
    expect(note).toMatch(/^BothIptablesVariants: /);
  });

  test('legacy tables that cannot be read are told of', async () => {
    const warning = '# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n';
    expect(await choose({ 'iptables-save': prints(plainNft, warning) })).toEqual([
      'iptables-save of this host',
      plainNft,
      'LegacyTablesPresent: beside what is in iptables-save of this host there are iptables-legacy tables, which are not in it',
    ]);
  });

  test('a variant that does not work is told of', async () => {
    const broken = "echo 'iptables-legacy-save: cannot open shared object file' >&2; exit 127";
    const [origin, , note] = await choose({
      'iptables-save': prints(plainNft),
      'iptables-legacy-save': broken,
    });
    expect(origin).toBe('iptables-save of this host');
    expect(note).toBe('VariantUnreadable: iptables-legacy-save failed: cannot open shared object file');
  });

  test('a table that iptables cannot print is told of', async () => {
    const comment = "# Table `nat' is incompatible, use 'nft' tool.\n";
    const [, text, note] = await choose({ 'iptables-save': prints(comment) });
    expect(text).toBe(comment);
    expect(note).toMatch(/^IncompatibleTable: iptables-save of this host is not complete: /);
  });

  test('the variants alone are there', async () => {
    expect(await choose({ 'iptables-nft-save': prints(nft) })).toEqual([
      'iptables-nft-save of this host',
      nft,
    ]);
  });
});

describe('other tools', () => {
  test('are run where they are asked for', async () => {
    const state = await read(
      {
        ipset: `[ "$*" = save ] && ${prints(texts.IPSET)}`,
        nft: `case "$*" in '-s list ruleset') ${prints(texts.NFT_TEXT)};; '-j -s list ruleset') ${prints(texts.NFT_JSON)};; *) exit 1;; esac`,
        ip: `[ "$*" = addr ] && ${prints(texts.IP_ADDR)}`,
      },
      { tools: ['ipset-save', 'nft-text', 'nft-json', 'ip-addr'] },
    );
    expect(state.texts.map(({ tool, text, origin }) => [tool, text, origin])).toEqual([
      ['ipset-save', texts.IPSET, 'ipset save of this host'],
      ['nft-text', texts.NFT_TEXT, 'nft -s list ruleset of this host'],
      ['nft-json', texts.NFT_JSON, 'nft -j -s list ruleset of this host'],
      ['ip-addr', texts.IP_ADDR, 'ip addr of this host'],
    ]);
    expect(state.localAddresses).toEqual(texts.LOCAL_ADDRESSES);
    expect(state.notes).toEqual([]);
  });

  test('may have nothing to print', async () => {
    const { texts: found } = await read({ nft: 'exit 0' }, { tools: ['nft-text'] });
    expect(found.map(({ text }) => text)).toEqual(['']);
  });

  test('are missing', async () => {
    expect(await refusal({}, { tools: ['ipset-save'] })).toContain('ipset is not on PATH');
    const { notes } = await read({ nft: 'exit 0' }, { tools: ['nft-text', 'ipset-save'] });
    expect(notes.map(({ code }) => code)).toEqual(['ToolMissing']);
  });

  test('print a part, or something else', async () => {
    const cut = `${texts.NFT_TEXT.trimEnd().slice(0, -1)}\n`;
    expect(await refusal({ nft: prints(cut) }, { tools: ['nft-text'] })).toContain(
      'nft -s list ruleset of this host did not print all: table ip6 kube-proxy is not closed',
    );
    expect(await refusal({ ipset: prints(texts.NAT4) }, { tools: ['ipset-save'] })).toContain(
      'ipset save of this host printed something else than was asked for',
    );
  });
});

describe('tools of other modes', () => {
  const tools = ['iptables-save'] as const;
  const others = ['ipvsadm-save', 'ipset-save', 'ip-addr', 'nft-tables'] as const;
  const own = { 'iptables-save': prints(texts.NAT4), ...NO_RULES };

  test('are read on the side, and decide nothing else', async () => {
    const sets = 'create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536\n';
    const found = await read(
      { ...own, ipset: prints(sets), nft: prints('table ip kube-proxy\ntable inet other\n') },
      { tools, others },
    );
    expect(found.texts.map(({ tool }) => tool)).toEqual(['iptables-save', 'iptables-save']);
    expect(found.otherModes?.map(({ tool, text }) => [tool, text])).toEqual([
      ['ipset-save', sets],
      ['nft-tables', 'table ip kube-proxy\ntable inet other\n'],
    ]);
    expect(found.notes).toEqual([]);
  });

  test('are passed over where they are missing, fail or print something else', async () => {
    const found = await read(
      {
        ...own,
        ipset: 'echo "Kernel error received: Operation not permitted" >&2; exit 1',
        nft: prints('hello\n'),
      },
      { tools, others },
    );
    expect(found.otherModes).toBeUndefined();
    expect(found.notes).toEqual([]);
  });
});
