/** Mode userspace from objects to texts: releases, ports, both proxies, what it says that it cannot do. */
import { describe, expect, it } from 'vitest';
import { userspaceBackend } from '../../../src/backends/userspace/backend.ts';
import { type CompileRequest, type CompileResult, compile, type SourceObject } from '../../../src/index.ts';
import { nodeObject, serviceObjects, source } from './userspace-objects.ts';

const WEB = serviceObjects({
  name: 'web',
  spec: { type: 'NodePort', clusterIP: '10.96.0.10', ports: [{ port: 80, nodePort: 30080 }] },
  endpoints: { IPv4: ['10.0.0.2', '10.0.0.1'] },
});
const NODE = nodeObject('192.168.10.10');

function compileUserspace(
  objects: readonly SourceObject[],
  more: Partial<CompileRequest> = {},
): Promise<CompileResult> {
  return compile({ objects, mode: 'userspace', kubeVersion: '1.25', ...more });
}

function textOf({ compiled }: CompileResult, name: string): string {
  return [...(compiled?.artifacts.find((each) => each.name === name)?.text() ?? [`no ${name}`])].join('');
}

function notesOf({ diagnostics }: CompileResult): readonly string[] {
  return diagnostics.filter(({ severity }) => severity === 'note').map(({ message }) => message);
}

describe('releases', () => {
  it.each([
    '1.26',
    '1.31',
    '1.37',
  ])('%s refuses the mode and says since when it is gone', async (kubeVersion) => {
    await expect(compileUserspace([NODE, ...WEB], { kubeVersion })).rejects.toThrow(
      `kube-proxy ${kubeVersion} has no mode userspace: it was removed in 1.26; the releases that have it are 1.8, 1.25`,
    );
  });

  it('1.8 writes a colon behind names without a port', async () => {
    const text = textOf(await compileUserspace([NODE, ...WEB], { kubeVersion: '1.8' }), 'iptables.save');
    expect(text).toContain('--comment "prod/web:" -m tcp --dport 80 -j REDIRECT');
  });

  it('every one has the proxy alone', async () => {
    const { compiled } = await compileUserspace([NODE, ...WEB], { kubeVersion: '1.37', portals: false });
    expect(compiled?.artifacts.map(({ name }) => name)).toEqual(['haproxy.cfg', 'nginx.conf']);
  });
});

describe('the proxy', () => {
  it('listens behind the rules, and goes round in a fixed order', async () => {
    const result = await compileUserspace([NODE, ...WEB], { proxyPortRange: '8000' });
    expect(textOf(result, 'haproxy.cfg')).toContain(`
# prod/web: TCP 10.96.0.10:80, node port 30080
listen prod.web
  bind 0.0.0.0:8000
  server 10.0.0.1:8080 10.0.0.1:8080
  server 10.0.0.2:8080 10.0.0.2:8080
`);
    expect(textOf(result, 'nginx.conf')).toContain(`
  upstream prod.web {
    server 10.0.0.1:8080 max_fails=0;
    server 10.0.0.2:8080 max_fails=0;
  }
  server {
    listen 0.0.0.0:8000;
    proxy_pass prod.web;
  }
`);
  });

  it('keeps clients with affinity for the time of the Service', async () => {
    const sticky = serviceObjects({
      name: 'sticky',
      spec: {
        clusterIP: '10.96.0.11',
        ports: [{ port: 80 }],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 77 } },
      },
      endpoints: { IPv4: ['10.0.0.1'] },
    });
    const result = await compileUserspace([NODE, ...sticky]);
    expect(textOf(result, 'haproxy.cfg')).toContain(
      '  stick-table type ip size 100k expire 77s\n  stick on src\n',
    );
    expect(textOf(result, 'nginx.conf')).toContain('    hash $remote_addr consistent;\n');
    expect(textOf(result, 'nginx.conf')).toContain("not until the Service's timeout is over");
  });

  it('takes no server that the table of HAProxy cannot hold', async () => {
    const addresses = Array.from({ length: 900 }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
    const slices = [0, 1, 2, 3, 4].flatMap((i) => {
      const [, slice] = serviceObjects({
        name: 'big',
        spec: {},
        endpoints: { IPv4: addresses.map((address) => address.replace('10.0', `10.${i}`)) },
      });
      const object = slice?.object as { readonly metadata: object };
      return source({ ...object, metadata: { ...object.metadata, name: `big-${i}` } });
    });
    const [service] = serviceObjects({
      name: 'big',
      spec: { clusterIP: '10.96.0.9', ports: [{ port: 80 }] },
    });
    const text = textOf(await compileUserspace([NODE, service as SourceObject, ...slices]), 'haproxy.cfg');
    expect(text.match(/^ {2}server /gm)).toHaveLength(4500);
    expect(text).toContain('  balance static-rr\n');
  });

  it('is bound to the bind address, and IPv6 to IPv6', async () => {
    const bindTo = (bindAddress: string) =>
      source({ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration', bindAddress });
    const bound = await compileUserspace([NODE, ...WEB], {
      proxyConfiguration: bindTo('192.168.10.10'),
      proxyPortRange: '8000',
    });
    expect(textOf(bound, 'haproxy.cfg')).toContain('  bind 192.168.10.10:8000\n');
    expect(textOf(bound, 'iptables.save')).not.toContain('REDIRECT');
    const six = serviceObjects({
      name: 'six',
      spec: { clusterIP: 'fd00::10', ports: [{ port: 80 }] },
      endpoints: { IPv6: ['fd00::1'] },
    });
    const result = await compileUserspace([nodeObject('fd00:192::a'), ...six], { proxyPortRange: '8000' });
    expect(textOf(result, 'haproxy.cfg')).toContain(
      '  bind [::]:8000 v6only\n  server fd00::1:8080 [fd00::1]:8080\n',
    );
    expect(textOf(result, 'nginx.conf')).toContain('    listen [::]:8000;\n');
    expect(textOf(result, 'iptables.save')).toBe('');
    await expect(
      compileUserspace([NODE, ...WEB], { proxyConfiguration: bindTo('127.0.0.1') }),
    ).rejects.toThrow('it cannot proxy on localhost');
  });
});

describe('without portals', () => {
  it("listens on the node's addresses, and says what is not reachable", async () => {
    const inner = serviceObjects({
      name: 'inner',
      spec: { clusterIP: '10.96.0.11', ports: [{ port: 80 }] },
      endpoints: { IPv4: ['10.0.0.1'] },
    });
    const outer = serviceObjects({
      name: 'outer',
      spec: {
        clusterIP: '10.96.0.12',
        ports: [{ port: 81 }],
        externalIPs: ['192.168.10.10', '198.51.100.1'],
      },
    });
    const rival = serviceObjects({
      name: 'rival',
      spec: { clusterIP: '10.96.0.13', ports: [{ port: 81 }], externalIPs: ['192.168.10.10'] },
    });
    const result = await compileUserspace([NODE, ...WEB, ...inner, ...outer, ...rival], { portals: false });
    const text = textOf(result, 'haproxy.cfg');
    expect(text).toContain('Cluster IPs are not reachable');
    expect(text).toContain('listen prod.web\n  bind 0.0.0.0:30080\n');
    expect(text).toMatch(/listen prod\.inner\n {2}bind 0\.0\.0\.0:[12]\d{4}\n/);
    expect(text).toContain('listen prod.outer\n  bind 192.168.10.10:81\n');
    expect(text).not.toContain('prod.rival');
    expect(notesOf(result)).toEqual([
      "without kube-proxy's rules cluster IPs are not reachable; clients use the node's addresses",
      'these have no node port and are open to whoever reaches the node, at ports that the configuration names: prod/inner',
      'another Service listens there before: prod/rival at 192.168.10.10:81 is left out',
    ]);
  });

  it('listens on those addresses that nodePortAddresses names', async () => {
    const proxyConfiguration = source({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      nodePortAddresses: ['192.168.10.0/24'],
    });
    const text = textOf(
      await compileUserspace([NODE, ...WEB], { portals: false, proxyConfiguration }),
      'nginx.conf',
    );
    expect(text).toContain('    listen 192.168.10.10:30080;\n');
    expect(text).not.toContain('0.0.0.0');
  });

  it('serves both families, under different names', async () => {
    const both = serviceObjects({
      name: 'both',
      spec: {
        type: 'NodePort',
        ipFamilyPolicy: 'RequireDualStack',
        ipFamilies: ['IPv4', 'IPv6'],
        clusterIPs: ['10.96.0.10', 'fd00::10'],
        clusterIP: '10.96.0.10',
        ports: [{ port: 80, nodePort: 30080 }],
      },
      endpoints: { IPv4: ['10.0.0.1'], IPv6: ['fd00::1'] },
    });
    const text = textOf(await compileUserspace([NODE, ...both], { portals: false }), 'haproxy.cfg');
    expect(text).toContain('listen prod.both\n  bind 0.0.0.0:30080\n  server 10.0.0.1:8080');
    expect(text).toContain('listen prod.both_v6\n  bind [::]:30080 v6only\n  server fd00::1:8080');
  });
});

describe('what it cannot do', () => {
  it('is said of protocols, families, source ranges and policies', async () => {
    const many = serviceObjects({
      name: 'many',
      spec: {
        type: 'LoadBalancer',
        clusterIP: '10.96.0.20',
        externalTrafficPolicy: 'Local',
        healthCheckNodePort: 30999,
        loadBalancerSourceRanges: ['203.0.113.0/24'],
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP', nodePort: 30053 },
          { name: 'sig', port: 54, protocol: 'SCTP', nodePort: 30054 },
        ],
      },
      status: { loadBalancer: { ingress: [{ ip: 'fd00::99' }] } },
      endpoints: { IPv4: ['10.0.0.1'] },
      ports: [{ name: 'dns', port: 5353, protocol: 'UDP' }],
    });
    const result = await compileUserspace([NODE, ...many]);
    expect(notesOf(result)).toEqual([
      'mode userspace does not proxy SCTP: no rules for prod/many:sig',
      'kube-proxy stops at an address of the other family: no rules for it and for what stands behind it, node ports included, in prod/many:dns (fd00::99)',
      'HAProxy does not proxy UDP: haproxy.cfg leaves out prod/many:dns',
      'mode userspace does not hold loadBalancerSourceRanges: everybody may connect to prod/many:dns, prod/many:sig',
      'mode userspace knows no traffic policy Local: all endpoints get traffic of prod/many:dns, prod/many:sig',
    ]);
    const haproxy = textOf(result, 'haproxy.cfg');
    expect(haproxy).toContain(
      '# HAProxy does not proxy UDP; use nginx.conf for these:\n#   prod/many:dns: UDP 10.96.0.20:53\n',
    );
    expect(haproxy).toContain('listen none\n  bind abns@svcrules-none\n');
    expect(textOf(result, 'nginx.conf')).toMatch(
      /listen 0\.0\.0\.0:\d+ udp;\n {4}proxy_pass prod\.many\.dns;\n {4}proxy_timeout 250ms;/,
    );
    expect(textOf(result, 'iptables.save')).not.toContain('30053');
  });

  it('is said of a node whose address is not known, and of Services of the other family', async () => {
    const six = serviceObjects({ name: 'six', spec: { clusterIP: 'fd00::10', ports: [{ port: 80 }] } });
    const result = await compileUserspace([...WEB, ...six]);
    expect(notesOf(result)).toEqual([
      'mode userspace proxies IPv4 alone, the family of the node: no rules for prod/six',
      "the node's address is not known: the rules send the host's own connections to 127.0.0.1",
    ]);
  });
});

describe('follow', () => {
  it('tells which lines have changed', async () => {
    const view = async (objects: readonly SourceObject[]) => {
      const result = await compileUserspace(objects);
      if (result.view === undefined) throw new Error('no view');
      return result.view;
    };
    const first = userspaceBackend.follow(await view([NODE, ...WEB]), undefined);
    expect(first.changes().map(({ table }) => table)).toEqual([
      'iptables.save',
      'ip6tables.save',
      'haproxy.cfg',
      'nginx.conf',
    ]);
    const more = serviceObjects({ name: 'more', spec: { clusterIP: '10.96.0.11', ports: [{ port: 80 }] } });
    const second = userspaceBackend.follow(await view([NODE, ...WEB, ...more]), first);
    const changes = new Map(second.changes().map((change) => [change.table, change]));
    expect([...changes.keys()]).toEqual(['iptables.save', 'haproxy.cfg', 'nginx.conf']);
    expect(changes.get('iptables.save')?.before).toEqual([]);
    expect(changes.get('iptables.save')?.after).toHaveLength(2);
    expect(userspaceBackend.follow(await view([NODE, ...more, ...WEB]), second).changes()).toEqual([]);
  });
});
