/**
 * The built program against hostile files, streams, disks and signals: one clear message, the right exit status, no stack, no
 * half of a file.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type BuiltCli,
  buildCli,
  type ProcessOptions,
  type ProcessResult,
  runProcess,
} from '../support/built-cli.ts';
import { inputFolder } from '../support/input-folder.ts';

vi.setConfig({ testTimeout: 120_000 });

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildCli();
});
afterAll(() => cli.remove());

function svcrules(args: readonly string[], options: ProcessOptions = {}): Promise<ProcessResult> {
  return runProcess(process.execPath, [cli.path, ...args], { stdin: '', ...options });
}

const SERVICE = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'prod' },
  spec: { clusterIP: 'None', ports: [{ port: 80 }] },
});

/** So many Services that compiling and writing them takes a moment. */
function bigCluster(count: number): string {
  const services = Array.from({ length: count }, (_, i) => ({
    ...SERVICE(`web-${i}`),
    spec: { clusterIP: `10.97.${i >> 8}.${i & 255}`, ports: [{ port: 80 }] },
  }));
  const slices = services.map(({ metadata: { name } }, i) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace: 'prod', labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [1, 2, 3].map((host) => ({ addresses: [`10.${128 + (i >> 8)}.${i & 255}.${host}`] })),
    ports: [{ port: 8080 }],
  }));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...services, ...slices] });
}

/** In the JSON of `admit`, once an object. */
const ACCEPTED = /"accepted": true/g;

/** Control, format and separator characters beside the end of a line. */
const UNSAFE = /[^\P{C}\n]|[\u2028\u2029]/u;

function expectClean({ stderr }: ProcessResult): void {
  expect(stderr).not.toMatch(/^ +at |node:internal|Error:/m);
  if (UNSAFE.test(stderr)) expect.fail(`unsafe on stderr: ${JSON.stringify(stderr)}`);
}

/** @param message what the one line says */
function expectError(result: ProcessResult, message: RegExp): void {
  expectClean(result);
  expect(result.stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(message)]);
  expect(result).toMatchObject({ status: 2, stdout: '' });
}

describe('hostile files', () => {
  const bomb = Array.from(
    { length: 12 },
    (_, i) => `a${i}: &a${i} [${Array(9).fill(i === 0 ? 'x' : `*a${i - 1}`)}]`,
  );
  const merge = `a: &a {${Array.from({ length: 400 }, (_, i) => `k${i}: 1`).join(', ')}}\n${Array.from({ length: 90 }, (_, i) => `b${i}: {<<: *a}\n`).join('')}`;
  const refused: Readonly<Record<string, string | Uint8Array>> = {
    'alias-bomb.yaml': `${bomb.join('\n')}\n`,
    'merge-bomb.yaml': `kind: Service\n${merge}`,
    'deep.yaml': `a: ${'['.repeat(5000)}`,
    'deep.json': `{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
    'deep-block.yaml': Array.from({ length: 3000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''),
    'not-utf8.yaml': Buffer.concat([
      Buffer.from('kind: Service\nmetadata:\n  name: "'),
      Buffer.from([0xc3, 0x28, 0x22]),
    ]),
    'nul.yaml': 'kind: Service\0\n',
    'escape.yaml': 'kind: "\u001b[31m"\n',
    'utf16-cut.yaml': Buffer.concat([Buffer.from('\ufeffkind: x', 'utf16le'), Buffer.from([0x61])]),
    'utf16-half.yaml': Buffer.from('\ufeffkind: "\ud800"\n', 'utf16le'),
    'cut.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: "we',
    'cut.json': '{"apiVersion":"v1","kind":"Service","metadata":{"name":"we',
    'list.json': '{"apiVersion":"v1","kind":"List","items":{"a":1}}',
    'scalar.yaml': 'just text\n',
    'proto.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: web, __proto__: {polluted: 1}}\nspec: {ports: [{port: 80}]}\n',
    'constructor.json':
      '{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"constructor":{"prototype":1},"ports":[{"port":80}]}}',
    'nel.yaml':
      'apiVersion: v1\nkind: Service\nmetadata: {name: "we\u0085-A INPUT -j ACCEPT"}\nspec: {ports: [{port: 80}]}\n',
  };

  it('are each refused by name, and the others are read', async () => {
    const folder = inputFolder({
      ...refused,
      'good.yaml': JSON.stringify(SERVICE('good')),
      'utf16.yaml': Buffer.from(`\ufeff${JSON.stringify(SERVICE('wide'))}`, 'utf16le'),
    });
    const result = await svcrules(['admit', '-f', folder, '--skip-invalid', '-o', 'json']);
    expectClean(result);
    const lines = result.stderr.split('\n');
    for (const name of Object.keys(refused)) {
      const prefix = new RegExp(`^${join(folder, name)}(:\\d+:\\d+)?: (error|warning): `);
      expect(
        lines.filter((line) => prefix.test(line)),
        name,
      ).not.toEqual([]);
    }
    expect(result.stdout).toContain('"good"');
    expect(result.stdout).toContain('"wide"');
    expect(result.stdout.match(ACCEPTED)).toHaveLength(2);
  });

  it('may have any name', async () => {
    const folder = inputFolder({ 'a\n::error::\u001b[31m\u202e.yaml': 'kind: [\n' });
    const result = await svcrules(['admit', '-f', folder]);
    expectClean(result);
    expect(result.stderr).not.toMatch(/^::/m);
    expect(result.status).toBe(2);
  });

  it('of any length end at the limit', async () => {
    const env = { SVCRULES_LIMITS: 'file-bytes=1Mi' };
    const zeros = await svcrules(['admit', '-f', '/dev/zero'], { env });
    expectClean(zeros);
    expect(zeros.stderr).toContain('the input is larger than 1048576 bytes and is not read');
    expect(zeros.status).toBe(2);
    expectError(
      await svcrules(['diff', '-f', join(inputFolder({ a: '' }), 'a'), '--dump', '/dev/zero'], { env }),
      /^error: "\/dev\/zero" is larger than 1048576 bytes: raise the limit/,
    );
  });

  it.each(['--config', '--baseline'])('of lint (%s) end there, too', async (flag) => {
    const env = { SVCRULES_LIMITS: 'file-bytes=1Mi' };
    const result = await svcrules(['lint', '-f', '-', flag, '/dev/zero'], { env });
    expectError(result, /^error: "\/dev\/zero" is larger than 1048576 bytes$/);
  });

  it('with limits that are none are not read', async () => {
    const env = { SVCRULES_LIMITS: 'x=1' };
    expectError(await svcrules(['admit', '-f', '-'], { env }), /^error: SVCRULES_LIMITS: "x=1" is no limit/);
  });
});

describe('hostile places', () => {
  it('a folder in a loop of links is read once', async () => {
    const folder = inputFolder({
      'a.yaml': JSON.stringify(SERVICE('web')),
      'b/c.json': JSON.stringify(SERVICE('db')),
    });
    symlinkSync(folder, join(folder, 'b/loop'));
    symlinkSync('.', join(folder, 'dot'));
    const { status, stdout } = await svcrules(['admit', '-R', '-f', folder, '-o', 'json']);
    expect(status).toBe(0);
    expect(stdout.match(ACCEPTED)).toHaveLength(2);
  });

  it.each([
    ['a link to itself', (path: string) => symlinkSync(path, path), /its symbolic links form a loop/],
    ['a link to nothing', (path: string) => symlinkSync('/nowhere', path), /it does not exist/],
    ['a folder without manifests', (path: string) => mkdirSync(path), /has no \.yaml, \.yml or \.json file/],
  ])('%s is an error', async (_, make, message) => {
    const path = join(inputFolder({}), 'x.yaml');
    make(path);
    expectError(await svcrules(['admit', '-f', path]), message);
  });

  it('a FIFO is read to its end', async () => {
    const path = join(inputFolder({}), 'fifo');
    execFileSync('mkfifo', [path]);
    spawn('sh', ['-c', 'printf %s "$1" >"$2"', 'sh', JSON.stringify(SERVICE('web')), path]);
    const { status, stdout } = await svcrules(['admit', '-f', path, '-o', 'json']);
    expect(status).toBe(0);
    expect(stdout).toContain('"web"');
  });

  it.skipIf(process.getuid?.() !== 0)('what may not be read is an error', async () => {
    const folder = inputFolder({ 'secret/a.yaml': 'kind: x\n' });
    execFileSync('chmod', ['711', folder]);
    execFileSync('chmod', ['700', join(folder, 'secret')]);
    for (const path of [join(folder, 'secret'), join(folder, 'secret/a.yaml')]) {
      expectError(
        await svcrules(['admit', '-f', path], { uid: 65534 }),
        /^error: cannot read .*: permission denied$/,
      );
    }
  });

  it('files that are replaced, grown and cut all the time are read whole or refused', async () => {
    const [one, two] = [bigCluster(40), bigCluster(60)];
    const path = join(inputFolder({ 'a.json': one }), 'a.json');
    let isOver = false;
    const writer = (async () => {
      for (let i = 0; !isOver; i++) {
        if (i % 3 === 0) truncateSync(path, 1000);
        else if (i % 3 === 1) writeFileSync(path, two);
        else {
          writeFileSync(`${path}.new`, one);
          renameSync(`${path}.new`, path);
        }
        await sleep(1);
      }
    })();
    const runs = await Promise.all([1, 2, 3, 4].map(() => svcrules(['admit', '-f', path, '-o', 'json'])));
    isOver = true;
    await writer;
    for (const run of runs) {
      expectClean(run);
      if (run.status !== 0) expect([run.status, run.stdout.match(ACCEPTED)]).toEqual([2, null]);
      // Each Service has a slice.
      else expect([80, 120]).toContain(run.stdout.match(ACCEPTED)?.length);
    }
  });
});

describe('output that cannot be written', () => {
  const folder = () => inputFolder({ 'a.json': bigCluster(500) });

  it.each([
    ['compile'],
    ['compile', '-o', 'json'],
    ['endpoints'],
    ['admit'],
    ['env', '-n', 'prod'],
    ['dns'],
  ])('%s %s %s into a pipe that is closed ends quietly', async (...args) => {
    const script = 'set -o pipefail; "$@" | head -c 10 >/dev/null';
    const command = [process.execPath, cli.path, ...args, '-f', folder()];
    expect(
      await runProcess('bash', ['--norc', '-c', script, 'bash', ...command], { stdin: '' }),
    ).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it.each(['compile', 'endpoints', 'lint'])('%s to a full device is an error', async (command) => {
    const args = ['-c', '"$@" >/dev/full', 'sh', process.execPath, cli.path, command, '-f', folder()];
    const result = await runProcess('sh', args, { stdin: '' });
    expectError(result, /^error: cannot write to stdout: no space is left$/);
  });

  it('a closed stderr does not matter', async () => {
    const args = ['-c', '"$@" 2>&-', 'sh', process.execPath, cli.path, 'compile', '-v', '-f', folder()];
    const { status, stdout } = await runProcess('sh', args, { stdin: '' });
    expect(status).toBe(0);
    expect(stdout).toContain('COMMIT');
  });

  const noMounts = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status !== 0;
  if (noMounts) process.stderr.write('no mount namespaces here: a full disk is not tried\n');
  it.skipIf(noMounts)('a full disk leaves the files that were there', async () => {
    const out = inputFolder({});
    const script = `mount -t tmpfs -o size=128k none "$1"; cd "$1"; echo old >iptables.save; shift
      "$@"; echo "status $?"; ls; cat iptables.save`;
    const command = [process.execPath, cli.path, 'compile', '-f', folder(), '--out', '.'];
    const result = await runProcess('unshare', ['-m', 'sh', '-c', script, 'sh', out, ...command], {
      stdin: '',
    });
    expect(result.stdout).toBe('status 2\niptables.save\nold\n');
    expectClean(result);
    expect(result.stderr).toMatch(/^error: cannot write into \.: ENOSPC: no space left on device[^\n]*\n$/);
  });

  it.skipIf(noMounts)('a full disk leaves the report that was there', async () => {
    const out = inputFolder({});
    const script = `mount -t tmpfs -o size=64k none "$1"; cd "$1"; echo old >a.sarif; cat /dev/zero >full 2>&-; shift
      "$@"; echo "status $?"; ls; cat a.sarif`;
    const command = [process.execPath, cli.path, 'lint', '-f', folder(), '-o', 'sarif=a.sarif'];
    const result = await runProcess('unshare', ['-m', 'sh', '-c', script, 'sh', out, ...command], {
      stdin: '',
    });
    expect(result.stdout).toBe('status 2\na.sarif\nfull\nold\n');
    expect(result.stderr).toBe('error: "a.sarif" cannot be written\n');
  });

  it('a folder that is none is an error', async () => {
    expectError(
      await svcrules(['compile', '-f', folder(), '--out', '/dev/null']),
      /^error: cannot write into \/dev\/null: /,
    );
  });
});

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  const input = () => join(inputFolder({ 'a.json': bigCluster(3000) }), 'a.json');

  it('ends a run that waits for its input', async () => {
    const meanwhile = (kill: (signal: NodeJS.Signals) => void) => void setTimeout(() => kill(signal), 700);
    const result = await runProcess(process.execPath, [cli.path, 'compile', '-f', '-'], { meanwhile });
    expect(result).toEqual({ status: null, signal, stdout: '', stderr: '' });
  });

  it('at any moment leaves whole files only', async () => {
    const file = input();
    const reference = inputFolder({});
    const started = performance.now();
    expect(await svcrules(['compile', '-f', file, '--out', reference])).toMatchObject({
      status: 0,
      stderr: '',
    });
    const duration = performance.now() - started;
    const moments = [0.02, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
    const ends = new Set<string>();
    for (const share of moments) {
      const out = inputFolder({});
      const meanwhile = (kill: (signal: NodeJS.Signals) => void) =>
        void setTimeout(() => kill(signal), duration * share);
      const result = await svcrules(['compile', '-f', file, '--out', out], { meanwhile });
      expect(result.stderr).toBe('');
      expect([signal, 0]).toContain(result.signal ?? result.status);
      ends.add(String(result.signal));
      for (const name of readdirSync(out)) {
        expect(readFileSync(join(out, name), 'utf8'), name).toBe(readFileSync(join(reference, name), 'utf8'));
      }
    }
    expect(ends).toContain(signal);
  });

  /** Once a file with such a name stands in the folder; never, where the folder has gone with its test. */
  function killOnce(folder: string, ending: string): NonNullable<ProcessOptions['meanwhile']> {
    return async (kill) => {
      while (existsSync(folder)) {
        if (readdirSync(folder).some((name) => name.endsWith(ending))) return kill(signal);
        await sleep(1);
      }
    };
  }

  it('while files are being written removes what was begun', async () => {
    const [file, out] = [input(), inputFolder({ 'ip6tables.restore': 'old\n' })];
    const meanwhile = killOnce(out, '.tmp');
    const result = await svcrules(['compile', '-f', file, '--out', out], { meanwhile });
    expect(result).toMatchObject({ status: null, signal, stderr: '' });
    expect(readdirSync(out)).toEqual(['ip6tables.restore']);
    expect(readFileSync(join(out, 'ip6tables.restore'), 'utf8')).toBe('old\n');
  });

  it('ends a watch well', async () => {
    const [file, out] = [input(), inputFolder({})];
    const meanwhile = killOnce(out, '.save');
    const result = await svcrules(['compile', '--watch', '-f', file, '--out', out], { meanwhile });
    expect(result).toMatchObject({ status: 0, signal: null, stderr: '' });
    expect(readdirSync(out).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
