import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIGURATION, readProxyConfiguration } from '../../src/proxy/configuration.ts';

describe('readProxyConfiguration', () => {
  it('gives the defaults of an empty configuration', () => {
    expect(readProxyConfiguration({})).toEqual({ configuration: DEFAULT_CONFIGURATION, diagnostics: [] });
  });

  it('reads what decides the rules', () => {
    const { configuration } = readProxyConfiguration({
      mode: 'iptables',
      hostnameOverride: ' Node-1 ',
      clusterCIDR: '10.244.0.0/16, fd00:10:244::/56',
      iptables: { masqueradeBit: 10, masqueradeAll: true, localhostNodePorts: false },
      nodePortAddresses: ['primary', '127.0.0.0/8'],
      conntrack: { tcpBeLiberal: true, maxPerCore: null },
      featureGates: { AllowServiceExternalIPs: false },
    });
    expect(configuration).toMatchObject({
      mode: 'iptables',
      hostnameOverride: 'node-1',
      clusterCIDRs: ['10.244.0.0/16', 'fd00:10:244::/56'],
      iptables: { masqueradeBit: 10, masqueradeAll: true, localhostNodePorts: false },
      nodePortAddresses: ['primary', '127.0.0.0/8'],
      conntrackTCPBeLiberal: true,
      featureGates: { AllowServiceExternalIPs: false },
    });
  });

  it.each([
    ['mode', { mode: 'iptable' }],
    ['iptables.masqueradeBit', { iptables: { masqueradeBit: 32 } }],
    ['iptables.masqueradeBit', { iptables: { masqueradeBit: '14' } }],
    ['iptables.masqueradeAll', { iptables: { masqueradeAll: 'yes' } }],
    ['iptables', { iptables: [] }],
    ['detectLocalMode', { detectLocalMode: 'Cluster' }],
    ['detectLocal.bridgeInterface', { detectLocalMode: 'BridgeInterface' }],
    [
      'detectLocal.bridgeInterface',
      { detectLocalMode: 'BridgeInterface', detectLocal: { bridgeInterface: 'a b' } },
    ],
    [
      'detectLocal.interfaceNamePrefix',
      { detectLocalMode: 'InterfaceNamePrefix', detectLocal: { interfaceNamePrefix: 'veth\n-j ACCEPT' } },
    ],
    ['clusterCIDR', { clusterCIDR: '10.0.0.0' }],
    ['clusterCIDR', { clusterCIDR: '10.0.0.0/16,10.1.0.0/16' }],
    ['nodePortAddresses[1]', { nodePortAddresses: ['10.0.0.0/8', 'secondary'] }],
    ['nodePortAddresses[1]', { nodePortAddresses: ['primary', 'primary'] }],
    ['nodePortAddresses', { nodePortAddresses: '10.0.0.0/8' }],
    ['bindAddress', { bindAddress: 'localhost' }],
  ])('refuses %s', (field, object) => {
    const { configuration, diagnostics } = readProxyConfiguration(object);
    expect(configuration).toBeUndefined();
    expect(diagnostics.map((diagnostic) => diagnostic.field)).toEqual([field]);
  });
});
