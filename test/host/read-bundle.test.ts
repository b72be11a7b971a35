import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { readBundle } from '../../src/host/read-bundle.ts';
import { DEFAULT_LIMITS, raising, setLimits } from '../../src/input/limits.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { type TarMember, tarArchive } from './tar-archive.ts';
import * as texts from './texts.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'svcrules-bundle-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

type Files = Readonly<Record<string, string | Uint8Array>>;

function writeFiles(files: Files): string {
  const root = join(folder, 'root');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

function writeArchive(bytes: Uint8Array): string {
  const path = join(folder, 'bundle.tar');
  writeFileSync(path, bytes);
  return path;
}

const archiveOf = (files: Files) =>
  tarArchive(Object.entries(files).map(([path, content]): TarMember => ({ path, content })));

/** By node: tools and families, and codes of notes. */
async function summary(path: string) {
  const states = await readBundle(path);
  return states.map(({ node, texts: found, notes }) => [
    node,
    ...found.map(({ tool, family }) => family ?? tool),
    ...notes.map(({ code }) => code),
  ]);
}

async function refusal(path: string): Promise<string> {
  const error = await readBundle(path).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(OperationalError);
  return (error as Error).message.replaceAll(folder, '…');
}

const TWO_NODES: Files = {
  'worker-2/all.txt': texts.NAT4 + texts.NAT6 + texts.IPSET,
  'worker-1/net/iptables.txt': texts.NAT_PLAIN,
  'worker-1/net/ip6tables.gz': gzipSync(texts.NAT_PLAIN.replace('*nat', '*filter') + texts.NAT6),
  'worker-1/addresses': texts.IP_ADDR,
  'worker-1/kubelet.log': 'hello\n',
};
const TWO_STATES = [
  ['worker-1', 'IPv4', 'IPv6', 'ip-addr', 'FilesPassedOver'],
  ['worker-2', 'IPv4', 'IPv6', 'ipset-save'],
];

describe('one folder for each node', () => {
  test('in a directory', async () => {
    const root = writeFiles(TWO_NODES);
    expect(await summary(root)).toEqual(TWO_STATES);
    const [state] = await readBundle(root);
    expect(state?.localAddresses).toEqual(texts.LOCAL_ADDRESSES);
    expect(state?.texts[0]?.origin).toBe(`${root}:worker-1/net/iptables.txt`);
    expect(state?.notes[0]?.message).toBe(
      'files without dumps are passed over: "worker-1/kubelet.log" (nothing in it is known)',
    );
  });

  test('in an archive', async () => {
    expect(await summary(writeArchive(archiveOf(TWO_NODES)))).toEqual(TWO_STATES);
    expect(await summary(writeArchive(gzipSync(archiveOf(TWO_NODES))))).toEqual(TWO_STATES);
  });

  test.each([
    ['ustar', '-c', 'root'],
    ['pax', '-cz', '.'],
    ['gnu', '-cz', 'root'],
    ['v7', '-c', '.'],
  ])("in tar's format %s", async (format, flags, what) => {
    const root = writeFiles(TWO_NODES);
    const path = join(folder, 'real.tar');
    const start = what === '.' ? root : folder;
    execFileSync('tar', [flags, '--format', format, '-f', path, '-C', start, what]);
    expect(await summary(path)).toEqual(TWO_STATES);
  });

  test('within a folder around all of them, beside a file that is no dump', async () => {
    const around = Object.fromEntries(Object.entries(TWO_NODES).map(([path, text]) => [`b/${path}`, text]));
    expect(await summary(writeArchive(archiveOf({ ...around, 'b/README': 'hello\n' })))).toEqual([
      ['worker-1', 'IPv4', 'IPv6', 'ip-addr', 'FilesPassedOver', 'FilesPassedOver'],
      TWO_STATES[1],
    ]);
  });
});

test('one host without a folder', async () => {
  const root = writeFiles({ 'iptables.save': texts.NAT4, 'ip6tables.save': texts.NAT_PLAIN });
  expect(await summary(root)).toEqual([[undefined, 'IPv4', 'IPv6']]);
});

describe('in a folder', () => {
  const good = { 'good/nat': texts.NAT4 };

  test('nothing that is a dump', async () => {
    const root = writeFiles({ ...good, 'bad/empty': '', 'bad/log': 'hello\n' });
    mkdirSync(join(root, 'none'));
    expect(await summary(root)).toEqual([
      ['bad', 'NoDump', 'FilesPassedOver'],
      ['good', 'IPv4'],
      ['none', 'NoDump'],
    ]);
  });

  test('a dump whose end is missing', async () => {
    const root = writeFiles({ ...good, 'bad/four': texts.NAT4.slice(0, -7), 'bad/six': texts.NAT6 });
    const [bad] = await readBundle(root);
    expect(bad?.texts.map(({ family }) => family)).toEqual(['IPv6']);
    expect(bad?.notes).toEqual([
      {
        severity: 'error',
        code: 'DamagedDump',
        message: expect.stringContaining('is not complete: table nat has no COMMIT'),
      },
    ]);
  });

  test('gzip that is damaged', async () => {
    const packed = gzipSync(texts.NAT4).subarray(0, -9);
    expect(await summary(writeFiles({ ...good, 'bad/nat.gz': packed }))).toEqual([
      ['bad', 'NoDump', 'DamagedDump'],
      ['good', 'IPv4'],
    ]);
  });

  test('dumps that contradict each other', async () => {
    const root = writeFiles({ ...good, 'bad/a': texts.NAT4, 'bad/b': texts.NAT4, 'bad/c': texts.IPSET });
    expect(await summary(root)).toEqual([
      ['bad', 'ContradictingDumps'],
      ['good', 'IPv4'],
    ]);
  });
});

describe('hostile', () => {
  test('links of a directory are not followed, and pipes not opened', async () => {
    const root = writeFiles({ 'good/nat': texts.NAT4 });
    const outside = join(folder, 'outside');
    writeFileSync(outside, texts.NAT6);
    symlinkSync(outside, join(root, 'good/link'));
    symlinkSync('..', join(root, 'good/loop'));
    execFileSync('mkfifo', [join(root, 'good/pipe')]);
    const [state] = await readBundle(root);
    expect(state?.texts.map(({ family }) => family)).toEqual(['IPv4']);
    expect(state?.notes[0]?.message).toBe(
      'files without dumps are passed over: "good/link" (a symbolic link), "good/loop" (a symbolic link), "good/pipe" (no regular file)',
    );
  });

  test('names and kinds of members', async () => {
    const path = writeArchive(
      tarArchive([
        { path: '../evil', content: texts.NAT6 },
        { path: '/evil', content: texts.NAT6 },
        { path: 'good/nat', content: texts.NAT4 },
        { path: 'good/link', type: '2', link: '/etc/passwd' },
        { path: 'good/\u001b[2J\nnat', content: 'x' },
        { path: '__proto__/nat', content: texts.NAT4 },
      ]),
    );
    const states = await readBundle(path);
    expect(states.map(({ node }) => node)).toEqual(['__proto__', 'good']);
    const messages = states.flatMap(({ notes }) => notes.map(({ message }) => message)).join();
    expect(messages).toContain('"good/\\u001b[2J\\nnat"');
    expect(messages).not.toContain('\u001b');
    expect(states.flatMap(({ texts: found }) => found.map(({ family }) => family))).toEqual(['IPv4', 'IPv4']);
  });

  test('more than is held, also where it is packed twice', async () => {
    setLimits({ ...DEFAULT_LIMITS, bundleBytes: 1 << 20 });
    onTestFinished(() => setLimits(DEFAULT_LIMITS));
    const bomb = gzipSync(Buffer.alloc(1 << 21));
    const message = `"…" has more than ${1 << 20} bytes when it is unpacked: give it in parts, or ${raising('bundle-bytes')}`;
    const read = (path: string) =>
      readBundle(path).catch((error: Error) => error.message.replace(/"[^"]*"/, '"…"'));
    const large = tarArchive([{ path: 'a/b', content: Buffer.alloc(1 << 21) }]);
    expect(await read(writeArchive(gzipSync(large)))).toBe(message);
    expect(await read(writeArchive(large))).toBe(message);
    expect(await read(writeFiles({ 'a/big': Buffer.alloc(1 << 21) }))).toBe(message);
    const nested = { 'a/nat': texts.NAT4, 'b/1.gz': bomb, 'b/2.gz': bomb, 'b/3.gz': bomb };
    expect(await read(writeArchive(archiveOf(nested)))).toContain('bytes when it is unpacked');
  });
});

describe('refused', () => {
  test('what cannot be read', async () => {
    expect(await refusal(join(folder, 'missing'))).toBe('cannot read "…/missing": it does not exist');
    expect(await refusal('/dev/null')).toBe('"/dev/null" is neither a directory nor a file');
  });

  test.each([
    ['no archive', Buffer.from('hello'.repeat(300)), 'cannot be read as a bundle: it is no tar archive'],
    [
      'half an archive',
      archiveOf(TWO_NODES).subarray(0, -1024),
      'cannot be read as a bundle: its end is missing',
    ],
    ['half of gzip', gzipSync(archiveOf(TWO_NODES)).subarray(0, -20), 'unexpected end of file'],
    ['xz', Buffer.from('fd377a585a00', 'hex'), 'is packed with xz: unpack it first, or use gzip'],
    ['no dump', archiveOf({ 'a/b': 'hello\n' }), 'has no file with the output of iptables-save'],
    ['a damaged dump only', archiveOf({ 'a/b': '*nat\n' }), 'has no dump that can be read: the dump '],
    [
      'dumps in folders and outside of them',
      archiveOf({ nat: texts.NAT4, 'a/nat': texts.NAT4 }),
      'has dumps in folders and dumps outside of them',
    ],
  ])('%s', async (_, bytes, message) => {
    expect(await refusal(writeArchive(bytes))).toContain(message);
  });
});
