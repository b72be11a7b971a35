/** The commands end to end: what stands on stdout and stderr, and the exit status. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const MYSQL = 'fixtures/clusters/mysql/cluster.yaml';
const folder = mkdtempSync(join(tmpdir(), 'svcrules-commands-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const bare = (name: string, port: number) =>
  `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {type: NodePort, ports: [{port: ${port}}]}\n`;

describe('compile', () => {
  it('prints the save text of the primary family', async () => {
    const { status, stdout } = await runCaptured(['compile', '-f', MYSQL]);
    expect(status).toBe(0);
    expect(stdout).toBe(readFileSync('fixtures/clusters/mysql/expected/iptables.ipv4.save', 'utf8'));
  });

  it('prints one artifact, or writes all of both families', async () => {
    const { stdout } = await runCaptured(['compile', '-f', MYSQL, '--artifact', 'ip6tables.restore']);
    const out = join(folder, 'out');
    expect(await runCaptured(['compile', '-f', MYSQL, '--out', out])).toMatchObject({
      status: 0,
      stdout: '',
    });
    expect(readdirSync(out).sort()).toEqual(
      ['ip6tables.restore', 'ip6tables.save', 'iptables.restore', 'iptables.save'].sort(),
    );
    expect(readFileSync(join(out, 'ip6tables.restore'), 'utf8')).toBe(stdout);
  });

  it('prints typed rules as JSON', async () => {
    const { stdout } = await runCaptured(['compile', '-f', MYSQL, '-o', 'json']);
    const { release, node, families } = JSON.parse(stdout);
    expect({ release, node, families: Object.keys(families) }).toEqual({
      release: '1.37',
      node: 'node1',
      families: ['IPv4', 'IPv6'],
    });
    const nat = families.IPv4.tables.find((table: { name: string }) => table.name === 'nat');
    const separate = nat.chains.filter((chain: { name: string }) => chain.name.startsWith('KUBE-SEP-'));
    expect(separate[0].rules[1]).toEqual({
      protocol: 'tcp',
      matches: [
        { kind: 'comment', text: 'default/mysql-service' },
        { kind: 'transport', protocol: 'tcp' },
      ],
      target: { kind: 'dnat', to: '192.168.125.129:3306' },
    });
  });

  it('prints the dialect of 1.8', async () => {
    const { stdout } = await runCaptured(['compile', '-f', MYSQL, '--kube-version', '1.8']);
    const endpoints = [...stdout.matchAll(/-j DNAT --to-destination (\S+)/g)].map(([, to]) => to);
    expect(endpoints).toEqual(['192.168.125.129:3306', '192.168.125.131:3306']);
    expect(stdout).toContain(
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/mysql-service:" -m tcp --dport 30964 -j KUBE-SVC-67RL4FN6JRUPOJYM\n',
    );
  });

  it('names what it chooses, and chooses the same beside another Service', async () => {
    const one = await runCaptured(['compile', '-f', file('one.yaml', bare('one', 80))]);
    const notes = one.stderr.split('\n').filter((line) => line.startsWith('note:'));
    expect(notes).toHaveLength(2);
    expect(notes.join()).toMatch(/spec\.clusterIPs\[0\].*spec\.ports\[0\]\.nodePort/);
    const both = file('both.yaml', `${bare('zero', 81)}---\n${bare('one', 80)}`);
    const two = await runCaptured(['compile', '-f', both]);
    for (const note of notes) expect(two.stderr).toContain(note);
  });

  it('refuses what Kubernetes refuses, with its place; --skip-invalid goes on', async () => {
    const path = file('bad.yaml', `${bare('good', 80)}---\n${bare('bad', 70000)}`);
    const refused = await runCaptured(['compile', '-f', path]);
    expect(refused).toMatchObject({ status: 2, stdout: '' });
    expect(refused.stderr).toContain(`${path}:9:33: error: Service default/bad: spec.ports[0].port 70000`);
    const skipped = await runCaptured(['compile', '-f', path, '--skip-invalid']);
    expect(skipped.status).toBe(0);
    expect(skipped.stdout).toContain('default/good has no endpoints');
    expect(skipped.stdout).not.toContain('default/bad');
  });

  it.each([
    [['compile', '--bogus'], 'unknown option'],
    [['frobnicate'], 'unknown command'],
    [['compile', '-f', '/does/not/exist.yaml'], 'does not exist'],
    [['compile', '-f', MYSQL, '--kube-version', '1.24'], 'supported are 1.8, 1.25'],
    [['compile', '-f', MYSQL, '--mode', 'ipvs', '--kube-version', '1.27'], 'mode ipvs of kube-proxy 1.27'],
    [['compile', '-f', MYSQL, '--node', 'nobody'], 'it has node1'],
    [['compile', '-f', MYSQL, '--artifact', 'nothing'], 'it has iptables.save'],
    [['compile', '-f', MYSQL, '--out', 'a', '--artifact', 'b'], 'cannot be used with'],
    [['compile', '-n', '../services'], '"../services" is no name of a namespace'],
  ])('%j ends with 2 and one message', async (argv, message) => {
    const { status, stdout, stderr } = await runCaptured(argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});

describe('env', () => {
  it.each([
    ['env', 'REDIS_MASTER_SERVICE_HOST=172.16.50.11\n'],
    ['docker', 'REDIS_MASTER_SERVICE_HOST=172.16.50.11\n'],
    ['export', "export REDIS_MASTER_SERVICE_HOST='172.16.50.11'\n"],
  ])('prints -o %s', async (output, start) => {
    const { status, stdout } = await runCaptured(['env', '-f', 'fixtures/examples/redis.yaml', '-o', output]);
    expect(status).toBe(0);
    expect(stdout.startsWith(start)).toBe(true);
    expect(stdout.trimEnd().split('\n')).toHaveLength(7);
  });

  it('prints JSON', async () => {
    const { stdout } = await runCaptured(['env', '-f', 'fixtures/examples/redis.yaml', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ REDIS_MASTER_PORT: 'tcp://172.16.50.11:6379' });
  });
});

describe('endpoints', () => {
  it('says why each Pod is in or out', async () => {
    const { status, stdout } = await runCaptured([
      'endpoints',
      '-f',
      'fixtures/examples/shop.yaml',
      '-o',
      'wide',
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/web +10\.244\.1\.9 +8080\/TCP +http +false/);
    expect(stdout).toMatch(
      /web-2 +IPv4 +not ready +not ready since 2026-01-01T14:02:00Z: ContainersNotReady/,
    );
    expect(stdout).toMatch(/web-3 +IPv4 +out/);
  });

  it('prints slices as JSON', async () => {
    const { stdout } = await runCaptured(['endpoints', '-f', 'fixtures/examples/shop.yaml', '-o', 'json']);
    const { items } = JSON.parse(stdout);
    expect(items).toHaveLength(1);
    expect(items[0].endpoints.map(({ addresses }: { addresses: string[] }) => addresses[0])).toEqual([
      '10.244.1.8',
      '10.244.1.9',
    ]);
  });
});

describe('admit', () => {
  it('lists every object with its errors', async () => {
    const path = 'fixtures/examples/refused.yaml';
    const { status, stdout } = await runCaptured(['admit', '-f', path, '-o', 'json']);
    expect(status).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      objects: [
        {
          kind: 'Service',
          namespace: 'prod',
          name: 'web',
          file: path,
          line: 1,
          accepted: false,
          errors: [
            {
              field: 'spec.ports[0].targetport',
              reason: 'UnknownField',
              message: expect.stringContaining('no field'),
            },
          ],
          warnings: [],
        },
      ],
    });
  });

  it('prints accepted objects with their defaults', async () => {
    const { status, stdout } = await runCaptured(['admit', '-f', 'fixtures/examples/redis.yaml']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/internalTrafficPolicy: Cluster/);
    expect(stdout).toMatch(/protocol: TCP/);
  });
});
