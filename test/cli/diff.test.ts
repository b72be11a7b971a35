/** `diff` end to end: what stands on stdout and stderr, and the exit status. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const SHOP = 'fixtures/diffs/shop';
const CLUSTERS = 'fixtures/clusters';
const IPV4 = readFileSync(`${SHOP}/expected/iptables.ipv4.save`, 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'svcrules-diff-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function inputOf(cluster: string): string[] {
  const { node, localAddrs = [] } = readClusterOptions(cluster);
  const config = join(cluster, 'config.yaml');
  return [
    '-f',
    join(cluster, 'cluster.yaml'),
    ...(existsSync(config) ? ['--proxy-config', config] : []),
    ...(node === undefined ? [] : ['--node', node]),
    ...localAddrs.flatMap((address) => ['--node-address', address]),
  ];
}

function diff(...args: readonly string[]) {
  return runCaptured(['diff', ...inputOf(SHOP), ...args]);
}

const dumpsOf = (cluster: string) =>
  ['ipv4', 'ipv6'].flatMap((family) => ['--dump', join(cluster, 'expected', `iptables.${family}.save`)]);

describe('diff of the real rules', () => {
  it.each(listClusters(CLUSTERS))('of %s exits with 0', async (name) => {
    const cluster = join(CLUSTERS, name);
    const { status, stdout } = await runCaptured([
      'diff',
      ...inputOf(cluster),
      '--mode',
      'iptables',
      ...dumpsOf(cluster),
    ]);
    expect(stdout).toMatch(/: the rules of (the one Service|all \d+ Services) are right\n/);
    expect(status).toBe(0);
  });
});

const STALE = IPV4.replace('DNAT --to-destination 10.244.2.9:8080', 'DNAT --to-destination 10.1.2.3:8080');

describe('diff', () => {
  it('says the answer first, then what it does', async () => {
    const { status, stdout } = await diff('--dump', file('stale.save', STALE));
    expect(status).toBe(1);
    expect(stdout.split('\n')).toEqual([
      'worker-1 · iptables · kube-proxy 1.37: 1 of 7 Services differs',
      '',
      '✗ prod/web:http   TCP 10.96.14.7:80, node port 30080',
      '    endpoint-stale  1 in 3 new connections to prod/web:80 goes to 10.1.2.3:8080, which is no endpoint',
      '    endpoint-missing  10.244.2.9:8080 gets no new connections; 1 in 3 new connections to prod/web:80 should go there',
      '6 Services are the same.',
      '',
    ]);
  });

  it('prints JSON', async () => {
    const { status, stdout } = await diff('--dump', file('stale.save', STALE), '-o', 'json');
    expect(status).toBe(1);
    const document = JSON.parse(stdout);
    expect(Object.keys(document)).toEqual(['equal', 'services', 'foreign', 'unknown', 'leftovers']);
    expect(document).toMatchObject({
      equal: false,
      services: [
        {
          namespace: 'prod',
          name: 'web',
          port: 80,
          protocol: 'TCP',
          family: 'IPv4',
          changes: [
            { kind: 'endpoint-stale', endpoint: '10.1.2.3:8080', actual: '1/3' },
            { kind: 'endpoint-missing', endpoint: '10.244.2.9:8080', intended: '1/3' },
          ],
        },
      ],
      foreign: [],
      unknown: [],
    });
  });

  it('prints the rules from the host to the intended ones', async () => {
    const { stdout } = await diff('--dump', file('stale.save', STALE), '-o', 'unified');
    expect(stdout).toBe(
      [
        '--- actual/iptables/nat/KUBE-SEP-ESFWEBUQDVH433UE',
        '+++ intended/iptables/nat/KUBE-SEP-ESFWEBUQDVH433UE',
        '@@ -1,2 +1,2 @@',
        ' -A KUBE-SEP-ESFWEBUQDVH433UE -s 10.244.2.9/32 -m comment --comment "prod/web:http" -j KUBE-MARK-MASQ',
        '--A KUBE-SEP-ESFWEBUQDVH433UE -p tcp -m comment --comment "prod/web:http" -m tcp -j DNAT --to-destination 10.1.2.3:8080',
        '+-A KUBE-SEP-ESFWEBUQDVH433UE -p tcp -m comment --comment "prod/web:http" -m tcp -j DNAT --to-destination 10.244.2.9:8080',
        '',
      ].join('\n'),
    );
  });

  it('prints nothing but the head in unified form and 0 where nothing differs', async () => {
    expect(await diff(...dumpsOf(SHOP), '-o', 'unified')).toMatchObject({ status: 0, stdout: '' });
  });

  it('honours KUBECTL_EXTERNAL_DIFF, but hands on no file names', async () => {
    const args = ['diff', ...inputOf(SHOP), '--dump', file('stale.save', STALE), '-o', 'unified'];
    const env = { PATH: process.env.PATH, KUBECTL_EXTERNAL_DIFF: 'diff -r -u /etc/passwd' };
    const { status, stdout } = await runCaptured(args, env);
    expect(status).toBe(1);
    expect(stdout).toMatch(/ACTUAL.*INTENDED/);
    expect(stdout).toContain('+-A KUBE-SEP-ESFWEBUQDVH433UE -p tcp');
    const failing = await runCaptured(args, { ...env, KUBECTL_EXTERNAL_DIFF: 'svcrules-no-such-program' });
    expect(failing.status).toBe(2);
    expect(failing.stderr).toContain('KUBECTL_EXTERNAL_DIFF "svcrules-no-such-program" failed');
  });

  it('lists stale chains when asked', async () => {
    const stale = IPV4.replace(':KUBE-MARK-MASQ -', ':KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]\n:KUBE-MARK-MASQ -');
    const path = file('chains.save', stale);
    const quiet = await diff('--dump', path);
    expect(quiet).toMatchObject({ status: 0 });
    expect(quiet.stdout).toContain('1 stale chain that nothing refers to (--show-stale).');
    const { stdout } = await diff('--dump', path, '--show-stale');
    expect(stdout).toContain('KUBE-SEP-AAAAAAAAAAAAAAAA  IPv4, table nat, 0 rules');
  });

  it('finds the release whose rules a dump has, and says so', async () => {
    const { stdout: old } = await runCaptured(['compile', ...inputOf(SHOP), '--kube-version', '1.26']);
    const path = file('old.save', old);
    const { status, stdout, stderr } = await diff('--dump', path);
    expect(status).toBe(0);
    expect(stdout).toContain('kube-proxy 1.26: the rules of all 7 Services are right');
    expect(stderr).toContain('note: the rules are those of kube-proxy 1.26');
    expect((await diff('--dump', path, '--kube-version', '1.37')).status).toBe(1);
  });

  it('never calls a dump equal that it cannot read', async () => {
    const broken = IPV4.replace('-A KUBE-MARK-MASQ', '-A KUBE-MARK-MASQ --frobnicate\n-A KUBE-MARK-MASQ');
    const { status, stdout, stderr } = await diff('--dump', file('broken.save', broken), '-o', 'json');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ equal: false, unknown: [{ open: true }] });
    expect(stderr).toContain('--frobnicate');
  });

  it('says where a family is not compared', async () => {
    const { status, stderr } = await diff('--dump', `${SHOP}/expected/iptables.ipv4.save`);
    expect(status).toBe(0);
    expect(stderr).toContain(
      'warning: there are no rules of IPv6 among what was read: its 1 service ports are not compared',
    );
  });

  it.each([
    ['nothing to compare with', [], 'nothing to compare with'],
    ['two of them', ['--dump', 'a', '--host'], '--dump and --host each name'],
    ['a dump that is none', ['--dump', 'package.json'], 'is no dump'],
    [
      'a dump of something else',
      ['--dump', 'ADDRESSES'],
      'there are no rules of mode iptables among what was read',
    ],
  ])('refuses %s', async (_, args, message) => {
    const addresses = file(
      'addresses',
      '1: lo: <LOOPBACK,UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    inet 127.0.0.1/8 scope host lo\n',
    );
    const { status, stdout, stderr } = await diff(
      ...args.map((arg) => (arg === 'ADDRESSES' ? addresses : arg)),
    );
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('diff --against', () => {
  const manifests = readFileSync(`${SHOP}/cluster.yaml`, 'utf8');

  it('compares other manifests of the same node', async () => {
    const other = file(
      'other.yaml',
      manifests
        .replace('10.244.2.10', '10.244.2.11')
        .replace('externalTrafficPolicy: Local', 'externalTrafficPolicy: Cluster')
        .replace('  healthCheckNodePort: 32100\n', ''),
    );
    const { status, stdout } = await diff('--against', other, '-o', 'json');
    expect(status).toBe(1);
    const { services } = JSON.parse(stdout);
    const kinds = services.map(({ name, changes }: { name: string; changes: { kind: string }[] }) => [
      name,
      [...new Set(changes.map(({ kind }) => kind))].sort(),
    ]);
    expect(kinds).toEqual([
      ['lb', ['health-check-node-port', 'masquerade-added', 'policy-changed']],
      ['web', ['endpoint-missing', 'endpoint-stale']],
    ]);
  });

  it('says what Services one side alone has', async () => {
    const [db, rest] = [/apiVersion: v1\nkind: Service\nmetadata:\n {2}name: db\n[\s\S]*?---\n/, manifests];
    const other = file('less.yaml', rest.replace(db, ''));
    const less = await diff('--against', other);
    expect(less.stdout).toContain('service-missing  there are no rules for prod/db');
    const more = await runCaptured([
      'diff',
      '-f',
      other,
      ...inputOf(SHOP).slice(2),
      '--against',
      `${SHOP}/cluster.yaml`,
    ]);
    expect(more.stdout).toContain('service-extra  there is no Service prod/db with this port');
  });

  it('finds the same manifests equal, and compares releases', async () => {
    expect((await diff('--against', `${SHOP}/cluster.yaml`)).status).toBe(0);
    expect((await diff('--against-version', '1.36')).status).toBe(0);
    const { status, stdout } = await diff('--against-version', '1.25');
    expect(status).toBe(1);
    expect(stdout).toContain('against release 1.25');
  });
});

describe('diff --bundle', () => {
  const bundle = join(folder, 'bundle');
  for (const node of ['worker-1', 'worker-2', 'gone']) mkdirSync(join(bundle, node), { recursive: true });
  const args = [
    'diff',
    ...inputOf(SHOP).filter((arg) => arg !== '--node' && arg !== 'worker-1'),
    '--bundle',
    bundle,
  ];

  it('names the nodes that differ, and those that cannot be compared', async () => {
    for (const family of ['ipv4', 'ipv6']) {
      const text = readFileSync(`${SHOP}/expected/iptables.${family}.save`, 'utf8');
      writeFileSync(join(bundle, 'worker-1', `${family}.save`), text);
    }
    const flags = inputOf(SHOP).map((arg) => (arg === 'worker-1' ? 'worker-2' : arg));
    const { stdout: second } = await runCaptured(['compile', ...flags]);
    writeFileSync(
      join(bundle, 'worker-2', 'rules'),
      second.replace('destination 10.244.2.9:8080', 'destination 10.1.2.3:8080'),
    );
    const { status, stdout } = await runCaptured(args);
    expect(status).toBe(2);
    expect(stdout).toMatch(/^2 of 3 nodes differ or cannot be compared\n\ngone: not compared: /);
    expect(stdout).toContain('worker-2 · iptables · kube-proxy 1.37: 1 of 7 Services differs');
    expect(stdout).toContain('worker-1 · iptables · kube-proxy 1.37: the rules of all 7 Services are right');
    const json = JSON.parse((await runCaptured([...args, '-o', 'json'])).stdout);
    expect(json).toMatchObject({
      equal: false,
      nodes: [{ node: 'gone' }, { node: 'worker-1', equal: true }, { node: 'worker-2', equal: false }],
    });
  });

  it('takes one node of it', async () => {
    const { status, stdout } = await runCaptured([...args, '--node', 'worker-1']);
    expect(status).toBe(0);
    expect(stdout).toContain('the one node is right');
  });
});

describe('hostile text of a host', () => {
  const EVIL = '\u001b[31m\u202eprod/web:http\u0007 ::set-output name=x::y';
  const rule = `-A PREROUTING -d 10.96.14.7/32 -m comment --comment "${EVIL} \`<b>\` | @all" -j DROP`;
  const dump = file(
    'evil.save',
    IPV4.replace('-A PREROUTING', `${rule}\n-A PREROUTING`)
      .replace('*nat\n', '*nat\n:../../../../tmp/evil - [0:0]\n')
      .replace(
        '-A KUBE-SERVICES',
        `-A KUBE-SERVICES -d 10.96.88.88/32 -p tcp -m comment --comment "../..\u001b]0;x cluster IP" -m tcp --dport 80 -j ../../../../tmp/evil\n-A KUBE-SERVICES`,
      ),
  );

  it.each(['text', 'markdown', 'unified'] as const)('does not get into %s', async (form) => {
    const { status, stdout, stderr } = await diff('--dump', dump, '-o', form);
    expect(status).toBe(1);
    for (const text of [stdout, stderr]) expect(text).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    if (form === 'markdown') expect(stdout.length).toBeLessThan(65_536);
  });

  it('names no file outside of its own folder', async () => {
    const env = { PATH: process.env.PATH, KUBECTL_EXTERNAL_DIFF: 'diff -r' };
    const { stdout } = await runCaptured(['diff', ...inputOf(SHOP), '--dump', dump, '-o', 'unified'], env);
    expect(stdout).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
    expect(existsSync('/tmp/evil')).toBe(false);
  });
});
