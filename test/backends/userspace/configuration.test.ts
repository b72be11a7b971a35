/** What the configuration says of mode userspace: where ports are taken from, and when a UDP client counts as a new one. */
import { describe, expect, it } from 'vitest';
import { type CompileRequest, type CompileResult, compile } from '../../../src/index.ts';
import { readProxyConfiguration } from '../../../src/proxy/configuration.ts';
import { nodeObject, serviceObjects, source } from './userspace-objects.ts';

function compileWeb(more: Partial<CompileRequest>): Promise<CompileResult> {
  const web = serviceObjects({
    name: 'web',
    spec: { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30080 }] },
    endpoints: { IPv4: ['10.0.0.1'] },
  });
  const objects = [nodeObject('192.168.10.10'), ...web];
  return compile({ objects, mode: 'userspace', kubeVersion: '1.25', ...more });
}

function textOf({ compiled }: CompileResult, name: string): string {
  return [...(compiled?.artifacts.find((each) => each.name === name)?.text() ?? [])].join('');
}

describe('proxy ports', () => {
  const portOf = async (more: Partial<CompileRequest>) =>
    /REDIRECT --to-ports (\d+)/.exec(textOf(await compileWeb(more), 'iptables.save'))?.[1];
  const configuration = (portRange: string) =>
    source({ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', portRange });

  it('come from the configuration', async () => {
    expect(await portOf({ proxyConfiguration: configuration('7000') })).toBe('7000');
    expect(await portOf({ proxyConfiguration: configuration('7000+0') })).toBe('7000');
    expect(Number(await portOf({ proxyConfiguration: configuration('0-0') }))).toBeGreaterThanOrEqual(10000);
  });

  it('come from the flag before that', async () => {
    const proxyConfiguration = configuration('7000');
    expect(await portOf({ proxyConfiguration, proxyPortRange: '8000-8000' })).toBe('8000');
  });

  it('are never node ports', async () => {
    expect(await portOf({ proxyPortRange: '30080-30081' })).toBe('30081');
  });

  it.each(['9-8', '1-70000', 'x', '80;', '1-2-3'])('cannot come from %s', async (proxyPortRange) => {
    const { compiled, diagnostics } = await compileWeb({ proxyPortRange });
    expect(compiled).toBeUndefined();
    expect(diagnostics.map(({ message }) => message)[0]).toContain('portRange');
  });
});

describe('udpIdleTimeout', () => {
  const read = (udpIdleTimeout: string) => readProxyConfiguration({ udpIdleTimeout });

  it.each([
    ['', 250],
    ['0s', 250],
    ['1s', 1000],
    ['1m0.5s', 60_500],
    ['1us', 1],
    ['99999999999h', 2_073_600_000],
  ])('%j is %d ms', (text, milliseconds) => {
    expect(read(text).configuration?.userspace.udpIdleTimeout).toBe(milliseconds);
  });

  it.each(['-1s', '5', '1s; listen 1'])('cannot be %j', (text) => {
    expect(read(text).configuration).toBeUndefined();
    expect(read(text).diagnostics[0]?.message).toContain('udpIdleTimeout');
  });
});
