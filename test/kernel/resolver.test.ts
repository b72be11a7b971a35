/**
 * The resolver of glibc as the judge of `dns query`: for names of up to six dots and many a resolv.conf it asks for the names that we say,
 * in that order, and finds the same addresses. It runs in namespaces of its own; where there are none the tests are skipped, with the reason
 * on stderr; SVCRULES_REQUIRE_KERNEL=1 makes that a failure.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerQuestion } from '../../src/discovery/dns/answer.ts';
import { confText, type ResolvConf } from '../../src/discovery/dns/resolv-conf.ts';
import { isAddress, resolve } from '../../src/discovery/dns/resolve.ts';
import type { SourceObject } from '../../src/input/source.ts';
import { servedObjects, sourceOf } from '../support/dns-answers.ts';
import { type AddressType, type Lookup, probeResolver, Resolver, SERVER } from './resolver.ts';

const reason = probeResolver();
if (reason !== undefined) process.stderr.write(`no tests with glibc's resolver: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_KERNEL === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

const SLICE = 'discovery.k8s.io/v1';

function objectOf(apiVersion: string, kind: string, name: string, rest: object, labels = {}): SourceObject {
  const object = { apiVersion, kind, metadata: { name, namespace: 'prod', labels }, ...rest };
  return { apiVersion, kind, object, origin: { file: 'input', document: 0, path: [] } };
}

function service(name: string, clusterIPs: readonly string[]): SourceObject {
  const ipFamilies = clusterIPs.map((address) => (address.includes(':') ? 'IPv6' : 'IPv4'));
  const ipFamilyPolicy = ipFamilies.length > 1 ? 'RequireDualStack' : 'SingleStack';
  const spec = { clusterIP: clusterIPs[0], clusterIPs, ipFamilies, ipFamilyPolicy, ports: [{ port: 80 }] };
  return objectOf('v1', 'Service', name, { spec });
}

function headless(name: string, endpoints: readonly object[]): SourceObject[] {
  const spec = {
    clusterIP: 'None',
    ipFamilies: ['IPv4'],
    ipFamilyPolicy: 'SingleStack',
    ports: [{ port: 80 }],
  };
  const slice = { addressType: 'IPv4', ports: [{ port: 8080 }], endpoints };
  const labels = { 'kubernetes.io/service-name': name };
  return [
    objectOf('v1', 'Service', name, { spec }),
    objectOf(SLICE, 'EndpointSlice', `${name}-1`, slice, labels),
  ];
}

function alias(name: string, externalName: string): SourceObject {
  return objectOf('v1', 'Service', name, { spec: { type: 'ExternalName', externalName } });
}

const source = sourceOf(
  servedObjects([
    service('web', ['10.96.7.1', 'fd00:10:96::1']),
    service('old', ['10.96.7.2']),
    service('new', ['fd00:10:96::3']),
    ...headless('db', [
      { addresses: ['10.244.1.5'], hostname: 'one' },
      { addresses: ['10.244.1.6'], hostname: 'two' },
    ]),
    ...headless('empty', []),
    alias('inside', 'old.prod.svc.cluster.local'),
    alias('outside', 'www.example.org'),
    alias('chain', 'inside.prod.svc.cluster.local'),
    alias('nowhere', 'nobody.prod.svc.cluster.local'),
  ]),
);

const LONG = 'l'.repeat(63);

const NAMES = [
  ...['web', 'old', 'new', 'db', 'empty', 'nobody', 'inside', 'outside', 'chain', 'nowhere', 'WEB'],
  ...[
    'web.prod',
    'old.prod',
    'one.db',
    'three.db',
    'nobody.prod',
    'web.nobody',
    'example.org',
    'inside.prod',
  ],
  ...['web.prod.svc', 'one.db.prod', 'www.example.org', 'prod.svc.cluster', '10-244-1-5.prod.pod'],
  ...['one.db.prod.svc', 'prod.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'a.b.c.d'],
  ...['web.prod.svc.cluster.local', 'nobody.prod.svc.cluster.local', 'outside.prod.svc.cluster.local'],
  ...['one.db.prod.svc.cluster.local', '10-244-1-5.prod.pod.cluster.local', 'a.b.c.d.e.f'],
  ...['_http._tcp.web.prod.svc.cluster.local', 'a.b.c.d.e.f.g'],
  ...['web.', 'web.prod.', 'web.prod.svc.cluster.local.', 'old.prod.svc.cluster.local.', 'a.b.c.d.e.f.'],
  ...[LONG, `${LONG}.${LONG}.${LONG}`, `${LONG}.${LONG}.${LONG}.${'m'.repeat(40)}`],
  ...[
    `${LONG}.${LONG}.${LONG}.${'m'.repeat(61)}`,
    `${LONG}.${LONG}.${LONG}.${'m'.repeat(61)}.`,
    '-web',
    'a_b',
  ],
];

const NUMBERS = [
  ...[
    '10.96.7.1',
    'fd00:10:96::1',
    '::ffff:10.96.7.1',
    '1',
    '0',
    '08',
    '010',
    '0x7f.1',
    '0x',
    '0xfg',
    '127.1',
    '10.96.263',
  ],
  ...[
    '10.96.7.256',
    '256.1',
    '4294967295',
    '4294967296',
    '1.2.3.4.5',
    '1.2.3.x',
    '1.65536',
    '1.16777216',
    '1.2.65536',
  ],
];

const POD = ['prod.svc.cluster.local', 'svc.cluster.local', 'cluster.local'];

function conf(search: readonly string[], ndots?: string): ResolvConf {
  const options = new Map(ndots === undefined ? [] : [['ndots', ndots]]);
  return { policy: 'None', nameServers: [SERVER], search, options };
}

const CONFS: readonly ResolvConf[] = [
  conf(POD, '5'),
  conf([...POD, 'example.org', 'corp'], '2'),
  conf(POD, '1'),
  conf(POD),
  conf([], '5'),
  conf([]),
  conf(POD, '0'),
  conf(POD, '99'),
  conf(POD, 'two'),
  conf(POD, '2x'),
  conf(POD, '-1'),
  conf(POD, ''),
  conf(['.'], '5'),
  conf(['svc.cluster.local', '.', 'prod.svc.cluster.local'], '2'),
  conf(['prod.svc.cluster.local.', 'cluster.local.'], '3'),
  conf([`${LONG}.${LONG}.${LONG}.example.org`, 'prod.svc.cluster.local'], '5'),
  conf(['nobody.org', ...POD, 'nobody.org'], '1'),
];

function ours(name: string, type: AddressType, resolvConf: ResolvConf): Lookup {
  const attempts = resolve(source, name, type, resolvConf, true);
  const last = attempts.at(-1)?.result;
  const records = last?.kind === 'answer' ? last.answer : [];
  const addresses = records.flatMap((record) => (record.kind === type ? [record.address] : []));
  return { asked: attempts.map((attempt) => attempt.name), addresses: [...new Set(addresses)].sort() };
}

describe.skipIf(reason !== undefined)('glibc', () => {
  const resolver = new Resolver((name, type) => {
    const result = answerQuestion(source, name, type);
    return result.kind === 'answer' ? result.answer : undefined;
  });
  beforeAll(() => resolver.start());
  afterAll(() => resolver.stop());

  it.each(CONFS.map((each) => [confText(each), each] as const))(
    'with %j asks as we say',
    async (text, each) => {
      await resolver.configure(text);
      const differences: object[] = [];
      for (const name of NAMES) {
        for (const type of ['A', 'AAAA'] as const) {
          const theirs = await resolver.lookUp(name, type);
          const own = ours(name, type, each);
          if (JSON.stringify(own) !== JSON.stringify(theirs)) differences.push({ name, type, theirs, own });
        }
      }
      expect(differences).toEqual([]);
    },
    30_000,
  );

  it('stops at the first name with records of either family where both are wanted', async () => {
    const each = conf(['nobody.org', ...POD], '5');
    await resolver.configure(confText(each));
    for (const name of ['web', 'old', 'new', 'db.prod', 'nobody', 'inside', 'empty']) {
      const { asked } = await resolver.lookUp(name, 'both');
      const [four, six] = [ours(name, 'A', each).asked, ours(name, 'AAAA', each).asked];
      expect(asked).toEqual(four.length < six.length ? four : six);
    }
  });

  it.each(NUMBERS)('takes %s for an address where we do', async (name) => {
    await resolver.configure(confText(conf([])));
    const { asked } = await resolver.lookUp(name, 'A');
    expect(asked).toEqual(isAddress(name) ? [] : [`${name}.`]);
  });
});
