import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, renameSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { keepInput, openInput } from '../../src/input/stored-input.ts';
import { OperationalError } from '../../src/shared/operational-error.ts';
import { inputFolder } from '../support/input-folder.ts';

describe('a regular file', () => {
  test('is read whole and in parts', async () => {
    const name = join(inputFolder({ a: '0123456789' }), 'a');
    const input = await openInput(name);
    expect(input?.name).toBe(name);
    expect(input?.read(0).toString()).toBe('0123456789');
    expect(input?.read(3, 5).toString()).toBe('34');
    expect(input?.read(8, 20).toString()).toBe('89');
  });

  test.each<[string, (name: string) => void]>([
    ['grown', (name) => appendFileSync(name, 'x')],
    ['been cut', (name) => truncateSync(name, 3)],
    ['been emptied', (name) => truncateSync(name)],
    ['been written to', (name) => utimesSync(name, 1, 1)],
    [
      'been replaced',
      (name) => {
        writeFileSync(`${name}.new`, '0123456789');
        renameSync(`${name}.new`, name);
      },
    ],
    [
      'become a FIFO, for which nobody waits',
      (name) => {
        rmSync(name);
        execFileSync('mkfifo', [name]);
      },
    ],
  ])('cannot be read when it has %s', async (_, change) => {
    const name = join(inputFolder({ a: '0123456789' }), 'a');
    const input = await openInput(name);
    change(name);
    for (const read of [() => input?.read(0, 2), () => input?.read(0)]) {
      expect(read).toThrow(OperationalError);
      expect(read).toThrow(`cannot read ${JSON.stringify(name)}: it has changed meanwhile`);
    }
  });

  test('cannot be read when it has gone', async () => {
    const name = join(inputFolder({ a: '0123456789' }), 'a');
    const input = await openInput(name);
    rmSync(name);
    expect(() => input?.read(0)).toThrow(`cannot read ${JSON.stringify(name)}: it does not exist`);
  });

  test('cannot be read when somebody empties it and fills it again', async () => {
    const name = join(inputFolder({ a: '0123456789' }), 'a');
    truncateSync(name);
    const opening = openInput(name);
    writeFileSync(name, '9876543210');
    await expect(opening).rejects.toThrow(`cannot read ${JSON.stringify(name)}: it has changed meanwhile`);
  });

  test('that is empty is read as such', async () => {
    const input = await openInput(join(inputFolder({ a: '' }), 'a'));
    expect(input?.read(0).toString()).toBe('');
  });

  test('of procfs is read although it has no size', async () => {
    const input = await openInput('/proc/self/status');
    expect(input?.read(0).toString()).toContain('Pid:');
  });

  test('that is a directory is an error', async () => {
    const folder = inputFolder({});
    await expect(openInput(folder)).rejects.toThrow(
      `cannot read ${JSON.stringify(folder)}: it is a directory`,
    );
  });
});

test('a pipe is read to its end and kept', async () => {
  const pipe = join(inputFolder({}), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const writer = spawn('sh', ['-c', `printf 'a: 1\\n' > '${pipe}'; exit 0`]);
  const input = await openInput(pipe);
  writer.kill();
  expect(input?.read(0).toString()).toBe('a: 1\n');
  expect(input?.read(3, 4).toString()).toBe('1');
});

describe('a stream', () => {
  test('is kept', async () => {
    const input = await keepInput('-', [Buffer.from('ab'), Buffer.from('cd')]);
    expect(input?.read(1, 3).toString()).toBe('bc');
  });

  test('that breaks is an error', async () => {
    const stream = (async function* () {
      yield Buffer.from('a');
      throw new Error('connection lost');
    })();
    const failure = keepInput('-', stream);
    await expect(failure).rejects.toThrow('cannot read standard input: connection lost');
    await expect(failure).rejects.toBeInstanceOf(OperationalError);
  });
});

describe('UTF-16', () => {
  const text = 'a: "é漢😀"\n';
  const little = Buffer.from(`\ufeff${text}`, 'utf16le');
  const big = Buffer.from(little).swap16();

  test.each([
    ['little endian', little],
    ['big endian', big],
  ])('%s becomes UTF-8', async (_, bytes) => {
    const file = await openInput(join(inputFolder({ a: bytes }), 'a'));
    expect(file?.read(0).toString()).toBe(text);
    const stream = await keepInput('-', [bytes]);
    expect(stream?.read(0).toString()).toBe(text);
  });

  test.each([
    ['half a code unit', Buffer.concat([little, Buffer.from('x')])],
    ['half a character', Buffer.from('\ufeffa: \ud83d!', 'utf16le')],
  ])('with %s becomes UTF-8 that is broken in that place', async (_, bytes) => {
    const bytesRead = (await keepInput('-', [bytes]))?.read(0);
    expect(bytesRead?.filter((byte) => byte === 0xff)).toHaveLength(1);
  });
});
