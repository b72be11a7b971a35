/** Where mutation begins. In: a parser's name. Out: real inputs of it, from the fixtures, and all that once broke it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tarArchive } from '../host/tar-archive.ts';

/** Much of a big file is alike; small ones run fast. */
const LARGEST = 4096;

const CLUSTERS = [
  'rich',
  'mysql',
  'random-001',
  'random-007',
  'wide-002',
  'ipvs-second-sync',
  'nftables-localhost',
];

/** @returns the files of that name in some clusters, from their start and from their middle. */
function ofClusters(repository: string, file: string): Buffer[] {
  return CLUSTERS.map((name) => join(repository, 'fixtures/clusters', name, file))
    .filter((path) => existsSync(path))
    .flatMap((path) => cut(readFileSync(path)));
}

function cut(bytes: Buffer): Buffer[] {
  if (bytes.length <= LARGEST) return [bytes];
  const middle = bytes.indexOf('\n', bytes.length >> 1) + 1;
  return [bytes.subarray(0, LARGEST), bytes.subarray(middle, middle + LARGEST)];
}

function filesOf(folder: string): Buffer[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ name }) => name)
    .sort()
    .map((name) => readFileSync(join(folder, name)));
}

const texts = (...written: readonly string[]): Buffer[] => written.map((text) => Buffer.from(text));

const SERVICE = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'prod' } };

const NFT_JSON = {
  nftables: [
    { metainfo: { version: '1.0.6', json_schema_version: 1 } },
    { table: { family: 'ip', name: 'kube-proxy', handle: 1 } },
    {
      chain: { family: 'ip', table: 'kube-proxy', name: 'services', type: 'nat', hook: 'output', prio: -100 },
    },
    {
      map: {
        family: 'ip',
        table: 'kube-proxy',
        name: 'm',
        type: ['ipv4_addr', 'inet_service'],
        map: 'verdict',
      },
    },
    {
      rule: {
        family: 'ip',
        table: 'kube-proxy',
        chain: 'services',
        expr: [
          { match: { op: '==', left: { payload: { protocol: 'ip', field: 'daddr' } }, right: '10.96.0.10' } },
          { counter: { packets: 0, bytes: 0 } },
          { dnat: { addr: '10.244.1.8', port: 8080 } },
        ],
      },
    },
  ],
};

const OWN: Readonly<Record<string, (repository: string) => Buffer[]>> = {
  yaml: (root) => [
    ...filesOf(join(root, 'fixtures/examples')).flatMap(cut),
    ...texts('a: &a {x: 1}\nb: *a\n<<: [*a, {y: 2}]\n', '? [k]\n: |2-\n  t\n', '!!int "0x1f": 1_0:30\n'),
  ],
  json: () => texts(JSON.stringify(NFT_JSON), '[1e5,-0.1,"\\u00e4\\n",null,true,{"a":[]}]'),
  manifest: (root) => [
    ...filesOf(join(root, 'fixtures/examples')).flatMap(cut),
    ...ofClusters(root, 'cluster.yaml'),
  ],
  'list-response': () =>
    texts(
      JSON.stringify({
        kind: 'ServiceList',
        apiVersion: 'v1',
        metadata: { continue: 'x' },
        items: [SERVICE, SERVICE],
      }),
      '{"kind":"PodList","apiVersion":"v1","items":null}',
    ),
  'watch-events': () =>
    texts(
      `${JSON.stringify({ type: 'ADDED', object: SERVICE })}\n{"type":"BOOKMARK","object":{"metadata":{}}}\n`,
    ),
  'proxy-configuration': (root) => ofClusters(root, 'config.yaml'),
  'lint-configuration': () => texts('lint:\n  failOn: warning\n  rules:\n    external-ips: off\n'),
  'iptables-save': (root) => [
    ...filesOf(join(root, 'fixtures/dumps')).flatMap(cut),
    ...ofClusters(root, 'expected/iptables.ipv4.save'),
  ],
  nft: (root) => [
    ...ofClusters(root, 'expected/nftables.ipv4.list'),
    ...cut(readFileSync(join(root, 'test/kernel/foreign-rules.nft'))),
  ],
  'nft-json': () => texts(JSON.stringify(NFT_JSON)),
  ipvsadm: (root) => ofClusters(root, 'expected/ipvs.ipvsadm'),
  ipset: (root) => ofClusters(root, 'expected/ipvs.ipset.save'),
  'ip-addr': () =>
    texts(
      '2: eth0@if3: <UP> mtu 1500\n    inet 10.0.0.4/24 brd 10.0.0.255 scope global eth0\n    inet6 fe80::1/64 scope link\n',
      '7: kube-ipvs0    inet 10.96.0.1/32 scope global kube-ipvs0\\       valid_lft forever\n',
      '[{"ifindex":1,"ifname":"lo","addr_info":[{"family":"inet","local":"127.0.0.1","prefixlen":8}]}]',
    ),
  recognise: (root) => [
    ...filesOf(join(root, 'fixtures/dumps')).flatMap(cut),
    ...ofClusters(root, 'expected/nftables.ipv4.list'),
    ...ofClusters(root, 'expected/ipvs.ipvsadm'),
    ...ofClusters(root, 'expected/ipvs.ipset.save'),
  ],
  tar: () => [
    tarArchive([
      { path: 'node-1', type: '5' },
      { path: 'node-1/iptables.save', content: '*nat\nCOMMIT\n' },
      { path: 'link', type: '2', link: '/etc/passwd' },
    ]),
  ],
  'dns-question': () =>
    texts(
      'web',
      'web.prod.svc.cluster.local.',
      '_http._tcp.web.prod.svc.cluster.local',
      '10-1-2-3.prod.pod.cluster.local.',
    ),
  'packet-ends': () =>
    texts('prod/web:http', 'external', '10.0.0.1:80', '[fd00::1]:443', 'svc/web', 'fd00::1'),
  addresses: () => texts('10.0.0.1', '10.0.0.0/8', 'fd00::1', '::ffff:1.2.3.4/96', '2001:db8::/32'),
};

export function seedsOf(parser: string, repository: string): readonly Buffer[] {
  const own = OWN[parser];
  if (own === undefined) throw new Error(`${parser} has no seeds`);
  const seeds = [...own(repository), ...filesOf(join(repository, 'test/fuzz/corpus', parser))];
  if (seeds.length === 0) throw new Error(`the seeds of ${parser} are gone`);
  return seeds;
}
