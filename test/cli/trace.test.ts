/** `trace` end to end: what becomes of a packet by manifests, by a dump, and where both part. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const WEB = 'fixtures/examples/web.yaml';
const RICH = [
  '-f',
  'fixtures/clusters/rich/cluster.yaml',
  '--proxy-config',
  'fixtures/clusters/rich/config.yaml',
  '--mode',
  'iptables',
];
const folder = mkdtempSync(join(tmpdir(), 'svcrules-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** `trace FROM TO …` of the example; the folder of the manifests is left out of the texts. */
async function trace(from: string, to: string, ...argv: readonly string[]) {
  const result = await runCaptured(['trace', '-f', WEB, '--from', from, '--to', to, ...argv]);
  return { ...result, stdout: result.stdout.replaceAll('fixtures/examples/', '') };
}

async function rich(from: string, to: string, ...argv: readonly string[]) {
  const result = await runCaptured(['trace', ...RICH, '--from', from, '--to', to, ...argv]);
  return { ...result, stdout: result.stdout.replaceAll('fixtures/clusters/rich/', '') };
}

const OUTSIDE = 'note: 203.0.113.10 stands for the outside: no address of a Pod, a node or a Service\n';

describe('where a packet comes from', () => {
  it('is the outside, by an address that nobody of the cluster has', async () => {
    expect(await trace('external', '192.0.2.10:30080')).toEqual({
      status: 0,
      stderr: OUTSIDE,
      stdout: `TCP 203.0.113.10 (a client outside) → 192.0.2.10:30080, node port of prod/web:http (web.yaml:12), on worker-1
PREROUTING → KUBE-SERVICES → KUBE-NODEPORTS → KUBE-EXT-I6F7… (mark for masquerade) → KUBE-SVC-I6F7…
  1/2  DNAT 10.244.1.8:8080  source becomes the node's address  Pod prod/web-a on worker-1  web.yaml:17
  1/2  DNAT 10.244.2.9:8080  source becomes the node's address  Pod prod/web-b on worker-2  web.yaml:32
`,
    });
  });

  it('is a Pod, on its node, which reaches itself by the address of the node', async () => {
    expect((await trace('prod/web-b', 'prod/web')).stdout).toBe(
      `TCP 10.244.2.9 (Pod prod/web-b on worker-2) → 10.96.14.7:80, cluster IP of prod/web:http (web.yaml:12), on worker-2
PREROUTING → KUBE-SERVICES → KUBE-SVC-I6F7…
  1/2  DNAT 10.244.2.9:8080  source becomes the node's address  Pod prod/web-b on worker-2  web.yaml:32
  1/2  DNAT 10.244.1.8:8080  source stays                       Pod prod/web-a on worker-1  web.yaml:17
`,
    );
  });

  it('is the node itself', async () => {
    expect((await trace('node', 'prod/web:http', '--node', 'worker-2')).stdout).toBe(
      `TCP 192.0.2.11 (the node itself) → 10.96.14.7:80, cluster IP of prod/web:http (web.yaml:12), on worker-2
OUTPUT → KUBE-SERVICES → KUBE-SVC-I6F7…
  1/2  DNAT 10.244.1.8:8080  source stays  Pod prod/web-a on worker-1  web.yaml:17
  1/2  DNAT 10.244.2.9:8080  source stays  Pod prod/web-b on worker-2  web.yaml:32
`,
    );
    expect((await trace('node', '127.0.0.1:30080')).stdout).toMatch(
      /^TCP 127\.0\.0\.1 \(the node itself\) → 127\.0\.0\.1:30080, node port of/,
    );
  });

  it('is any address, which may be a Pod or the node', async () => {
    expect((await trace('8.8.8.8', 'prod/web')).stdout).toMatch(/^TCP 8\.8\.8\.8 → 10/);
    expect((await trace('192.0.2.10', 'prod/web')).stdout).toMatch(/^TCP 192\.0\.2\.10 \(the node itself\)/);
    const pod = await trace('10.244.2.9', 'prod/web', '--node', 'worker-1');
    expect(pod.stdout).toMatch(/^TCP 10\.244\.2\.9 \(Pod prod\/web-b on worker-2\)/);
    expect(pod.stderr).toBe(
      'note: prod/web-b runs on worker-2: the rules there decide first, those of worker-1 only about what is sent to worker-1 (--node worker-2)\n',
    );
  });
});

describe('where a packet goes', () => {
  it.each([
    [
      '192.0.2.10:22',
      'PREROUTING: no rule has anything to do with it\n',
      'delivered to the node itself at 192.0.2.10:22',
    ],
    [
      '192.0.2.11:30080',
      'PREROUTING: no rule has anything to do with it\n',
      'passes on to 192.0.2.11:30080, not translated',
    ],
    [
      'prod/web:81',
      'PREROUTING: no rule has anything to do with it\n',
      'passes on to 10.96.14.7:81, not translated',
    ],
  ])('may be nothing of kube-proxy: %s', async (to, path, what) => {
    const { stdout, status } = await trace('external', to);
    expect(status).toBe(0);
    expect(stdout.slice(stdout.indexOf('\n') + 1)).toBe(`${path}  always  ${what}  source stays\n`);
  });

  it('is explained where it leads to no Service', async () => {
    expect((await trace('external', 'prod/web:81')).stderr).toContain(
      'note: prod/web has no port 81/TCP; it has http (80/TCP)\n',
    );
    expect((await trace('external', '192.0.2.11:30080')).stderr).toContain(
      'note: 192.0.2.11 is an address of Node worker-2, whose own rules decide there (--node worker-2)\n',
    );
  });

  it('may be a Service without endpoints', async () => {
    expect((await rich('external', 'prod/empty:x')).stdout).toBe(
      `TCP 198.51.100.10 (a client outside) → 10.96.20.3:81, cluster IP of prod/empty:x (cluster.yaml:110), on node1
filter FORWARD → KUBE-SERVICES
  always  REJECT with icmp-port-unreachable  the client is told at once  "prod/empty:x has no endpoints"
`.replaceAll('198.51.100.10', '203.0.113.10'),
    );
  });

  it('may be an address with source ranges', async () => {
    const { stdout, stderr } = await rich('external', '192.0.2.10:80');
    expect(stdout).toContain('\nfilter FORWARD → KUBE-PROXY-FIREWALL\n  always  DROP  the client waits');
    expect(stderr).toContain(
      "note: only 198.51.100.0/24, 10.0.0.0/8 may come in by the load balancer's address; the client is 203.0.113.10\n",
    );
    expect((await rich('198.51.100.1', '192.0.2.10:80')).stdout).toMatch(
      / → KUBE-FW-I6F7… → KUBE-EXT-I6F7… → KUBE-SVL-I6F7… → KUBE-SEP-....…\n {2}always {2}DNAT 10\.244\.1\.7:8080 {2}source stays {2}on node1/,
    );
  });

  it('may be IPv6, by the family, the address or the source', async () => {
    const expected = [
      'UDP fd00::9 → [fd00:10:96::a]:53, cluster IP of kube-system/kube-dns:dns (cluster.yaml:43), on node1',
      'PREROUTING → KUBE-SERVICES → KUBE-SVC-TCOU… (mark for masquerade)',
      "  1/2  DNAT [fd00:10:244:1::3]:53  source becomes the node's address  on node1  cluster.yaml:60",
      "  1/2  DNAT [fd00:10:244:2::3]:53  source becomes the node's address  on node2  cluster.yaml:61",
      '',
    ].join('\n');
    expect((await rich('fd00::9', 'kube-system/kube-dns:dns')).stdout).toBe(expected);
    expect((await rich('fd00::9', '[fd00:10:96::a]:53', '-p', 'udp')).stdout).toBe(expected);
    const { stdout } = await rich('external', 'kube-system/kube-dns:metrics', '--family', 'ipv6');
    expect(stdout).toMatch(/^TCP 2001:db8::10 \(a client outside\) → \[fd00:10:96::a\]:9153/);
  });

  it.each([
    [
      'prod/headless',
      'prod/headless is headless: DNS answers with the addresses of its endpoints (it has none that is ready, so the name does not resolve), and clients connect to those; no rule of kube-proxy is asked\n',
    ],
    [
      'prod/ext',
      'prod/ext is of type ExternalName: DNS answers with the name example.com, and clients connect to that; no rule of kube-proxy is asked\n',
    ],
  ])('may be no address at all: %s', async (to, stdout) => {
    expect(await rich('external', to)).toEqual({ status: 0, stdout, stderr: '' });
  });

  it("may be another proxy's", async () => {
    expect((await rich('external', 'prod/other-proxy')).stderr).toContain(
      'note: prod/other-proxy is left to another proxy, "foo", by its label service.kubernetes.io/service-proxy-name\n',
    );
  });
});

describe('the interface by which a packet comes in', () => {
  const config = file(
    'bridge.yaml',
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\ndetectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cbr0}\n',
  );
  it('is that of the Pods where kube-proxy knows them by it', async () => {
    const argv = ['--proxy-config', config];
    expect((await trace('prod/web-a', 'prod/web', ...argv)).stdout).toContain('  source stays ');
    const outside = await trace('8.8.8.8', 'prod/web', ...argv);
    expect(outside.stdout).not.toContain('  source stays ');
    expect(outside.stderr).toBe(
      "note: the packet is taken to come in by no interface of the node's Pods (cbr0); --in-interface names one\n",
    );
    const named = await trace('8.8.8.8', 'prod/web', ...argv, '--in-interface', 'cbr0');
    expect(named.stdout).toContain('  source stays ');
    expect(named.stderr).toBe('');
  });
});

describe('a node of which no address is known', () => {
  it('leaves open what is sent to an address', async () => {
    const [service = ''] = readFileSync(WEB, 'utf8').split('\n---\n');
    const path = file('service.yaml', service);
    const argv = ['trace', '-f', path, '--to', '192.0.2.10:30080', '--from'];
    expect((await runCaptured([...argv, '8.8.8.8'])).stdout).toContain(
      'cannot tell  whether 192.0.2.10 is an address of the host is unknown: --node-address names them\n',
    );
    expect(await runCaptured([...argv, 'node'])).toMatchObject({
      status: 2,
      stderr: 'error: no IPv4 address of the node is known: name one with --node-address\n',
    });
  });
});

describe('affinity', () => {
  it('keeps a client that was seen, until it has timed out', async () => {
    const manifests = file(
      'affinity.yaml',
      readFileSync(WEB, 'utf8').replace('type: NodePort', 'type: NodePort\n  sessionAffinity: ClientIP'),
    );
    const run = (...argv: string[]) =>
      runCaptured(['trace', '-f', manifests, '--from', '8.8.8.8', '--to', 'prod/web', ...argv]);
    expect((await run()).stdout.match(/ {2}1\/2 {2}DNAT/g)).toHaveLength(2);
    const seen = await run('--seen', '30');
    expect(seen.stdout).toMatch(/\n {2}always {2}DNAT 10\.244\.1\.8:8080 /);
    expect(seen.stderr).toMatch(/^note: the client was sent the way of KUBE-SEP-\S+ 30 seconds ago\n$/);
    expect((await run('--seen', '20000')).stdout.match(/ {2}1\/2 {2}DNAT/g)).toHaveLength(2);
    expect((await trace('8.8.8.8', 'prod/web', '--seen', '1')).stderr).toBe(
      'note: no affinity is kept for such a client, so --seen changes nothing\n',
    );
  });
});

describe('--rules', () => {
  it('shows each rule in full, with whose it is and where that is written', async () => {
    const { stdout } = await trace('8.8.8.8', 'prod/web', '--rules');
    expect(stdout).toContain(
      '    -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n' +
        '    -A KUBE-SERVICES -d 10.96.14.7/32 -p tcp -m comment --comment "prod/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-I6F7J7E256H6PY43  # prod/web:http  web.yaml:12\n',
    );
    expect(stdout).toContain(
      '-j DNAT --to-destination 10.244.2.9:8080  # prod/web:http → 10.244.2.9:8080  Pod prod/web-b  web.yaml:32\n',
    );
    expect(await trace('8.8.8.8', 'prod/web', '-v')).toMatchObject({ stdout });
  });
});

describe('-o json', () => {
  it('has exact fractions, and of each hop the rule, the Service, the endpoint and the place', async () => {
    const { stdout } = await trace('external', '192.0.2.10:30080', '-o', 'json');
    const { node, service, sides, equal } = JSON.parse(stdout);
    expect({ node, service, equal }).toEqual({
      node: 'worker-1',
      equal: undefined,
      service: {
        namespace: 'prod',
        name: 'web',
        port: 'http',
        way: 'node port',
        origin: { file: 'web.yaml', line: 12 },
      },
    });
    const [{ path, ...outcome }] = sides[0].outcomes;
    expect(outcome).toEqual({
      fraction: '1/2',
      share: '1/2',
      verdict: 'delivered',
      destination: '10.244.1.8:8080',
      local: false,
      source: 'masquerade',
    });
    const separate = path.find((step: { chain: string }) => step.chain.startsWith('KUBE-SEP-'));
    expect(separate).toMatchObject({
      table: 'nat',
      hook: 'PREROUTING',
      service: { namespace: 'prod', name: 'web', port: 'http' },
      endpoint: { address: '10.244.1.8:8080', pod: 'prod/web-a', node: 'worker-1' },
    });
    expect(separate.endpoint.origin).toEqual({ file: 'web.yaml', line: 17 });
  });

  it('answers for a Service without rules, too', async () => {
    const { stdout } = await rich('external', 'prod/ext', '-o', 'json');
    expect(JSON.parse(stdout)).toMatchObject({ service: { namespace: 'prod', name: 'ext' }, sides: [] });
  });
});

describe('with a dump', () => {
  let good = '';
  beforeAll(async () => {
    good = (await runCaptured(['compile', '-f', WEB])).stdout;
  });
  const both = (text: string, ...argv: readonly string[]) =>
    trace('external', '192.0.2.10:30080', '--dump', file('dump.save', text), ...argv);

  it('says that both do the same, whatever is spelled otherwise', async () => {
    const spelled = good
      .replace(/ -m comment --comment "prod[^"]*"/g, '')
      .replace(/^-A/gm, '[5:300] -A')
      .replace(/^(\[5:300\] -A PREROUTING )/m, '[1:1] -A PREROUTING -j LOG\n$1');
    const { status, stdout } = await both(spelled);
    expect(status).toBe(0);
    expect(stdout.split('\n')[1]).toBe(`the manifests and the dump ${join(folder, 'dump.save')} do the same`);
  });

  it('stops where both part, shows both rules and what comes of them', async () => {
    const { status, stdout } = await both(good.replace(/^.*10\.244\.1\.8:8080" -m statistic.*\n/m, ''));
    expect(status).toBe(1);
    const dump = `the dump ${join(folder, 'dump.save')}`;
    expect(
      stdout.slice(stdout.indexOf('\n') + 1),
    ).toBe(`the manifests and ${dump} part in KUBE-SVC-I6F7J7E256H6PY43 of table nat
PREROUTING → KUBE-SERVICES → KUBE-NODEPORTS → KUBE-EXT-I6F7… (mark for masquerade) → KUBE-SVC-I6F7…
the manifests:
    -A KUBE-SVC-I6F7J7E256H6PY43 -m comment --comment "prod/web:http -> 10.244.1.8:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-Q32NVDAZ73HT2YMJ  # prod/web:http → 10.244.1.8:8080  Pod prod/web-a  web.yaml:17
  1/2  DNAT 10.244.1.8:8080  source becomes the node's address  Pod prod/web-a on worker-1  web.yaml:17
  1/2  DNAT 10.244.2.9:8080  source becomes the node's address  Pod prod/web-b on worker-2  web.yaml:32
${dump}:
    -A KUBE-SVC-I6F7J7E256H6PY43 -m comment --comment "prod/web:http -> 10.244.2.9:8080" -j KUBE-SEP-ESFWEBUQDVH433UE  # prod/web:http → 10.244.2.9:8080  Pod prod/web-b  web.yaml:32
  always  DNAT 10.244.2.9:8080  source becomes the node's address  Pod prod/web-b on worker-2  web.yaml:32
`);
  });

  it.each([
    [
      'a changed probability',
      /0\.50000000000/,
      '0.25000000000',
      'KUBE-SVC-I6F7J7E256H6PY43',
      '  3/4  DNAT 10.244.2.9:8080',
    ],
    [
      'a lost mark',
      /^.*masquerade traffic for.*\n/m,
      '',
      'KUBE-EXT-I6F7J7E256H6PY43',
      '  1/2  DNAT 10.244.1.8:8080  source stays',
    ],
    [
      'a stale endpoint',
      /10\.244\.2\.9/g,
      '10.244.9.9',
      'KUBE-SEP-ESFWEBUQDVH433UE',
      "  1/2  DNAT 10.244.9.9:8080  source becomes the node's address  no endpoint of prod/web:http",
    ],
    [
      'a rule in front',
      /^(-A PREROUTING )/m,
      '-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination 9.9.9.9:9\n$1',
      'PREROUTING',
      '  always  DNAT 9.9.9.9:9  source stays',
    ],
    [
      'a return within',
      /^(-A KUBE-SVC-)/m,
      '-A KUBE-SVC-I6F7J7E256H6PY43 -s 203.0.113.0/24 -j RETURN\n$1',
      'KUBE-SVC-I6F7J7E256H6PY43',
      '  always  delivered to the node itself at 192.0.2.10:30080',
    ],
    [
      'a lost node port',
      /^-A KUBE-NODEPORTS.*\n/m,
      '',
      'KUBE-NODEPORTS',
      '  always  delivered to the node itself at 192.0.2.10:30080',
    ],
  ])('finds %s', async (_, pattern, by, chain, outcome) => {
    const { status, stdout } = await both(good.replace(pattern, by));
    expect(status).toBe(1);
    expect(stdout).toContain(` part in ${chain} of table nat\n`);
    expect(stdout).toContain(`\n${outcome}`);
  });

  it('cannot tell where a rule is not understood, and names it', async () => {
    const rule = '-A PREROUTING -m geoip --source-country DE -j DROP';
    const text = good.replace(/^(-A PREROUTING )/m, `${rule}\n$1`);
    const { status, stdout } = await both(text);
    expect(status).toBe(1);
    expect(stdout).toContain('nobody can tell whether the manifests and the dump');
    expect(stdout).toContain(`    ${rule}\n  always  cannot tell  the match geoip is not understood\n`);
    const dump = file('geoip.save', text);
    const alone = await runCaptured(['trace', '--from', '1.1.1.1', '--to', '10.96.14.7:80', '--dump', dump]);
    expect(alone).toEqual({
      status: 0,
      stderr: '',
      stdout: `TCP 1.1.1.1 → 10.96.14.7:80\nPREROUTING\n  always  cannot tell  the match geoip is not understood\n    ${rule}\n`,
    });
  });

  it('alone, needs no cluster, and the addresses of the host only where they decide', async () => {
    const dump = file('alone.save', good);
    const run = (to: string, ...argv: string[]) =>
      runCaptured(['trace', '--from', '1.1.1.1', '--to', to, '--dump', dump, ...argv]);
    expect((await run('10.96.14.7:80')).stdout).toBe(`TCP 1.1.1.1 → 10.96.14.7:80
PREROUTING → KUBE-SERVICES → KUBE-SVC-I6F7…
  1/2  DNAT 10.244.1.8:8080  source stays
  1/2  DNAT 10.244.2.9:8080  source stays
`);
    expect((await run('192.0.2.10:30080')).stdout).toContain(
      '  always  cannot tell  whether 192.0.2.10 is an address of the host is unknown: --node-address names them\n',
    );
    expect((await run('192.0.2.10:30080', '--node-address', '192.0.2.10')).stdout).toContain('1/2  DNAT');
  });

  it('never lets a comment or a name reach the terminal', async () => {
    const evil = '\u001b[31m\u202e\u009b2J';
    const { stdout, stderr } = await both(
      good.replace(/^(-A PREROUTING )/m, `-A PREROUTING -m comment --comment "hi${evil}" -j DROP\n$1`),
      '--rules',
    );
    expect(stdout).toContain('"hi\\x1b[31m\\u202e\\x9b2J"');
    const broken = await both(`${good}-A ${evil}`);
    const lost = await runCaptured(['trace', '-f', WEB, '--from', `a/${evil}`, '--to', evil]);
    for (const text of [stdout, stderr, broken.stdout, broken.stderr, lost.stderr]) {
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe('fixtures/clusters', () => {
  const names = listClusters('fixtures/clusters').filter(
    (name) =>
      existsSync(`fixtures/clusters/${name}/expected/iptables.ipv4.save`) && !name.startsWith('endpoints-'),
  );

  it.each(names)('%s does what kube-proxy programs', async (name) => {
    const root = `fixtures/clusters/${name}`;
    const { node, localAddrs = [], nfacct } = readClusterOptions(root);
    const dumps = ['ipv4', 'ipv6'].flatMap((family) => [
      '--dump',
      `${root}/expected/iptables.${family}.save`,
    ]);
    const config = existsSync(`${root}/config.yaml`) ? ['--proxy-config', `${root}/config.yaml`] : [];
    const text = readFileSync(`${root}/expected/iptables.ipv4.save`, 'utf8');
    const sockets = [...text.matchAll(/-d (\S+)\/32 .*--dport (\d+)/g)].map(
      ([, ip, port]) => `${ip}:${port}`,
    );
    const flags = [
      ...['-f', `${root}/cluster.yaml`, ...config, ...dumps, '--mode', 'iptables'],
      ...(node === undefined ? [] : ['--node', node]),
      ...localAddrs.flatMap((address) => ['--node-address', address]),
      ...(nfacct ? ['--nfacct'] : []),
    ];
    for (const socket of [...new Set(sockets)].slice(0, 3)) {
      const { status, stdout, stderr } = await runCaptured([
        'trace',
        ...flags,
        '--from',
        '8.8.8.8',
        '--to',
        socket,
      ]);
      expect(status, `${socket}\n${stdout}${stderr}`).toBe(0);
    }
  });
});

describe('usage', () => {
  it.each([
    [['--from', 'prod/nobody', '--to', 'prod/web'], 'there is no Pod prod/nobody'],
    [['--from', 'x y', '--to', 'prod/web'], '--from "x y" is no ns/pod, no IP address'],
    [['--from', 'external', '--to', 'web'], 'there is no Service default/web; there is prod/web'],
    [['--from', 'external', '--to', 'prod/web:https'], 'prod/web has no port "https"; it has http (80/TCP)'],
    [
      ['--from', 'external', '--to', 'prod/web', '-p', 'udp'],
      'prod/web has no port by UDP; it has http (80/TCP)',
    ],
    [['--from', 'external', '--to', '10.0.0.1'], '--to 10.0.0.1 needs a port: 10.0.0.1:80, for instance'],
    [['--from', 'external', '--to', '10.0.0.1:99999'], 'is no ns/svc[:port] and no IP:port'],
    [['--from', '::1', '--to', '10.0.0.1:80'], 'are of two IP families'],
    [
      ['--from', 'external', '--to', 'prod/web', '--family', 'ipv6'],
      'prod/web has no IPv6 address, only 10.96.14.7',
    ],
    [
      ['--from', 'external', '--to', 'prod/web', '--host', '--via-pod'],
      '--host and --via-pod each name a host',
    ],
    [['--from', 'external', '--to', 'prod/web', '--dump', 'package.json'], '"package.json" is no dump'],
    [['--from', 'external'], "required option '--to <destination>' not specified"],
    [['--from', 'external', '--to', 'prod/web', '--seen', 'x'], 'It must be a number of seconds.'],
  ])('%j ends with 2', async (argv, message) => {
    const { status, stdout, stderr } = await runCaptured(['trace', '-f', WEB, ...argv]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('names the ports of a Service that has several', async () => {
    expect((await rich('external', 'prod/web')).stderr).toBe(
      'error: prod/web has several ports, name one: http (80/TCP), https (443/TCP)\n',
    );
  });
});
