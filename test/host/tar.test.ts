import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { innerPath, MalformedTar, readTar } from '../../src/host/tar.ts';
import { paxHeader, tarArchive, tarMember } from './tar-archive.ts';

const END = Buffer.alloc(1024);

/** The entries as text, the bytes given in pieces of a size. */
async function entries(bytes: Uint8Array, step = 700, limit = 1 << 20): Promise<string[]> {
  async function* pieces() {
    for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
  }
  const found: string[] = [];
  for await (const entry of readTar(pieces(), (size) => size <= limit)) {
    const rest =
      entry.kind === 'file' ? entry.bytes.toString() : entry.kind === 'passedOver' ? entry.reason : '';
    found.push(`${entry.kind} ${entry.path} ${rest}`.trim());
  }
  return found;
}

const SAMPLE = tarArchive([
  { path: './', type: '5' },
  { path: './node/', type: '5' },
  { path: './node/a', content: 'x'.repeat(512) },
  { path: 'node//b', content: 'two' },
  { path: 'node/empty' },
]);

test.each([1, 511, 512, 513, 1 << 20])('an archive that comes in pieces of %d bytes', async (step) => {
  expect(await entries(SAMPLE, step)).toEqual([
    'directory',
    'directory node',
    `file node/a ${'x'.repeat(512)}`,
    'file node/b two',
    'file node/empty',
  ]);
});

test('what has been packed is read again, in pieces of any size', async () => {
  const name = fc.stringMatching(/^[a-z0-9_-]{1,40}(\/[a-z0-9_.-]{1,40}){0,1}[a-z0-9]$/);
  const member = fc.record({ path: name, content: fc.string({ maxLength: 1500 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(member, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 2000 }),
      async (members, step) => {
        const expected = members.map(({ path, content }) => `file ${path} ${content}`.trim());
        expect(await entries(tarArchive(members), step)).toEqual(expected);
      },
    ),
    { numRuns: 200 },
  );
});

describe('names', () => {
  const long = `${'d'.repeat(120)}/ü`;

  test('of pax and of GNU tar, for the next member only', async () => {
    const b = tarMember({ path: 'b', content: '2' });
    const pax = [paxHeader({ mtime: '1', path: long }), tarMember({ path: 'short', content: '1' }), b, END];
    expect(await entries(Buffer.concat(pax))).toEqual([`file ${long} 1`, 'file b 2']);
    const gnu = [tarMember({ path: '././@LongLink', type: 'L', content: `${long}\0` }), ...pax.slice(1)];
    expect(await entries(Buffer.concat(gnu))).toEqual([`file ${long} 1`, 'file b 2']);
  });

  test('with a prefix', async () => {
    const member = tarMember({ path: 'file', content: '1' });
    member.write('prefix', 345);
    const sum = member
      .subarray(0, 512)
      .reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0);
    member.write(sum.toString(8).padStart(6, '0'), 148);
    expect(await entries(Buffer.concat([member, END]))).toEqual(['file prefix/file 1']);
  });

  test.each([
    ['/etc/passwd', undefined],
    ['a/../../b', undefined],
    ['..', undefined],
    ['a\0b', undefined],
    ['./a//b/./c', 'a/b/c'],
    ['...', '...'],
    ['', ''],
  ])('%j within the archive', (name, path) => {
    expect(innerPath(name)).toBe(path);
  });
});

test('what is no regular file is named and not followed', async () => {
  const hostile = tarArchive([
    { path: '../../etc/cron.d/x', content: 'evil' },
    { path: '/etc/passwd', content: 'evil' },
    { path: 'hard', type: '1', link: '/etc/shadow', size: 4096 },
    { path: 'soft', type: '2', link: '/etc/shadow' },
    { path: 'null', type: '3' },
    { path: 'disk', type: '4' },
    { path: 'pipe', type: '6' },
    { path: 'sparse', type: 'S', content: 'x' },
    { path: 'odd', type: 'Z', content: 'x' },
    { path: 'last', content: 'fine' },
  ]);
  const outside = 'named so that it would lie outside of the archive';
  expect(await entries(hostile)).toEqual([
    `passedOver ../../etc/cron.d/x ${outside}`,
    `passedOver /etc/passwd ${outside}`,
    'passedOver hard a link',
    'passedOver soft a symbolic link',
    'passedOver null a device',
    'passedOver disk a device',
    'passedOver pipe a FIFO',
    'passedOver sparse a sparse file',
    'passedOver odd no regular file',
    'file last fine',
  ]);
});

test('what is too large is not held', async () => {
  const archive = tarArchive([
    { path: 'big', content: 'x'.repeat(2000) },
    { path: 'small', content: 'y' },
  ]);
  expect(await entries(archive, 700, 1999)).toEqual(['passedOver big too large', 'file small y']);
});

describe('malformed', () => {
  const cases: readonly (readonly [string, Uint8Array, string])[] = [
    ['nothing', Buffer.alloc(0), 'it is no tar archive'],
    ['a text', Buffer.from('hello'.repeat(200)), 'it is no tar archive'],
    ['zeros', END, 'it is empty'],
    ['no end', SAMPLE.subarray(0, -1024), 'its end is missing'],
    ['half of a file', SAMPLE.subarray(0, 512 * 3 + 100), 'its end is missing'],
    ['a size beyond the end', tarArchive([{ path: 'a', size: 2 ** 32 - 1 }]), 'its end is missing'],
    [
      'a damaged header',
      Buffer.concat([SAMPLE.subarray(0, 512), Buffer.alloc(512, 7), END]),
      'it is damaged',
    ],
    [
      'a pax record that is longer than the header',
      Buffer.concat([tarMember({ path: 'x', type: 'x', content: '99 path=a\n' }), END]),
      'it has a damaged header',
    ],
    [
      'a pax record without a length',
      Buffer.concat([tarMember({ path: 'x', type: 'x', content: '0 path=a\n' }), END]),
      'it has a damaged header',
    ],
    [
      'a size that is no number',
      Buffer.concat([paxHeader({ size: '-5' }), tarMember({ path: 'a' }), END]),
      'it has a damaged header',
    ],
    [
      'a header without end',
      tarArchive([{ path: 'x', type: 'x', size: 2 ** 31 }]),
      'it has a header that is too large',
    ],
  ];
  test.each(cases)('%s', async (_, bytes, message) => {
    await expect(entries(bytes, 700, 2 ** 33)).rejects.toThrow(new MalformedTar(message));
  });
});
