/** No string in any field adds a record, a line or a directive to a zone. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prepareCluster } from '../../../src/controllers/prepare-cluster.ts';
import { DEFAULT_DNS_CONFIGURATION } from '../../../src/discovery/dns/dns-configuration.ts';
import { hostOf } from '../../../src/discovery/dns/host.ts';
import { isSendable } from '../../../src/discovery/dns/names.ts';
import type { DnsRecord } from '../../../src/discovery/dns/record.ts';
import { serveCluster } from '../../../src/discovery/dns/served-cluster.ts';
import { recordText, zoneText } from '../../../src/discovery/dns/zone-text.ts';
import { zonesOf } from '../../../src/discovery/dns/zones.ts';
import { hostileStrings } from '../../support/hostile-strings.ts';

const PAYLOADS = [
  'x\n@ IN A 6.6.6.6',
  'a. 5 IN A 6.6.6.6\nb',
  '$INCLUDE /etc/passwd',
  '\n$ORIGIN evil.test.\n',
  '$GENERATE 1-9 a$ A 6.6.6.6',
  '( \n @ IN NS evil.test. )',
  'a;comment',
  '"quoted"',
  'a\\',
  '\\010@',
  '*',
  '@',
  'evil.test.',
  'a b',
  '_http._tcp',
];
const HOSTILE = [...PAYLOADS, ...hostileStrings(17, 1000)];

/** A record on one line, with nothing in it that a zone file would read as more. */
const RECORD =
  /^[A-Za-z0-9_.\\-]+ [0-9]+ IN (A|AAAA|CNAME|NS|PTR|SOA|SRV|TXT) [A-Za-z0-9_.:\\ -]*("1\.1\.0")?\n$/;
const HEAD = /^; zone [A-Za-z0-9_.\\-]+\n\$ORIGIN [A-Za-z0-9_.\\-]+\n$/;

const FIELDS = [
  'service',
  'namespace',
  'port',
  'externalName',
  'hostname',
  'address',
  'podIP',
  'podNamespace',
  'serviceLabel',
  'clusterIP',
] as const;

/** A cluster whose fields are innocent but for one. */
function objectsWith(field: (typeof FIELDS)[number], text: string): Record<string, unknown>[] {
  const value = (name: (typeof FIELDS)[number], innocent: string) => (name === field ? text : innocent);
  const namespace = value('namespace', 'prod');
  const service = value('service', 'web');
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: service, namespace },
      spec: {
        clusterIP: value('clusterIP', 'None'),
        ports: [{ name: value('port', 'http'), port: 80 }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'mail', namespace },
      spec: { type: 'ExternalName', externalName: value('externalName', 'mail.example.org') },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: 'web-1',
        namespace,
        labels: { 'kubernetes.io/service-name': value('serviceLabel', service) },
      },
      addressType: 'IPv4',
      endpoints: [{ addresses: [value('address', '10.244.1.8')], hostname: value('hostname', 'one') }],
      ports: [{ name: value('port', 'http'), port: 8080, protocol: 'TCP' }],
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: value('podNamespace', 'prod') },
      spec: { containers: [{ name: 'c', image: 'c' }] },
      status: { phase: 'Running', podIP: value('podIP', '10.244.1.9') },
    },
  ];
}

function zonePieces(objects: readonly Record<string, unknown>[]): string[][] {
  const sources = objects.map((object, document) => ({
    apiVersion: String(object.apiVersion),
    kind: String(object.kind),
    object,
    origin: { file: 'hostile', document, path: [] },
  }));
  const { state } = prepareCluster({ objects: sources, skipInvalid: true });
  if (state === undefined) return [];
  const source = { cluster: serveCluster(state), configuration: DEFAULT_DNS_CONFIGURATION };
  return (['transferred', 'answered'] as const).flatMap((extent) =>
    zonesOf(source, extent).map((zone) => [...zoneText(zone)]),
  );
}

describe('a hostile string', () => {
  const innocent = zonePieces(objectsWith('service', 'web')).map(({ length }) => length);

  it.each(FIELDS)('as %s adds nothing to a zone', (field) => {
    for (const text of HOSTILE) {
      const zones = zonePieces(objectsWith(field, text));
      for (const [i, [head = '', ...records]] of zones.entries()) {
        expect(head).toMatch(HEAD);
        for (const record of records) expect(record).toMatch(RECORD);
        // What is refused leaves less. A text that is good may make another Service of it: with a cluster IP, or without
        // its endpoints.
        const more = field === 'port' || field === 'serviceLabel' || field === 'clusterIP' ? 3 : 1;
        expect(records.length).toBeLessThanOrEqual((innocent[i] ?? 0) - 1 + more);
      }
      expect(zones.flat().join('')).not.toContain('6.6.6.6');
    }
  });

  it('in a name that a caller passes stays within its record', () => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE));
    fc.assert(
      fc.property(name, name, (owner, target) => {
        fc.pre(owner !== '' && target !== '');
        const records: DnsRecord[] = [
          { kind: 'CNAME', name: owner, ttl: 5, target },
          { kind: 'SRV', name: owner, ttl: 5, priority: 0, weight: 1, port: 80, target },
          { kind: 'TXT', name: owner, ttl: 5, text: target },
        ];
        for (const record of records) {
          const text = recordText(record);
          expect(text).toMatch(/^[ -~]*$/);
          expect(text.replace(/"[^"]*"/g, '')).not.toMatch(/[;()"@$]/);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('cannot leave a name out', () => {
    const alias = { kind: 'CNAME', ttl: 5 } as const;
    expect(() => recordText({ ...alias, name: '', target: 'a.' })).toThrow();
    expect(() => recordText({ ...alias, name: 'a.', target: '' })).toThrow();
  });

  it('is too long by its octets, not its characters', () => {
    for (const [label, fits] of [
      ['a'.repeat(63), true],
      ['a'.repeat(64), false],
      ['é'.repeat(31), true],
      ['é'.repeat(32), false],
      ['😀'.repeat(15), true],
      ['😀'.repeat(16), false],
    ] as const)
      expect(isSendable(`${label}.example.org.`), label).toBe(fits);
    expect(isSendable(`${'é'.repeat(30)}.`.repeat(4))).toBe(true);
    expect(isSendable(`${'é'.repeat(30)}.`.repeat(5))).toBe(false);
  });

  it('is no address', () => {
    for (const text of HOSTILE)
      expect(hostOf(text).kind === 'CNAME' || /^[0-9a-f.:]+$/i.test(text)).toBe(true);
  });
});
