import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDumps } from '../../src/host/read-dumps.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import * as texts from './texts.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcrules-dumps-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Text by family. */
async function families(names: readonly string[], stdin = '') {
  const { texts: found, notes } = await readDumps(names, [Buffer.from(stdin)]);
  const byFamily = Object.fromEntries(found.map(({ family, text }) => [family ?? 'none', text]));
  return { ...byFamily, notes: notes.map(({ code }) => code) };
}

async function refusal(names: readonly string[], stdin: string | Uint8Array = ''): Promise<string> {
  const error = await readDumps(names, [Buffer.from(stdin)]).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OperationalError);
  return (error as Error).message;
}

describe.each(texts.clusterDumps())('the dumps of $cluster', ({ v4, v6 }) => {
  test('alone', async () => {
    expect(await families([v4.path])).toEqual({ IPv4: v4.text, notes: [] });
    expect(await families([v6.path])).toEqual({ IPv6: v6.text, notes: [] });
  });

  test('in pairs, whatever they are called', async () => {
    const both = { IPv4: v4.text, IPv6: v6.text, notes: [] };
    expect(await families([v4.path, v6.path])).toEqual(both);
    const [a, b] = [file('a', v4.text), file('b', v6.text)];
    expect(await families([a, b])).toEqual(both);
    expect(await families([b, a])).toEqual(both);
  });

  test('one behind the other on standard input', async () => {
    const both = { IPv4: v4.text, IPv6: v6.text, notes: [] };
    expect(await families(['-'], v4.text + v6.text)).toEqual(both);
    expect(await families(['-'], v6.text + v4.text)).toEqual(both);
  });
});

describe('the family of a dump that does not show it', () => {
  test('is the one that the other dump is not', async () => {
    const plain = file('plain', texts.NAT_PLAIN);
    expect(await families([plain, file('four', texts.NAT4)])).toMatchObject({ IPv6: texts.NAT_PLAIN });
    expect(await families([plain, file('six', texts.NAT6)])).toMatchObject({ IPv4: texts.NAT_PLAIN });
  });

  test('is taken from its name', async () => {
    expect(await families([file('ip6tables.txt', texts.NAT_PLAIN)])).toEqual({
      IPv6: texts.NAT_PLAIN,
      notes: [],
    });
    const pair = [file('one', texts.NAT_PLAIN), file('one.ipv4', texts.NAT_PLAIN)];
    expect(await families(pair)).toEqual({ IPv4: texts.NAT_PLAIN, IPv6: texts.NAT_PLAIN, notes: [] });
  });

  test('is IPv4, which is said', async () => {
    expect(await families(['-'], texts.NAT_PLAIN)).toEqual({
      IPv4: texts.NAT_PLAIN,
      notes: ['FamilyAssumed'],
    });
  });
});

describe('tables in several places', () => {
  const filter = texts.NAT4.replace('*nat', '*filter');

  test('of one family are put together', async () => {
    const { texts: found } = await readDumps([file('nat', texts.NAT4), file('filter', filter)], []);
    const origin = `${join(folder, 'nat')}, ${join(folder, 'filter')}`;
    expect(found).toEqual([{ tool: 'iptables-save', family: 'IPv4', text: texts.NAT4 + filter, origin }]);
  });

  test('of both families in turn', async () => {
    const filter6 = texts.NAT6.replace('*nat', '*filter');
    expect(await families(['-'], texts.NAT4 + texts.NAT6 + filter + filter6)).toEqual({
      IPv4: texts.NAT4 + filter,
      IPv6: texts.NAT6 + filter6,
      notes: [],
    });
  });

  test('are refused where one stands twice', async () => {
    const [a, b] = [file('nat-a', texts.NAT4), file('nat-b', texts.NAT4)];
    expect(await refusal([a, b])).toBe(
      `table nat of IPv4 stands in "${a}" and in "${b}": a host has each table once for each family`,
    );
    expect(await refusal(['-'], texts.NAT4 + texts.NAT4)).toContain('stands twice in "-"');
    expect(await refusal([a, file('six', texts.NAT6), file('plain', texts.NAT_PLAIN)])).toContain(
      'table nat of IPv4 stands in',
    );
  });
});

test('a file with the outputs of all tools', async () => {
  const name = file(
    'all',
    [texts.NAT4, texts.NAT6, texts.IPSET, texts.IPVSADM_SAVE, texts.NFT_TEXT, texts.IP_ADDR].join('\n'),
  );
  const state = await readDumps([name], []);
  expect(state.texts.map(({ tool, family }) => [tool, family])).toEqual([
    ['iptables-save', 'IPv4'],
    ['iptables-save', 'IPv6'],
    ['ipset-save', undefined],
    ['ipvsadm-save', undefined],
    ['nft-text', undefined],
    ['ip-addr', undefined],
  ]);
  expect(state.texts.every(({ origin }) => origin === name)).toBe(true);
  expect(state.localAddresses).toEqual(texts.LOCAL_ADDRESSES);
  expect(state.notes).toEqual([]);
});

test.each([
  ['-o', texts.IP_ADDR.replace(/^(\d+: \S+): <.*\n(?: {4}link.*\n)?/gm, '$1 ').replace(/ {7}valid.*\n/g, '')],
  [
    '-j',
    '[{"ifindex":2,"ifname":"eth0","addr_info":[{"local":"192.0.2.10"},{}]},{"ifname":"kube-ipvs0","addr_info":[{"local":"10.96.0.1"}]},null]',
  ],
])('the addresses of ip %s addr', async (_, text) => {
  const { localAddresses } = await readDumps(['-'], [Buffer.from(text)]);
  expect(localAddresses).toContain('192.0.2.10');
  expect(localAddresses).not.toContain('10.96.0.1');
});

test('lines that belong to no output, and what iptables says of itself, are notes', async () => {
  const warning = '# Warning: iptables-legacy tables present, use iptables-legacy-save to see them\n';
  const { notes } = await readDumps(['-'], [Buffer.from(`$ iptables-save\n${warning}${texts.NAT4}$ \n`)]);
  expect(notes.map(({ code, message }) => [code, message])).toEqual([
    [
      'LegacyTablesPresent',
      'beside what is in standard input there are iptables-legacy tables, which are not in it',
    ],
    [
      'LinesPassedOver',
      'line 1 of standard input, "$ iptables-save", and 1 other lines belong to no output that is known',
    ],
  ]);
});

describe('packed and otherwise encoded', () => {
  test('gzip, also on standard input', async () => {
    const packed = gzipSync(texts.NAT4);
    expect(await families([file('nat.gz', packed)])).toEqual({ IPv4: texts.NAT4, notes: [] });
    const { texts: found } = await readDumps(['-'], [packed.subarray(0, 9), packed.subarray(9)]);
    expect(found[0]?.text).toBe(texts.NAT4);
  });

  test('UTF-16 as PowerShell writes it', async () => {
    const text = Buffer.from(`\ufeff${texts.NAT4.replaceAll('\n', '\r\n')}`, 'utf16le');
    expect(await families([file('utf16', text)])).toEqual({ IPv4: texts.NAT4, notes: [] });
    expect(await families([file('utf16.gz', gzipSync(text))])).toEqual({ IPv4: texts.NAT4, notes: [] });
  });

  test('gzip that is cut short or damaged', async () => {
    const cut = file('cut.gz', gzipSync(texts.NAT4).subarray(0, -12));
    expect(await refusal([cut])).toBe(`"${cut}" cannot be unpacked: unexpected end of file`);
    expect(await refusal(['-'], Buffer.from([0x1f, 0x8b, 1, 2, 3]))).toMatch(
      /^standard input cannot be unpacked: /,
    );
  });

  test.each([
    ['zstd', '28b52ffd00'],
    ['xz', 'fd377a585a00'],
    ['bzip2', '425a6839'],
    ['zip', '504b0304'],
  ])('%s is named', async (name, hex) => {
    expect(await refusal(['-'], Buffer.from(hex, 'hex'))).toBe(
      `standard input is packed with ${name}: unpack it first, or use gzip`,
    );
  });
});

describe('what is no dump', () => {
  const expected =
    'expected is the output of iptables-save, ip6tables-save, ipset save, ipvsadm -Sn, ipvsadm -Ln, nft list ruleset or ip addr';

  test('is named with what was expected', async () => {
    const empty = file('empty', '');
    expect(await refusal([empty])).toBe(`"${empty}" is no dump: it is empty; ${expected}`);
    expect(await refusal(['-'], 'hello\n')).toBe(
      `standard input is no dump: nothing in it is known; ${expected}`,
    );
    expect(await refusal(['-'], Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0]))).toContain('it is binary');
  });

  test('or cannot be read', async () => {
    const missing = join(folder, 'missing');
    expect(await refusal([missing])).toBe(`cannot read "${missing}": it does not exist`);
    expect(await refusal([folder])).toBe(`cannot read "${folder}": it is a directory`);
    expect(await refusal(['-', '-'])).toBe('standard input can be read only once: give "-" one time');
  });

  test('or has an end that is missing', async () => {
    expect(await refusal(['-'], texts.NAT4.slice(0, -7))).toBe(
      'the dump standard input is not complete: table nat has no COMMIT: the end is missing (line 1)',
    );
  });
});

describe('an empty file', () => {
  const silent = ['ipvsadm-save', 'addresses', 'ipset-save'] as const;
  const sets = 'create KUBE-CLUSTER-IP hash:ip,port family inet hashsize 1024 maxelem 65536\n';

  test('is taken for the output of a tool that printed nothing, and is said to be', async () => {
    const names = [file('none', ''), file('blank', '\n\n'), file('sets', sets), file('more', '')];
    const { texts: found, notes } = await readDumps(names, [], silent);
    expect(found.map(({ tool, text }) => [tool, text])).toEqual([
      ['ipset-save', sets],
      ['ipvsadm-save', ''],
      ['addresses', ''],
    ]);
    expect(notes.map(({ code }) => code)).toEqual(['EmptyDump', 'EmptyDump', 'EmptyDump']);
    expect(notes.map(({ message }) => message.replace(/^".*" /, ''))).toEqual([
      'is empty: it is taken for the output of ipvsadm -Sn, which printed nothing',
      'is empty: it is taken for the output of ip addr of kube-ipvs0, which printed nothing',
      'is empty: it is passed over',
    ]);
  });

  test('is none of a tool whose output is there', async () => {
    const servers = file('servers', 'IP Virtual Server version 1.2.1 (size=4096)\n');
    const { texts: found } = await readDumps([servers, file('none', '')], [], silent);
    expect(found.map(({ tool }) => tool)).toEqual(['ipvsadm-list', 'addresses']);
  });

  test('is an error where nothing else is there, and where no tool may print nothing', async () => {
    const none = file('none', '');
    await expect(readDumps([none, none], [], silent)).rejects.toThrow('is no dump: it is empty');
    await expect(readDumps([file('sets', sets), none], [])).rejects.toThrow('is no dump: it is empty');
  });
});
