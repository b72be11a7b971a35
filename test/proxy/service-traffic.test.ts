import { describe, expect, it } from 'vitest';
import type { EndpointInfo } from '../../src/proxy/endpoint.ts';
import type { NodeIdentity } from '../../src/proxy/node-identity.ts';
import { parseRelease } from '../../src/proxy/release.ts';
import type { ServicePortInfo } from '../../src/proxy/service-port.ts';
import { serviceTraffic } from '../../src/proxy/service-traffic.ts';

const node: NodeIdentity = {
  name: 'here',
  node: undefined,
  zone: 'a',
  primaryFamily: 'IPv4',
  nodeIPs: { IPv4: '192.0.2.1', IPv6: '::1' },
  interfaceAddresses: [],
};

const port: ServicePortInfo = {
  name: 'ns/web:http',
  namespace: 'ns',
  serviceName: 'web',
  portName: 'http',
  protocol: 'TCP',
  clusterIP: '10.96.0.1',
  port: 80,
  nodePort: 30080,
  externalIPs: [],
  loadBalancerVIPs: [],
  loadBalancerSourceRanges: [],
  sourceRangesAllowNode: false,
  healthCheckNodePort: 0,
  affinitySeconds: 0,
  internalPolicyLocal: false,
  externalPolicyLocal: false,
  externallyAccessible: true,
  zoneHintsEnabled: true,
};

let next = 0;
function endpoint(fields: Partial<EndpointInfo> = {}): EndpointInfo {
  const ip = `10.0.0.${++next}`;
  return {
    ip,
    port: 8080,
    address: `${ip}:8080`,
    local: false,
    ready: true,
    serving: true,
    terminating: false,
    zoneHints: [],
    nodeHints: [],
    ...fields,
  };
}
const terminating = (fields: Partial<EndpointInfo> = {}) =>
  endpoint({ ready: false, terminating: true, ...fields });

const traffic = (endpoints: EndpointInfo[], fields: Partial<ServicePortInfo> = {}, release = '1.37') =>
  serviceTraffic({ ...port, ...fields }, endpoints, node, parseRelease(release));

describe('serviceTraffic', () => {
  it('uses ready endpoints', () => {
    const endpoints = [endpoint(), endpoint({ ready: false, serving: false })];
    expect(traffic(endpoints).clusterEndpoints).toEqual([endpoints[0]]);
  });

  it('falls back to serving endpoints that terminate, from 1.26', () => {
    const endpoints = [terminating(), terminating({ serving: false })];
    expect(traffic(endpoints).clusterEndpoints).toEqual([endpoints[0]]);
    expect(traffic(endpoints, {}, '1.25')).toMatchObject({ clusterEndpoints: [], hasEndpoints: false });
  });

  it('has endpoints elsewhere, but none for policy Local', () => {
    const result = traffic([endpoint()], { externalPolicyLocal: true });
    expect(result).toMatchObject({
      hasEndpoints: true,
      localEndpoints: [],
      internal: { policy: 'Cluster', available: true },
      external: { policy: 'Local', available: false },
    });
  });

  it('lets policy Local fall back to local endpoints that terminate while others are ready elsewhere', () => {
    const [remote, local] = [endpoint(), terminating({ local: true })];
    const result = traffic([remote, local], { externalPolicyLocal: true });
    expect(result.localEndpoints).toEqual([local]);
    expect(result.reachableEndpoints).toEqual([remote, local]);
  });

  it('does without Cluster endpoints where nothing uses them', () => {
    const result = traffic([endpoint(), endpoint({ local: true })], {
      internalPolicyLocal: true,
      externallyAccessible: false,
    });
    expect(result.clusterEndpoints).toEqual([]);
    expect(result.reachableEndpoints).toHaveLength(1);
  });

  it.each([
    ['every ready endpoint has a zone hint and one is for this zone', ['a', 'b'], 1],
    ['no hint is for this zone', ['b', 'c'], 2],
    ['an endpoint lacks a hint', ['a', undefined], 2],
  ])('zone hints: %s', (_, zones, used) => {
    const endpoints = zones.map((zone) => endpoint({ zoneHints: zone === undefined ? [] : [zone] }));
    expect(traffic(endpoints).clusterEndpoints).toHaveLength(used);
    expect(traffic(endpoints, { zoneHintsEnabled: false }).clusterEndpoints).toHaveLength(2);
  });

  it('node hints go before zone hints, from 1.34', () => {
    const endpoints = [
      endpoint({ nodeHints: ['here'], zoneHints: ['b'] }),
      endpoint({ nodeHints: ['there'], zoneHints: ['a'] }),
    ];
    expect(traffic(endpoints).clusterEndpoints).toEqual([endpoints[0]]);
    expect(traffic(endpoints, {}, '1.33').clusterEndpoints).toEqual([endpoints[1]]);
  });

  it('rejects everything without endpoints', () => {
    expect(traffic([])).toMatchObject({
      hasEndpoints: false,
      internal: { available: false },
      external: { available: false },
    });
  });
});
