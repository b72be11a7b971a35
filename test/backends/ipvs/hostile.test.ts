/** Nothing that stands in an object can add a line, a command or a word: 1,000 hostile strings in views that nobody admitted. */
import { describe, expect, it, vi } from 'vitest';
import { ipvsBackend } from '../../../src/backends/ipvs/backend.ts';
import { checkedWord } from '../../../src/backends/ipvs/checked-word.ts';
import { compile } from '../../../src/index.ts';
import type { NodeView } from '../../../src/proxy/node-view.ts';
import type { ServicePortView } from '../../../src/proxy/service-traffic.ts';
import { hostileStrings } from '../../support/hostile-strings.ts';

vi.setConfig({ testTimeout: 120_000 });

const OF_TOOLS = [
  '\nadd KUBE-CLUSTER-IP 0.0.0.0/0',
  '-D',
  '-C',
  '\nIPSET\nreboot',
  'RULES\nreboot',
  '; reboot',
];
const STRINGS = [...OF_TOOLS, ...hostileStrings(20_261_124, 1000 - OF_TOOLS.length)];

async function cleanView(): Promise<NodeView> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'prod' },
    spec: {
      type: 'LoadBalancer',
      clusterIP: '10.96.0.10',
      externalIPs: ['198.51.100.1'],
      loadBalancerSourceRanges: ['203.0.113.0/24'],
      ports: [{ port: 80, nodePort: 30080 }],
    },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', namespace: 'prod', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.0.0.1'], nodeName: 'n', conditions: { ready: true } }],
  };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    status: { addresses: [{ type: 'InternalIP', address: '192.168.10.10' }] },
  };
  const objects = [node, service, slice].map((object) => ({
    ...{ apiVersion: object.apiVersion, kind: object.kind, object },
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  }));
  const { view, diagnostics } = await compile({ objects, mode: 'ipvs', node: 'n' });
  if (view === undefined) throw new Error(JSON.stringify(diagnostics));
  return view;
}
const view = await cleanView();
const [port] = view.families.IPv4.servicePorts as [ServicePortView];

function withPort(changed: Partial<ServicePortView['servicePort']>, endpoint = {}): NodeView {
  const endpoints = port.endpoints.map((each) => ({ ...each, ...endpoint }));
  const traffic = { ...port.traffic, clusterEndpoints: endpoints };
  const servicePort = { ...port.servicePort, ...changed };
  const servicePorts = [{ ...port, servicePort, traffic, endpoints, endpointsOnNode: endpoints }];
  return { ...view, families: { ...view.families, IPv4: { ...view.families.IPv4, servicePorts } } };
}

/** The texts of all artifacts, or the error that refuses one. */
function textsOf(changed: NodeView): readonly (string | Error)[] {
  return ipvsBackend.compile(changed).artifacts.map(({ text }) => {
    try {
      return [...text()].join('');
    } catch (error) {
      return error as Error;
    }
  });
}

describe('a view that nobody admitted', () => {
  const clean = textsOf(view) as readonly string[];
  const known = clean.map((text) => new Set(text.split('\n')));

  it('writes no name at all', () => {
    for (const text of STRINGS) {
      expect(textsOf(withPort({ name: text, namespace: text, serviceName: text, portName: text }))).toEqual(
        clean,
      );
    }
  });

  it('refuses an address that is none, or writes it nowhere', () => {
    const places: readonly ((text: string) => NodeView)[] = [
      (clusterIP) => withPort({ clusterIP }),
      (ip) => withPort({ externalIPs: [ip] }),
      (ip) => withPort({ loadBalancerVIPs: [ip] }),
      (cidr) => withPort({ loadBalancerSourceRanges: [cidr] }),
      (ip) => withPort({}, { ip }),
      (address) => withPort({}, { address }),
    ];
    for (const place of places) {
      for (const [s, text] of STRINGS.entries()) {
        const hostile = s % 2 === 0 ? text : `10.0.0.9${text}`;
        const isWord = /^[A-Za-z0-9.:,/[\]_-]*$/.test(hostile);
        for (const [i, found] of textsOf(place(hostile)).entries()) {
          if (found instanceof Error) {
            expect(found.message, hostile).toMatch(/refusing to write|not an address/);
          } else if (!isWord) {
            // It may be left out, but nothing comes in its place.
            expect(found.split('\n').filter((line) => !known[i]?.has(line))).toEqual([]);
          }
        }
      }
    }
  });

  it('refuses schedulers and networks that are no words', () => {
    for (const text of STRINGS.filter((each) => !/^[A-Za-z0-9.:,/[\]_-]*$/.test(each))) {
      const { ipvs } = view.configuration;
      const changed = { ...ipvs, scheduler: text, excludeCIDRs: [text] };
      const found = textsOf({ ...view, configuration: { ...view.configuration, ipvs: changed } });
      for (const refused of found.slice(0, 3)) expect(refused, text).toBeInstanceOf(Error);
    }
  });
});

describe('a word', () => {
  it('has no character that a shell or a tool makes something of', () => {
    for (const word of [
      '10.0.0.1:80',
      '[fd00::1]:80',
      '10.0.0.1,tcp:80,10.0.0.0/8',
      'KUBE-6-IPVS-IPS',
      'rr',
      '::1',
    ]) {
      expect(checkedWord(word)).toBe(word);
    }
    for (const word of ['', '-D', 'a b', 'a\n', 'a\r', 'a\0', 'a;b', "a'b", '$x', '`x`', '#']) {
      expect(() => checkedWord(word), word).toThrow('refusing to write');
    }
  });
});
