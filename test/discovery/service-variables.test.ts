import { describe, expect, it } from 'vitest';
import type { Service } from '../../src/apiserver/objects.ts';
import { serviceVariables } from '../../src/discovery/env/service-variables.ts';

function service(name: string, spec: Partial<Service['spec']> = {}, metadata: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default', ...metadata },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.0.0.1',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      ...spec,
    },
  };
}

const pod = { namespace: 'default', enableServiceLinks: true };
const names = (services: Service[], of = pod) =>
  serviceVariables(services, of).blocks.map(
    ({ service: { metadata } }) => `${metadata.namespace}/${metadata.name}`,
  );

describe('serviceVariables', () => {
  it('makes the block of redis-master', () => {
    const redis = service('redis-master', {
      clusterIP: '172.16.50.11',
      ports: [{ port: 6379, protocol: 'TCP', targetPort: 6379 }],
    });
    const [block] = serviceVariables([redis], pod).blocks;
    expect(block?.variables.map(({ name, value }) => `${name}=${value}`)).toEqual([
      'REDIS_MASTER_SERVICE_HOST=172.16.50.11',
      'REDIS_MASTER_SERVICE_PORT=6379',
      'REDIS_MASTER_PORT=tcp://172.16.50.11:6379',
      'REDIS_MASTER_PORT_6379_TCP=tcp://172.16.50.11:6379',
      'REDIS_MASTER_PORT_6379_TCP_PROTO=tcp',
      'REDIS_MASTER_PORT_6379_TCP_PORT=6379',
      'REDIS_MASTER_PORT_6379_TCP_ADDR=172.16.50.11',
    ]);
  });

  it('names ports and puts IPv6 addresses into brackets in URLs only', () => {
    const dns = service('kube-dns', {
      clusterIP: 'fd00::a',
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
    });
    const variables = serviceVariables([dns], pod).blocks.flatMap((block) => block.variables);
    expect(Object.fromEntries(variables.map(({ name, value }) => [name, value]))).toMatchObject({
      KUBE_DNS_SERVICE_HOST: 'fd00::a',
      KUBE_DNS_SERVICE_PORT: '53',
      KUBE_DNS_SERVICE_PORT_DNS: '53',
      KUBE_DNS_SERVICE_PORT_DNS_TCP: '53',
      KUBE_DNS_PORT: 'udp://[fd00::a]:53',
      KUBE_DNS_PORT_53_UDP_ADDR: 'fd00::a',
      KUBE_DNS_PORT_53_TCP_PROTO: 'tcp',
    });
  });

  it('takes the Services of the namespace, and kubernetes of namespace default', () => {
    const services = [
      service('web'),
      service('kubernetes'),
      service('api', {}, { namespace: 'prod' }),
      service('headless', { clusterIP: 'None' }),
      { ...service('external'), spec: { type: 'ExternalName', sessionAffinity: 'None' } } as Service,
    ];
    expect(names(services)).toEqual(['default/kubernetes', 'default/web']);
    expect(names(services, { ...pod, namespace: 'prod' })).toEqual(['prod/api', 'default/kubernetes']);
    expect(names(services, { ...pod, enableServiceLinks: false })).toEqual(['default/kubernetes']);
  });

  it("prefers the namespace's own kubernetes", () => {
    const own = service('kubernetes', {}, { namespace: 'prod' });
    for (const services of [
      [own, service('kubernetes')],
      [service('kubernetes'), own],
    ]) {
      expect(names(services, { ...pod, namespace: 'prod' })).toEqual(['prod/kubernetes']);
    }
  });

  it('leaves out Services that are younger than the Pod', () => {
    const born = (creationTimestamp: string) => ({ creationTimestamp });
    const result = serviceVariables(
      [
        service('old', {}, born('2026-01-01T00:00:00Z')),
        service('new', {}, born('2026-01-03T00:00:00Z')),
        service('any'),
      ],
      { ...pod, creationTimestamp: '2026-01-02T00:00:00Z' },
    );
    expect(result.blocks.map((block) => block.service.metadata.name)).toEqual(['any', 'old']);
    expect(result.younger.map(({ metadata }) => metadata.name)).toEqual(['new']);
  });

  it('reports names that Services set differently', () => {
    // REDIS_SERVICE_PORT is the port of redis and the URL of redis-service.
    const services = [service('redis'), service('redis-service', { clusterIP: '10.0.0.2' })];
    const { collisions } = serviceVariables(services, pod);
    expect(collisions.map(({ name, settings }) => [name, ...settings.map(({ value }) => value)])).toEqual([
      ['REDIS_SERVICE_PORT', '80', 'tcp://10.0.0.2:80'],
    ]);
  });
});
