/** `dns` and `dns query` end to end: zones, files, JSON, and what a Pod's resolver tries. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCaptured } from '../support/compile-cluster.ts';

const folder = mkdtempSync(join(tmpdir(), 'svcrules-dns-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CLUSTER = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: node-1}}
- apiVersion: v1
  kind: Service
  metadata: {name: web, namespace: prod}
  spec: {clusterIP: 10.96.11.1, ports: [{name: http, port: 80}], selector: {app: web}}
- apiVersion: v1
  kind: Service
  metadata: {name: db, namespace: prod}
  spec: {clusterIP: None, ports: [{name: sql, port: 5432}], selector: {app: web}}
- apiVersion: v1
  kind: Service
  metadata: {name: mail, namespace: prod}
  spec: {type: ExternalName, externalName: mail.example.org}
- apiVersion: v1
  kind: Pod
  metadata: {name: web-1, namespace: prod, labels: {app: web}}
  spec: {nodeName: node-1, hostname: one, subdomain: db, containers: [{name: c, image: c}]}
  status: {phase: Running, podIP: 10.244.1.8, podIPs: [{ip: 10.244.1.8}], conditions: [{type: Ready, status: "True"}]}
- apiVersion: v1
  kind: Pod
  metadata: {name: own, namespace: test}
  spec:
    nodeName: node-1
    dnsPolicy: None
    dnsConfig: {nameservers: [10.96.0.10], searches: [prod.svc.cluster.local.], options: [{name: ndots, value: "2"}]}
    containers: [{name: c, image: c}]
- apiVersion: v1
  kind: Pod
  metadata: {name: host, namespace: test}
  spec: {nodeName: node-1, hostNetwork: true, containers: [{name: c, image: c}]}
`;
const file = join(folder, 'cluster.yaml');
writeFileSync(file, CLUSTER);

const dns = (...argv: string[]) => runCaptured(['dns', ...argv, '-f', file]);

describe('dns', () => {
  it('prints the zones as they are transferred', async () => {
    const { status, stdout, stderr } = await dns();
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        '$ORIGIN cluster.local.',
        'web.prod.svc.cluster.local. 30 IN A 10.96.11.1',
        '_http._tcp.web.prod.svc.cluster.local. 30 IN SRV 0 100 80 web.prod.svc.cluster.local.',
        'one.db.prod.svc.cluster.local. 30 IN A 10.244.1.8',
        '_sql._tcp.db.prod.svc.cluster.local. 30 IN SRV 0 100 5432 one.db.prod.svc.cluster.local.',
        'mail.prod.svc.cluster.local. 30 IN CNAME mail.example.org.',
        'kubernetes.default.svc.cluster.local. 30 IN A 10.96.0.1',
        '1.11.96.10.in-addr.arpa. 30 IN PTR web.prod.svc.cluster.local.',
        '8.1.244.10.in-addr.arpa. 30 IN PTR one.db.prod.svc.cluster.local.',
      ]),
    );
    expect(stdout).not.toContain('.pod.');
  });

  it('prints all that is answered, in another domain and for another time', async () => {
    const { stdout } = await dns('--pods', 'verified', '--cluster-domain', 'k8s.test', '--ttl', '5');
    expect(stdout).toContain('\n10-244-1-8.prod.pod.k8s.test. 5 IN A 10.244.1.8\n');
    expect(stdout).toContain('\ndns-version.k8s.test. 28800 IN TXT "1.1.0"\n');
    expect(stdout).toContain('\ndb.prod.svc.k8s.test. 5 IN SRV 0 100 5432 one.db.prod.svc.k8s.test.\n');
    expect(stdout).not.toContain('cluster.local');
    expect((await dns('--pods', 'disabled')).stdout).not.toContain('.pod.');
  });

  it('writes a file for each zone', async () => {
    const out = join(folder, 'out');
    expect(await dns('--out', out, '--serial', '7')).toMatchObject({ status: 0, stdout: '' });
    expect(readdirSync(out).sort()).toEqual(['cluster.local.zone', 'in-addr.arpa.zone', 'ip6.arpa.zone']);
    expect(readFileSync(join(out, 'cluster.local.zone'), 'utf8')).toContain(
      ' hostmaster.cluster.local. 7 7200 ',
    );
  });

  it('prints JSON', async () => {
    const { zones } = JSON.parse((await dns('-o', 'json')).stdout);
    expect(zones.map(({ name }: { name: string }) => name)).toEqual([
      'cluster.local.',
      'in-addr.arpa.',
      'ip6.arpa.',
    ]);
    expect(zones[0].records).toContainEqual({
      kind: 'A',
      name: 'web.prod.svc.cluster.local.',
      ttl: 30,
      address: '10.96.11.1',
    });
  });

  it('names the Service of CoreDNS as the name server', async () => {
    const server = join(folder, 'server.yaml');
    writeFileSync(
      server,
      `apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, ports: [{name: dns, protocol: UDP, port: 53}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: kube-dns-1, namespace: kube-system, labels: {kubernetes.io/service-name: kube-dns}}
addressType: IPv4
endpoints: [{addresses: [10.244.0.2]}]
ports: [{name: dns, protocol: UDP, port: 53}]
`,
    );
    const { stdout } = await dns('-f', server);
    expect(stdout).toContain('\ncluster.local. 30 IN NS kube-dns.kube-system.svc.cluster.local.\n');
    expect(stdout).not.toContain('127.0.0.1');
  });

  it.each([
    [['--cluster-domain', 'a b'], 'It must be a domain'],
    [['--cluster-domain', 'x.\n@ IN A 1.2.3.4'], 'It must be a domain'],
    [['--ttl', '3601'], 'from 0 to 3600'],
    [['--pods', 'all'], 'Allowed choices'],
    [['query', 'a b'], 'no name that could be looked up'],
    [['query', 'a..b'], 'no name that could be looked up'],
    [['query', 'web', '--type', 'AXFR'], 'Allowed choices'],
    [['query', 'web', '--from', 'web-1'], '--from must be NAMESPACE/POD'],
    [['query', 'web', '--from', 'prod/nobody'], 'has no Pod prod/nobody'],
  ])('%j ends with 2 and one message', async (argv, message) => {
    const { status, stdout, stderr } = await dns(...argv);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('dns query', () => {
  it('tries the search list of a Pod', async () => {
    const { stdout } = await dns('query', 'web.prod', '--from', 'prod/web-1');
    expect(stdout).toBe(`nameserver 10.96.0.10
search prod.svc.cluster.local svc.cluster.local cluster.local
options ndots:5

web.prod.prod.svc.cluster.local.  no such name (NXDOMAIN)
web.prod.svc.cluster.local.  found
    web.prod.svc.cluster.local. 30 IN A 10.96.11.1
`);
  });

  it('says where a name leads outside', async () => {
    const { stdout } = await dns('query', 'mail', '--from', 'prod/web-1', '--type', 'aaaa');
    expect(stdout).toContain(
      'CNAME mail.example.org.\n    mail.example.org. is asked for outside of the cluster\n',
    );
    const { stdout: other } = await dns('query', 'example.org', '--from', 'prod/web-1');
    expect(other.split('\n\n')[1]).toBe(`example.org.prod.svc.cluster.local.  no such name (NXDOMAIN)
example.org.svc.cluster.local.  no such name (NXDOMAIN)
example.org.cluster.local.  no such name (NXDOMAIN)
example.org.  asked outside of the cluster: not known here
`);
  });

  it("goes by the Pod's own configuration", async () => {
    const { stdout } = await dns('query', 'one.db.x', '--from', 'test/own');
    expect(stdout).toBe(`nameserver 10.96.0.10
search prod.svc.cluster.local.
options ndots:2

one.db.x.  asked outside of the cluster: not known here
one.db.x.prod.svc.cluster.local.  no such name (NXDOMAIN)
`);
    const onNode = await dns('query', 'web.prod.svc.cluster.local.', '--from', 'test/host');
    expect(onNode.stdout).toBe(`# and what the node's own resolv.conf says

web.prod.svc.cluster.local.  asked outside of the cluster: not known here
`);
  });

  it('asks CoreDNS itself', async () => {
    const { stdout } = await dns('query', 'db.prod.svc.cluster.local', '--type', 'SRV');
    expect(stdout).toBe(`db.prod.svc.cluster.local.  found
    db.prod.svc.cluster.local. 30 IN SRV 0 100 5432 one.db.prod.svc.cluster.local.
`);
    expect((await dns('query', 'db.prod.svc.cluster.local', '--type', 'AAAA')).stdout).toBe(
      'db.prod.svc.cluster.local.  no records of this type (NODATA)\n',
    );
    const json = await dns('query', '8.1.244.10.in-addr.arpa', '--type', 'PTR', '-o', 'json');
    expect(JSON.parse(json.stdout).attempts[0].result.answer).toContainEqual({
      kind: 'PTR',
      name: '8.1.244.10.in-addr.arpa.',
      ttl: 30,
      target: 'one.db.prod.svc.cluster.local.',
    });
  });
});
