import { describe, expect, it } from 'vitest';
import type { Endpoints, Pod, Service } from '../../src/apiserver/objects.ts';
import { deriveEndpoints } from '../../src/controllers/endpoints-controller.ts';
import { podCluster } from '../../src/controllers/pod-cluster.ts';
import { clusterState, pod, podStatus, service } from './cluster-state.ts';

function derive(
  pods: readonly Pod[],
  of: Service = service('web'),
  current?: Endpoints,
): Endpoints | undefined {
  return deriveEndpoints(of, podCluster(clusterState({ services: [of], pods })), current);
}

/** Addresses of all subsets: how many are ready, how many not. */
function counts(endpoints: Endpoints | undefined): number[][] {
  return (endpoints?.subsets ?? []).map((subset) => [
    subset.addresses?.length ?? 0,
    subset.notReadyAddresses?.length ?? 0,
  ]);
}

function many(count: number, ready: 'True' | 'False', from = 0): Pod[] {
  return Array.from({ length: count }, (_, i) => {
    const ip = `10.${ready === 'True' ? 1 : 2}.${(from + i) >> 8}.${(from + i) & 255}`;
    return pod(`p${ready}${from + i}`, ip, { status: podStatus(ip, ready) });
  });
}

describe('deriveEndpoints', () => {
  it('keeps at most 1000 addresses, ready ones first', () => {
    const over = derive([...many(900, 'True'), ...many(200, 'False')]);
    expect(counts(over)).toEqual([[900, 100]]);
    expect(over?.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/over-capacity': 'truncated' });
    expect(counts(derive([...many(1100, 'True'), ...many(10, 'False')]))).toEqual([[1000, 0]]);
  });

  it('cuts subsets in proportion', () => {
    const others = many(600, 'True', 600).map((of) => ({
      ...of,
      spec: { nodeName: 'n1', containers: [{ ports: [{ name: 'http', containerPort: 9090 }] }] },
    }));
    expect(counts(derive([...many(600, 'True'), ...others]))).toEqual([
      [500, 0],
      [500, 0],
    ]);
  });

  it('takes back the note of truncation', () => {
    const annotations = { 'endpoints.kubernetes.io/over-capacity': 'truncated', note: 'kept' };
    const current: Endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'web', namespace: 'default', labels: { old: 'yes' }, annotations },
    };
    const derived = derive(many(1, 'True'), service('web'), current);
    expect(derived?.metadata.annotations).toEqual({ note: 'kept' });
    expect(derived?.metadata.labels).toEqual({ 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' });
  });

  it('is refused where a Pod with an address has no node', () => {
    const unbound = pod('p', '10.244.0.1', {
      spec: { containers: [{ ports: [{ name: 'http', containerPort: 1 }] }] },
    });
    expect(derive([...many(1, 'True'), unbound])).toBeUndefined();
    expect(derive([...many(1, 'True'), { ...unbound, spec: {} }])).toBeDefined();
  });

  it('takes the first family only', () => {
    const dual = { ...podStatus('10.244.0.1'), podIPs: [{ ip: '10.244.0.1' }, { ip: 'FD00::1' }] };
    const pods = [pod('p', '10.244.0.1', { status: dual })];
    const address = (of: Service) => derive(pods, of)?.subsets?.[0]?.addresses?.[0]?.ip;
    expect(address(service('web', { ipFamilies: ['IPv6', 'IPv4'] }))).toBe('fd00::1');
    expect(address(service('web', { ipFamilies: ['IPv4', 'IPv6'] }))).toBe('10.244.0.1');
    const { ipFamilies: _, ...spec } = service('web').spec;
    expect(address({ ...service('web'), spec: { ...spec, clusterIP: 'fd00::a' } })).toBe('fd00::1');
    expect(address({ ...service('web'), spec: { ...spec, clusterIP: 'None' } })).toBe('10.244.0.1');
  });
});
