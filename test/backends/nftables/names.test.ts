import { describe, expect, it } from 'vitest';
import { cutComment, endpointBase, servicePortBase } from '../../../src/backends/nftables/names.ts';
import type { ServicePortInfo } from '../../../src/proxy/service-port.ts';

function port(namespace: string, serviceName: string, portName: string): ServicePortInfo {
  return { namespace, serviceName, portName } as ServicePortInfo;
}

/** As the real kube-proxy named them. */
describe('names', () => {
  it('of a service port', () => {
    expect(servicePortBase(port('default', 'kubernetes', 'https'), 'tcp')).toBe(
      '2QRHZV4L-default/kubernetes/tcp/https',
    );
    expect(servicePortBase(port('prod', 'sctp', ''), 'sctp')).toBe('FM37HNLG-prod/sctp/sctp/');
  });

  it('of an endpoint', () => {
    expect(endpointBase(port('prod', 'web', 'http'), 'tcp', { ip: '10.244.1.7', port: 8080 })).toBe(
      'IPB234KE-prod/web/tcp/http__10.244.1.7/8080',
    );
  });

  it('of an endpoint are cut at 240 characters', () => {
    const long = port('n'.repeat(63), 's'.repeat(63), 'p'.repeat(63));
    const endpoint = { ip: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', port: 8080 };
    const name = endpointBase(long, 'sctp', endpoint);
    expect(name).toHaveLength(240);
    expect(name).toMatch(/^IVBAGXU7-n.*__2001\.db8\.aaaa\.bbbb\.cccc\.dddd\.e\.\.\.$/);
    expect(servicePortBase(long, 'sctp')).toHaveLength(8 + 1 + 63 + 1 + 63 + 1 + 4 + 1 + 63);
  });

  it('in comments are cut at 128 characters', () => {
    expect(cutComment('x'.repeat(200))).toBe('x'.repeat(128));
  });
});
