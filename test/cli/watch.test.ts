/** `--watch` end to end on files: what is printed at first, after changes, and while files cannot be read. */
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/main.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'svcrules-watch-'));
afterAll(() => rmSync(folder, { recursive: true }));

class Output extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

const service = (name: string, ip: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {clusterIP: ${ip}, ports: [{port: 80}]}\n`;
const both = (ip: string) => `${service('web', '10.96.0.10')}---\n${service('db', ip)}`;

interface Watching {
  readonly file: string;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly write: (text: string) => void;
  /** Resolves to the exit status. */
  readonly end: () => Promise<number>;
}

function watching(command: string, text: string, ...flags: string[]): Watching {
  const file = join(folder, `${readdirSync(folder).length}.yaml`);
  // As editors do: the file appears whole.
  const write = (content: string) => {
    writeFileSync(`${file}.new`, content);
    renameSync(`${file}.new`, file);
  };
  write(text);
  const stop = new AbortController();
  const [stdout, stderr] = [new Output(), new Output()];
  const io = { stdin: Readable.from([]), stdout, stderr, env: {}, untilStopped: () => stop.signal };
  const ended = run([command, '-f', file, '--watch', '--min-sync-period', '20ms', ...flags], io);
  const end = () => {
    stop.abort();
    return ended;
  };
  return { file, stdout, stderr, write, end };
}

const soon = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 10 });
const records = ({ stdout }: Watching) =>
  stdout.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('compile --watch', () => {
  it('prints a record of what has changed', async () => {
    const watch = watching('compile', both('10.96.0.20'), '-o', 'json');
    await soon(() => expect(records(watch)).toHaveLength(1));
    watch.write(both('10.96.0.21'));
    await soon(() => expect(records(watch)).toHaveLength(2));
    expect(await watch.end()).toBe(0);
    const [first, second] = records(watch);
    expect(first).toMatchObject({ update: 1, mode: 'iptables', release: '1.37', services: 2 });
    const line = (ip: string) =>
      `-A KUBE-SERVICES -d ${ip}/32 -p tcp -m comment --comment "default/db has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable`;
    expect(second.changes).toEqual([
      {
        family: 'IPv4',
        table: 'filter',
        chain: 'KUBE-SERVICES',
        before: [line('10.96.0.20')],
        after: [line('10.96.0.21')],
      },
    ]);
  });

  it('keeps what it has while the file is not valid, and says why', async () => {
    const watch = watching('compile', both('10.96.0.20'), '-o', 'json');
    await soon(() => expect(records(watch)).toHaveLength(1));
    watch.write(`${both('10.96.0.20')}---\nkind: [`);
    await soon(() => expect(watch.stderr.text).toContain('error: the bracket is never closed'));
    watch.write(both('10.96.0.300'));
    await soon(() => expect(watch.stderr.text).toContain('10.96.0.300'));
    rmSync(watch.file);
    await soon(() => expect(watch.stderr.text).toContain('it does not exist'));
    watch.write(both('10.96.0.21'));
    await soon(() => expect(records(watch)).toHaveLength(2));
    expect(await watch.end()).toBe(0);
    expect(records(watch)[1].changes).toHaveLength(1);
    expect(watch.stderr.text).toContain('note: the watch goes on\n');
  });

  it('writes the files of the family that has changed, and runs the command', async () => {
    const out = join(folder, 'out');
    const log = join(folder, 'log');
    const flags = ['--out', out, '--exec', `echo $SVCRULES_UPDATE >>'${log}'`];
    const watch = watching('compile', both('10.96.0.20'), ...flags);
    await soon(() => expect(readFileSync(log, 'utf8')).toBe('1\n'));
    expect(readdirSync(out)).toHaveLength(4);
    rmSync(join(out, 'ip6tables.save'));
    watch.write(both('10.96.0.21'));
    await soon(() => expect(readFileSync(log, 'utf8')).toBe('1\n2\n'));
    expect(await watch.end()).toBe(0);
    expect(readdirSync(out).sort()).toEqual(['ip6tables.restore', 'iptables.restore', 'iptables.save']);
    const { stdout } = await runCaptured(['compile', '-f', watch.file]);
    expect(readFileSync(join(out, 'iptables.save'), 'utf8')).toBe(stdout);
  });

  it('prints nothing where the rules stay the same', async () => {
    const watch = watching('compile', both('10.96.0.20'));
    await soon(() => expect(watch.stdout.text).toContain('COMMIT'));
    const before = watch.stdout.text;
    expect(before.startsWith('# Update 1\n*filter\n')).toBe(true);
    watch.write(`# a comment\n${both('10.96.0.20')}`);
    await soon(() => expect(watch.stderr.text.match(/default\/db/g)?.length).toBeGreaterThan(1));
    expect(await watch.end()).toBe(0);
    expect(watch.stdout.text).toBe(before);
  });

  it('ends at once where the input is refused at first', async () => {
    const watch = watching('compile', service('web', 'nonsense'));
    await soon(() => expect(watch.stderr.text).toContain('nonsense'));
    expect(await watch.end()).toBe(2);
  });
});

describe('other commands', () => {
  it('print their text again when it has changed', async () => {
    const watch = watching('env', both('10.96.0.20'), '-o', 'export');
    await soon(() => expect(watch.stdout.text).toContain('# Update 1\n'));
    watch.write(both('10.96.0.21'));
    await soon(() => expect(watch.stdout.text).toContain("# Update 2\nexport DB_SERVICE_HOST='10.96.0.21'"));
    expect(await watch.end()).toBe(0);
  });

  it('keep zones current', async () => {
    const watch = watching('dns', both('10.96.0.20'));
    await soon(() => expect(watch.stdout.text).toContain('; Update 1\n; zone cluster.local.\n'));
    watch.write(both('10.96.0.21'));
    await soon(() => expect(watch.stdout.text).toContain('; Update 2\n'));
    expect(watch.stdout.text).toContain('db.default.svc.cluster.local. 30 IN A 10.96.0.21\n');
    expect(await watch.end()).toBe(0);
  });

  it.each([
    ['compile', '-f', '-', '--watch'],
    ['compile', '-f', 'x.yaml', '--exec', 'true'],
    ['env', '-f', 'x.yaml', '--min-sync-period', '1s'],
    ['compile', '-f', 'x.yaml', '--watch', '--min-sync-period', '1'],
    ['endpoints', '-f', 'x.yaml', '--watch', '--at', '2026-01-01T00:00:00Z'],
    ['endpoints', '--at', '2026-01-01T00:00:00Z'],
  ])('refuse %s %s %s %s %s', async (...argv) => {
    expect(await runCaptured(argv)).toMatchObject({ status: 2, stdout: '' });
  });
});
