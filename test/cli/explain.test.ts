/** `explain` end to end: one Service as a tree, and why it has no endpoints. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'svcrules-explain-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** Explains Service `web` of namespace `default`, whose objects are given as JSON. */
async function explainWeb(objects: readonly object[], ...argv: readonly string[]) {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const result = await runCaptured(['explain', 'svc/web', '-f', path, ...argv]);
  expect(result.status, result.stderr).toBe(0);
  return { ...result, stdout: result.stdout.replaceAll(/ {2}\S*\.json:1$/gm, '') };
}

const node = (name: string, address: string, zone = '') => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: zone === '' ? {} : { 'topology.kubernetes.io/zone': zone } },
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const NODES = [node('n1', '192.0.2.1', 'a'), node('n2', '192.0.2.2', 'b')];

const service = (spec: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', ...metadata },
  spec: { clusterIP: '10.96.0.9', ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
});
const SELECTING = { selector: { app: 'web' } };

const pod = (
  name: string,
  ip: string,
  change: { spec?: object; metadata?: object; status?: object } = {},
) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: 'web' }, ...change.metadata },
  spec: {
    nodeName: 'n1',
    containers: [{ name: 'c', image: 'i', ports: [{ name: 'http', containerPort: 8080 }] }],
    ...change.spec,
  },
  status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: 'True' }], ...change.status },
});

const slice = (endpoints: readonly object[], change: object = {}) => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: 'http', port: 8080 }],
  endpoints,
  ...change,
});

describe('a Service that works', () => {
  it('is a tree of addresses, endpoints, clients and chains', async () => {
    const { status, stdout } = await runCaptured([
      'explain',
      'svc/web',
      '-n',
      'prod',
      '-f',
      'fixtures/examples/web.yaml',
    ]);
    expect(status).toBe(0);
    expect(
      stdout.replaceAll('fixtures/examples/', ''),
    ).toBe(`prod/web  NodePort, Cluster policy, no affinity  web.yaml:1
├─ selects Pods with app=web
├─ http: 10.96.14.7:80 → http  node port 30080 on every address of the node  web.yaml:12
├─ 2 of 4 endpoints get traffic
│   ✗  10.244.1.3:8080  prod/web-c  worker-1  not ready since 2026-01-01T14:02:00Z  web.yaml:47
│   ✓  10.244.1.8:8080  prod/web-a  worker-1                                        web.yaml:17
│   ✓  10.244.2.9:8080  prod/web-b  worker-2                                        web.yaml:32
│   ✗ prod/web-d  has no container port named "http"  web.yaml:62
├─ new connections
│   from Pods, the node, outside  to 10.96.14.7:80     1/2 each
│   from Pods, the node, outside  to 192.0.2.10:30080  1/2 each, source becomes the node's address
├─ carried by KUBE-EXT-I6F7J7E256H6PY43, KUBE-SVC-I6F7J7E256H6PY43
└─ as worker-1 has it, by kube-proxy 1.37
`);
  });

  it.each(['service/web', 'web', 'default/web'])('is named %s, too', async (name) => {
    const { status, stdout } = await runCaptured(['explain', name, '-f', 'fixtures/examples/shop.yaml']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^default\/web {2}ClusterIP, Cluster policy, no affinity/);
    expect(stdout).toContain('1 of 3 endpoints gets traffic');
    expect(stdout).toContain('✗ default/web-3  phase Succeeded: its containers have stopped for good');
  });

  it('has two families, and a tree for each port', async () => {
    const { stdout } = await runCaptured([
      ...['explain', 'kube-dns', '-n', 'kube-system', '-f', 'fixtures/clusters/rich/cluster.yaml'],
    ]);
    expect(stdout).toContain('├─ dns: 10.96.0.10:53/UDP → 53  fixtures/clusters/rich/cluster.yaml:43\n');
    expect(stdout).toContain(
      '├─ metrics: [fd00:10:96::a]:9153 → 9153  fixtures/clusters/rich/cluster.yaml:45\n',
    );
    expect(stdout).toContain(
      '│  │   ✓  [fd00:10:244:1::3]:9153  node1  fixtures/clusters/rich/cluster.yaml:60\n',
    );
  });

  it('has a load balancer with source ranges, policy Local, affinity and health checks', async () => {
    const { stdout } = await runCaptured([
      ...['explain', 'web', '-n', 'prod', '-f', 'fixtures/clusters/rich/cluster.yaml', '--mode', 'iptables'],
      ...['--proxy-config', 'fixtures/clusters/rich/config.yaml'],
    ]);
    const [head, ...lines] = stdout.replaceAll('fixtures/clusters/rich/', '').split('\n');
    expect(head).toBe(
      'prod/web  LoadBalancer, internal policy Cluster, external policy Local, a client stays with its endpoint for 10800 s  cluster.yaml:62',
    );
    expect(lines.slice(0, 19).join('\n')).toBe(
      `├─ no selector: its endpoints are those that somebody writes into EndpointSlices
├─ by the load balancer's address only from 198.51.100.0/24, 10.0.0.0/8; node ports are open to all
├─ health check node port 32123: tells the load balancer whether this node has endpoints
├─ http: 10.96.20.1:80 → 8080  node port 30080 on every address of the node  external IP 203.0.113.7  load balancer 192.0.2.10, 192.0.2.11  cluster.yaml:74
│  ├─ 2 of 3 endpoints get traffic
│  │   ✓  10.244.1.7:8080  node1  only from outside (inside the cluster: terminating, and others are ready)                   cluster.yaml:83
│  │   ✓  10.244.2.7:8080  node2  only inside the cluster (for outside: on node2: policy Local takes only those on this node)  cluster.yaml:84
│  │   ✗  10.244.2.8:8080  node2  not ready                                                                                    cluster.yaml:85
│  ├─ new connections
│  │   from Pods                              to 10.96.20.1:80     all to 10.244.2.7:8080
│  │   from the node, outside                 to 10.96.20.1:80     all to 10.244.2.7:8080, source becomes the node's address
│  │   from Pods                              to 172.18.0.2:30080  all to 10.244.2.7:8080
│  │   from the node                          to 172.18.0.2:30080  all to 10.244.2.7:8080, source becomes the node's address
│  │   from outside                           to 172.18.0.2:30080  all to 10.244.1.7:8080
│  │   from Pods                              to 203.0.113.7:80    all to 10.244.2.7:8080
│  │   from the node                          to 203.0.113.7:80    all to 10.244.2.7:8080, source becomes the node's address
│  │   from outside                           to 203.0.113.7:80    all to 10.244.1.7:8080
│  │   from Pods                              to 192.0.2.10:80     all to 10.244.2.7:8080
│  │   from the node, outside                 to 192.0.2.10:80     DROP`.replace(
        'cluster.yaml:83',
        ' cluster.yaml:83',
      ),
    );
  });

  it('is the same as data', async () => {
    const { stdout } = await explainWeb([...NODES, service(SELECTING), pod('a', '10.0.0.1')], '-o', 'json');
    const { ports, noEndpoints, ...rest } = JSON.parse(stdout);
    expect(rest).toMatchObject({
      namespace: 'default',
      name: 'web',
      node: 'n1',
      type: 'ClusterIP',
      problems: [],
    });
    expect(noEndpoints).toBeNull();
    const [{ endpoints, clients, chains }] = ports;
    expect(endpoints).toEqual([
      {
        address: '10.0.0.1:8080',
        pod: 'default/a',
        node: 'n1',
        used: true,
        why: 'ready',
        origin: { file: expect.stringContaining('.json'), line: 1 },
      },
    ]);
    expect(chains).toEqual(['KUBE-SVC-CDGGSHYLG3RE2FKL']);
    expect(clients.map(({ client }: { client: string }) => client)).toEqual(['Pods', 'the node', 'outside']);
    expect(clients[0].outcomes[0]).toMatchObject({ fraction: '1', destination: '10.0.0.1:8080' });
  });
});

describe('why it has no endpoints, in the first line', () => {
  const cases: readonly [string, readonly object[], string][] = [
    [
      'no Pod has the labels',
      [service({ selector: { app: 'wep' } }), pod('a', '10.0.0.1')],
      'has no endpoints: its selector app=wep matches no Pod of default; there are Pods with app=web',
    ],
    [
      'a label is missing',
      [service({ selector: { app: 'web', tier: 'x' } }), pod('a', '10.0.0.1')],
      'has no endpoints: its selector app=web,tier=x matches no Pod of default; there are Pods without the label tier',
    ],
    [
      'the Pods are elsewhere',
      [service(SELECTING), pod('a', '10.0.0.1', { metadata: { namespace: 'prod', labels: { app: 'web' } } })],
      'has no endpoints: its selector app=web matches no Pod of default; such Pods are in prod',
    ],
    [
      'the port has another name',
      [
        service(SELECTING),
        pod('a', '10.0.0.1', {
          spec: {
            nodeName: 'n1',
            containers: [{ name: 'c', image: 'i', ports: [{ name: 'web', containerPort: 8080 }] }],
          },
        }),
      ],
      'has no endpoints: the Pod a that it selects: has no container port named "http"',
    ],
    [
      'the Pod has no address',
      [service(SELECTING), pod('a', '', { status: { phase: 'Pending', podIP: undefined } })],
      'has no endpoints: the Pod a that it selects: no IP address yet (phase Pending)',
    ],
    [
      'the Pod has stopped',
      [service(SELECTING), pod('a', '10.0.0.1', { status: { phase: 'Failed' } })],
      'has no endpoints: the Pod a that it selects: phase Failed: its containers have stopped for good',
    ],
    [
      'the node is unknown',
      [service(SELECTING), pod('a', '10.0.0.1', { spec: { nodeName: 'n9' } })],
      'has no endpoints: the Pod a that it selects: there is no Node n9',
    ],
    [
      'there are several reasons',
      [
        service(SELECTING),
        pod('a', '10.0.0.1', { status: { phase: 'Failed' } }),
        pod('b', '10.0.0.2', { spec: { nodeName: 'n9' } }),
      ],
      'has no endpoints: none of the 2 Pods that it selects will do: phase Failed: its containers have stopped for good (1); there is no Node n9 (1)',
    ],
    [
      'nobody wrote any',
      [service()],
      'has no endpoints: it has no selector, so nobody but you writes an EndpointSlice with the label kubernetes.io/service-name=web, and there is none',
    ],
    [
      'the slices are empty',
      [service(), slice([])],
      'has no endpoints: it has no selector, and its EndpointSlices hold no address',
    ],
    [
      'the slices have another port',
      [service(), slice([{ addresses: ['10.0.0.1'] }], { ports: [{ name: 'web', port: 8080 }] })],
      'has no endpoints: its slices have ports named "web"/TCP, the Service "http"/TCP',
    ],
    [
      'there are no Pods in the input',
      [service(SELECTING)],
      'has no endpoints: the input has neither Pods nor EndpointSlices for it',
    ],
  ];
  it.each(cases)('%s', async (_, objects, answer) => {
    const { stdout } = await explainWeb([...NODES, ...objects]);
    expect(stdout.split('\n')[0]).toBe(`default/web ${answer}`);
    expect(stdout).toContain(
      'from Pods, the node, outside  to 10.96.0.9:80  REJECT with icmp-port-unreachable\n',
    );
    expect(stdout).toContain('carried by no chain of its own\n');
  });

  it('none is ready', async () => {
    const status = { conditions: [{ type: 'Ready', status: 'False', reason: 'ContainersNotReady' }] };
    const { stdout } = await explainWeb([...NODES, service(SELECTING), pod('a', '10.0.0.1', { status })]);
    expect(stdout).toMatch(
      /^default\/web:http: none of its 1 endpoints is ready, so connections are rejected\ndefault\/web {2}ClusterIP/,
    );
    expect(stdout).toContain('✗  10.0.0.1:8080  default/a  n1  not ready: ContainersNotReady');
  });

  it('none is on this node, under policy Local', async () => {
    const objects = [
      ...NODES,
      service({ internalTrafficPolicy: 'Local' }),
      slice([{ addresses: ['10.0.0.2'], nodeName: 'n2' }]),
    ];
    const here = await explainWeb(objects);
    expect(here.stdout.split('\n')[0]).toBe(
      'default/web:http: no endpoint on n1, so policy Local drops what is sent there to the cluster IP',
    );
    expect(here.stdout).toContain(
      '✗  10.0.0.2:8080  n2  on n2: policy Local takes only those on this node\n',
    );
    const there = await explainWeb(objects, '--node', 'n2');
    expect(there.stdout).toContain('1 of 1 endpoint gets traffic\n');
  });
});

describe('why an endpoint is out', () => {
  const hinted = (address: string, hints: object) => ({ addresses: [address], hints });
  it.each([
    ['not ready', [{ addresses: ['10.0.0.2'], conditions: { ready: false } }], '✗  10.0.0.2:8080  not ready'],
    [
      'terminating beside others',
      [{ addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } }],
      '✗  10.0.0.2:8080  terminating, and others are ready',
    ],
    [
      'stopped',
      [{ addresses: ['10.0.0.2'], conditions: { ready: false, serving: false, terminating: true } }],
      '✗  10.0.0.2:8080  terminating, and not serving any more',
    ],
  ])('%s', async (_, endpoints, line) => {
    const { stdout } = await explainWeb([
      ...NODES,
      service(),
      slice([{ addresses: ['10.0.0.1'] }, ...endpoints]),
    ]);
    expect(stdout).toContain(line);
    expect(stdout).toContain('all to 10.0.0.1:8080');
  });

  it('terminates, but is the last resort; not before 1.26', async () => {
    const objects = [
      ...NODES,
      service(),
      slice([{ addresses: ['10.0.0.2'], conditions: { ready: false, serving: true, terminating: true } }]),
    ];
    const { stdout } = await explainWeb(objects);
    expect(stdout).toContain('✓  10.0.0.2:8080  terminating, but serving, and no endpoint is ready\n');
    const old = await explainWeb(objects, '--kube-version', '1.25');
    expect(old.stdout).toContain(
      '✗  10.0.0.2:8080  terminating, and this release of kube-proxy uses no such endpoint\n',
    );
  });

  it('is kept for other zones or nodes by hints', async () => {
    const zones = [
      hinted('10.0.0.1', { forZones: [{ name: 'a' }] }),
      hinted('10.0.0.2', { forZones: [{ name: 'b' }] }),
    ];
    const byZone = await explainWeb([...NODES, service(), slice(zones)]);
    expect(byZone.stdout).toContain('✗  10.0.0.2:8080  kept by hints for zone b: this node is in a\n');
    const nodes = [
      hinted('10.0.0.1', { forNodes: [{ name: 'n1' }], forZones: [{ name: 'a' }] }),
      hinted('10.0.0.2', { forNodes: [{ name: 'n2' }], forZones: [{ name: 'a' }] }),
    ];
    const byNode = await explainWeb([...NODES, service(), slice(nodes)]);
    expect(byNode.stdout).toContain('✗  10.0.0.2:8080  kept by hints for node n2\n');
  });
});

it.each([
  ['iptables', 'carried by KUBE-SVC-CDGGSHYLG3RE2FKL'],
  ['nftables', 'carried by service-SUSTUHLJ-default/web/tcp/http'],
])('says who gets what in mode %s', async (mode, carried) => {
  const { stdout } = await explainWeb([...NODES, service(SELECTING), pod('a', '10.0.0.1')], '--mode', mode);
  expect(stdout).toBe(`default/web  ClusterIP, Cluster policy, no affinity
├─ selects Pods with app=web
├─ http: 10.96.0.9:80 → http
├─ 1 of 1 endpoint gets traffic
│   ✓  10.0.0.1:8080  default/a  n1
├─ new connections
│   from Pods, the node, outside  to 10.96.0.9:80  all to 10.0.0.1:8080
├─ ${carried}
└─ as n1 has it, by kube-proxy 1.37
`);
});

it('says who gets what of virtual servers, which are in no chain', async () => {
  const { stdout } = await explainWeb([...NODES, service(SELECTING), pod('a', '10.0.0.1')], '--mode', 'ipvs');
  expect(stdout).toContain('from Pods, the node, outside  to 10.96.0.9:80  all to 10.0.0.1:8080');
  expect(stdout).toContain('├─ carried by no chain of its own\n');
});

it('leaves out who gets what in modes through which no packet can be followed', async () => {
  const argv = ['--mode', 'userspace', '--kube-version', '1.25'];
  const { stdout } = await explainWeb([...NODES, service(SELECTING), pod('a', '10.0.0.1')], ...argv);
  expect(stdout).toContain(
    '├─ who gets what is not computed: packets cannot be followed through rules of this mode\n',
  );
});

describe('what kube-proxy leaves alone', () => {
  it('is a headless Service', async () => {
    const { stdout } = await explainWeb([
      ...NODES,
      service({ ...SELECTING, clusterIP: 'None' }),
      pod('a', '10.0.0.1'),
    ]);
    expect(stdout).toBe(`default/web  headless
├─ DNS answers with the addresses of its endpoints; kube-proxy has no rule for it
├─ selects Pods with app=web
└─ 1 of 1 address is given to clients
    ✓  10.0.0.1  default/a  n1
`);
  });

  it('is an ExternalName', async () => {
    const spec = { type: 'ExternalName', externalName: 'example.com', clusterIP: undefined };
    expect((await explainWeb([...NODES, service(spec)])).stdout).toBe(
      'default/web  ExternalName\n└─ DNS answers with the name example.com; kube-proxy has no rule for it\n',
    );
  });

  it("is another proxy's", async () => {
    const labels = { 'service.kubernetes.io/service-proxy-name': 'other' };
    const { stdout } = await explainWeb([
      ...NODES,
      service({}, { labels }),
      slice([{ addresses: ['10.0.0.1'] }]),
    ]);
    expect(stdout).toBe(`default/web  ClusterIP, Cluster policy, no affinity
├─ kube-proxy leaves it to the proxy "other", by the label service.kubernetes.io/service-proxy-name
├─ no selector: its endpoints are those that somebody writes into EndpointSlices
└─ 1 of 1 address is given to clients
    ✓  10.0.0.1
`);
  });
});

describe('what is wrong', () => {
  it('is an address that another Service has', async () => {
    const other = {
      ...service({ clusterIP: '10.96.0.8', externalIPs: ['198.51.100.7'] }),
      metadata: { name: 'aaa' },
    };
    const ofOther = slice([{ addresses: ['10.0.0.8'] }], {
      metadata: { name: 'aaa-1', labels: { 'kubernetes.io/service-name': 'aaa' } },
    });
    const own = service({ externalIPs: ['198.51.100.7'] });
    const { stdout } = await explainWeb([
      ...NODES,
      own,
      slice([{ addresses: ['10.0.0.1'] }]),
      other,
      ofOther,
    ]);
    expect(stdout).toContain(
      '─ wrong: default/web:http: external IP 198.51.100.7:80 leads to default/aaa:http\n',
    );
  });

  it('is a load balancer without an address', async () => {
    const { stdout } = await explainWeb([
      ...NODES,
      service({ type: 'LoadBalancer', ports: [{ name: 'http', port: 80, nodePort: 30080 }] }),
      slice([{ addresses: ['10.0.0.1'] }]),
    ]);
    expect(stdout).toContain('├─ the load balancer has no address yet (status.loadBalancer.ingress)\n');
  });

  it('is a node whose addresses nobody knows', async () => {
    const { stdout } = await explainWeb([
      service({ type: 'NodePort', ports: [{ name: 'http', port: 80, nodePort: 30080 }] }),
      slice([{ addresses: ['10.0.0.1'] }]),
    ]);
    expect(stdout).toContain(
      'node port 30080 is not tried: no IPv4 address of the node is known (--node-address)\n',
    );
  });

  it('is no Service at all', async () => {
    const { status, stdout, stderr } = await runCaptured([
      'explain',
      'svc/nope',
      '-f',
      'fixtures/examples/shop.yaml',
    ]);
    expect({ status, stdout, stderr }).toEqual({
      status: 2,
      stdout: '',
      stderr: 'error: there is no Service default/nope\n',
    });
    const bad = await runCaptured(['explain', 'svc/a/b', '-f', 'fixtures/examples/shop.yaml']);
    expect(bad).toMatchObject({ status: 2, stderr: 'error: "svc/a/b" is no svc/NAME\n' });
  });
});

it('never lets a name or a message reach the terminal', async () => {
  const evil = '\u001b[31m\u202e\u009b2J\nx';
  const status = { conditions: [{ type: 'Ready', status: 'False', reason: evil, message: evil }] };
  const endpoint = { addresses: ['10.0.0.7'], nodeName: 'n1', targetRef: { kind: 'Pod', name: evil } };
  for (const objects of [
    [service(SELECTING), pod('a', '10.0.0.1', { status })],
    [service(), slice([endpoint])],
  ]) {
    const { stdout, stderr } = await explainWeb([...NODES, ...objects]);
    expect(stdout).toContain('\\x1b[31m\\u202e');
    expect(stdout + stderr).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    expect(stdout).not.toMatch(/^x/m);
  }
});
