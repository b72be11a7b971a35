import { expect, it } from 'vitest';
import type { EndpointSubset, Endpoints } from '../../src/apiserver/objects.ts';
import { MAX_ENDPOINTS_PER_SUBSET, mirrorEndpoints } from '../../src/controllers/mirror-endpoints.ts';

const HTTP = { name: 'http', port: 80, protocol: 'TCP' as const };

function endpoints(...subsets: EndpointSubset[]): Endpoints {
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'web', namespace: 'default' }, subsets };
}

/** `name: address ready, address notReady` */
function texts(object: Endpoints): string[] {
  return mirrorEndpoints(object).slices.map(({ metadata, endpoints }) => {
    const addresses = endpoints.map(
      (endpoint) =>
        `${endpoint.addresses.join()}${endpoint.hostname ? ` ${endpoint.hostname}` : ''} ${endpoint.conditions?.ready}`,
    );
    return `${metadata.name}: ${addresses.join(', ')}`;
  });
}

it('makes a slice for each set of ports and family', () => {
  const dns = { name: 'dns', port: 53, protocol: 'UDP' as const };
  const subsets = [
    { addresses: [{ ip: '192.0.2.1' }, { ip: 'FD00:0::1' }], ports: [HTTP] },
    { addresses: [{ ip: '192.0.2.2' }], ports: [dns] },
  ];
  expect(texts(endpoints(...subsets))).toEqual([
    'web-ipv4-0: 192.0.2.2 true',
    'web-ipv4-1: 192.0.2.1 true',
    'web-ipv6-0: fd00::1 true',
  ]);
});

it('lets not ready trump ready, port by port', () => {
  const other = { name: 'other', port: 81, protocol: 'TCP' as const };
  const subsets = [
    { addresses: [{ ip: '192.0.2.1' }], ports: [HTTP, other] },
    { notReadyAddresses: [{ ip: '192.0.2.1' }], ports: [HTTP] },
  ];
  expect(texts(endpoints(...subsets))).toEqual(['web-ipv4-0: 192.0.2.1 false', 'web-ipv4-1: 192.0.2.1 true']);
});

it('takes the hostname of an address from where it is listed first, for all ports', () => {
  const other = { name: 'other', port: 81, protocol: 'TCP' as const };
  const subsets = [
    { addresses: [{ ip: '192.0.2.1', hostname: 'one' }], ports: [HTTP] },
    { addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2' }], ports: [other] },
  ];
  expect(texts(endpoints(...subsets))).toEqual([
    'web-ipv4-0: 192.0.2.1 one true',
    'web-ipv4-1: 192.0.2.1 one true, 192.0.2.2 true',
  ]);
});

it('joins the addresses of subsets with the same ports, appProtocol or not', () => {
  for (const port of [HTTP, { ...HTTP, appProtocol: 'h2c' }]) {
    const subsets = [
      { addresses: [{ ip: '192.0.2.1' }], ports: [port] },
      { addresses: [{ ip: '192.0.2.2' }], ports: [port] },
    ];
    expect(texts(endpoints(...subsets))).toEqual(['web-ipv4-0: 192.0.2.1 true, 192.0.2.2 true']);
  }
});

it('leaves out what is beyond the limit, ready addresses last', () => {
  const addresses = Array.from({ length: 700 }, (_, i) => ({ ip: `10.1.${i >> 8}.${i & 255}` }));
  const notReadyAddresses = Array.from({ length: 700 }, (_, i) => ({ ip: `10.2.${i >> 8}.${i & 255}` }));
  const { slices, dropped } = mirrorEndpoints(endpoints({ addresses, notReadyAddresses, ports: [HTTP] }));
  expect(dropped).toBe(400);
  expect(slices[0]?.endpoints).toHaveLength(MAX_ENDPOINTS_PER_SUBSET);
  expect(slices[0]?.endpoints.filter(({ conditions }) => conditions?.ready)).toHaveLength(700);
});

it('copies labels and annotations but those of the object itself', () => {
  const object = endpoints({ addresses: [{ ip: '192.0.2.1' }] });
  const annotations = { note: 'x', 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
  const { slices } = mirrorEndpoints({
    ...object,
    metadata: { ...object.metadata, labels: { app: 'web' }, annotations },
  });
  expect(slices[0]?.metadata.annotations).toEqual({ note: 'x' });
  expect(slices[0]?.metadata.labels).toMatchObject({ app: 'web', 'kubernetes.io/service-name': 'web' });
  expect(slices[0]?.ports).toBeNull();
});
