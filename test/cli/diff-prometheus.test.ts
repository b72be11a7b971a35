/** `diff` for monitoring: figures that Prometheus reads, in a file that is whole at any time, again and again. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { diffPrometheus } from '../../src/report/diff-prometheus.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const SHOP = 'fixtures/diffs/shop';
const IPV4 = readFileSync(`${SHOP}/expected/iptables.ipv4.save`, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'svcrules-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const RIGHT = file('right.save', IPV4);
const STALE = file(
  'stale.save',
  IPV4.replace('DNAT --to-destination 10.244.2.9:8080', 'DNAT --to-destination 10.1.2.3:8080'),
);
const INPUT = ['-f', `${SHOP}/cluster.yaml`, '--proxy-config', `${SHOP}/config.yaml`, '--node', 'worker-1'];
const diff = (...args: readonly string[]) => runCaptured(['diff', ...INPUT, ...args]);

/** Reads the text format, which is less than what Prometheus takes: anything else is an error. */
function parse(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  let family = '';
  const lines = text.split('\n');
  expect(lines.slice(-2)).toEqual(['# EOF', '']);
  for (const line of lines.slice(0, -2)) {
    const [, help] = /^# HELP ([a-z_]+) \S.*\.$/.exec(line) ?? [];
    if (help !== undefined) {
      family = help;
      continue;
    }
    if (line === `# TYPE ${family} gauge`) continue;
    const label = '[a-z]+="(?:[^"\\\\]|\\\\[\\\\"n])*"';
    expect(line).toMatch(new RegExp(`^${family}\\{(?:${label},)*${label}\\} [0-9]+(?:\\.[0-9]+)?$`));
    const at = line.lastIndexOf(' ');
    expect(samples.has(line.slice(0, at))).toBe(false);
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}

const withoutTime = (samples: ReadonlyMap<string, number>) =>
  Object.fromEntries([...samples].filter(([name]) => !name.startsWith('svcrules_last_run')));

describe('diff -o prometheus', () => {
  it('counts what differs', async () => {
    const { status, stdout } = await diff('--dump', STALE, '-o', 'prometheus');
    expect(status).toBe(1);
    expect(withoutTime(parse(stdout))).toEqual({
      'svcrules_up{node="worker-1"}': 1,
      'svcrules_diff_equal{node="worker-1",mode="iptables",release="1.37"}': 0,
      'svcrules_compared_services{node="worker-1"}': 7,
      'svcrules_diff_services{node="worker-1"}': 1,
      'svcrules_diff_foreign_rules{node="worker-1"}': 0,
      'svcrules_diff_doubts{node="worker-1"}': 0,
      'svcrules_diff_stale_chains{node="worker-1"}': 0,
      'svcrules_diff_changes{node="worker-1",namespace="prod",service="web",kind="endpoint-stale"}': 1,
      'svcrules_diff_changes{node="worker-1",namespace="prod",service="web",kind="endpoint-missing"}': 1,
    });
  });

  it('tells the time in seconds', async () => {
    const before = Date.now() / 1000;
    const samples = parse((await diff('--dump', RIGHT, '-o', 'prometheus')).stdout);
    const at = samples.get('svcrules_last_run_timestamp_seconds{node="worker-1"}');
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now() / 1000);
  });

  it('escapes what stands in labels', () => {
    const text = diffPrometheus([{ kind: 'failed', node: 'a"b\\c\nd 1\n# EOF', reason: '' }], 0);
    expect([...parse(text).keys()]).toContain('svcrules_up{node="a\\"b\\\\c\\nd 1\\n# EOF"}');
  });

  it('makes no more than a hundred series of a node that has lost everything', async () => {
    const services = Array.from({ length: 150 }, (_, i) => {
      const ip = `10.96.1.${i + 1}`;
      return `apiVersion: v1\nkind: Service\nmetadata: {name: s${i}}\nspec: {clusterIP: ${ip}, ports: [{port: 80}]}\n`;
    });
    const many = file('many.yaml', services.join('---\n'));
    const none = file(
      'none.yaml',
      services[0]?.replace('name: s0', 'name: other').replace('10.96.1.1,', '10.96.2.1,') as string,
    );
    const { stdout } = await runCaptured(['diff', '-f', many, '--against', none, '-o', 'prometheus']);
    const samples = parse(stdout);
    expect(samples.get('svcrules_diff_services{node=""}')).toBeGreaterThanOrEqual(150);
    expect([...samples.keys()].filter((name) => name.startsWith('svcrules_diff_changes'))).toHaveLength(100);
  });
});

describe('diff --metrics', () => {
  it('writes the figures beside what is printed, and nothing else', async () => {
    const out = join(folder, 'textfile');
    const { status, stdout } = await diff('--dump', RIGHT, '--metrics', join(out, 'svcrules.prom'));
    expect(status).toBe(0);
    expect(stdout).toContain('the rules of all 7 Services are right');
    expect(readdirSync(out)).toEqual(['svcrules.prom']);
    const samples = parse(readFileSync(join(out, 'svcrules.prom'), 'utf8'));
    expect(samples.get('svcrules_diff_equal{node="worker-1",mode="iptables",release="1.37"}')).toBe(1);
  });

  it.each([
    ['a dump that is not there', ['--dump', join(folder, 'absent.save')]],
    ['an object that is refused', ['--dump', RIGHT, '-f', 'fixtures/examples/refused.yaml']],
  ])('says that a comparison failed for %s', async (_, args) => {
    const metrics = file('failed.prom', 'svcrules_diff_equal{node="worker-1"} 1\n');
    const { status } = await diff(...args, '--metrics', metrics);
    expect(status).toBe(2);
    expect(withoutTime(parse(readFileSync(metrics, 'utf8')))).toEqual({ 'svcrules_up{node="worker-1"}': 0 });
  });

  it('has a line for each node of a bundle', async () => {
    const bundle = mkdtempSync(join(folder, 'bundle-'));
    for (const [node, text] of [
      ['worker-1', IPV4],
      ['worker-2', ''],
    ] as const) {
      const path = join(bundle, node);
      mkdirSync(path);
      writeFileSync(join(path, 'iptables.save'), text);
    }
    const metrics = join(folder, 'bundle.prom');
    const args = INPUT.slice(0, 4);
    await runCaptured(['diff', ...args, '--bundle', bundle, '--metrics', metrics]);
    const samples = parse(readFileSync(metrics, 'utf8'));
    expect(samples.get('svcrules_up{node="worker-1"}')).toBe(1);
    expect(samples.get('svcrules_up{node="worker-2"}')).toBe(0);
  });
});

describe('diff --every', () => {
  it('compares again until it is stopped, and outlives what fails', async () => {
    const dump = file('changing.save', IPV4);
    const metrics = join(folder, 'every.prom');
    const stop = new AbortController();
    const args = ['diff', ...INPUT, '--dump', dump, '--metrics', metrics, '--every', '50ms'];
    const ended = runCaptured(args, {}, stop.signal);
    const equal = (value: number) =>
      vi.waitFor(
        () =>
          expect(
            parse(readFileSync(metrics, 'utf8')).get(
              'svcrules_diff_equal{node="worker-1",mode="iptables",release="1.37"}',
            ),
          ).toBe(value),
        { timeout: 10_000 },
      );
    await equal(1);
    writeFileSync(dump, readFileSync(STALE));
    await equal(0);
    rmSync(dump);
    await vi.waitFor(
      () => expect(readFileSync(metrics, 'utf8')).toContain('svcrules_up{node="worker-1"} 0'),
      {
        timeout: 10_000,
      },
    );
    writeFileSync(dump, IPV4);
    await equal(1);
    stop.abort();
    const { status, stderr } = await ended;
    expect(status).toBe(0);
    expect(stderr).toContain('changing.save');
    expect(existsSync(`${metrics}.${process.pid}.tmp`)).toBe(false);
  });

  it('is refused for standard input', async () => {
    const { status, stderr } = await diff('--dump', '-', '--every', '1m');
    expect(status).toBe(2);
    expect(stderr).toContain('--every needs files');
  });
});
