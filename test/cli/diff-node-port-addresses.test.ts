/** `diff` of a host whose node ports are open on some of its addresses: those of its interfaces count, not those of the Node. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fakeTools, prints } from '../host/fake-tools.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const CLUSTER = 'fixtures/diffs/shop/cluster.yaml';
const folder = mkdtempSync(join(tmpdir(), 'svcrules-addresses-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function inputWith(cidr: string): string[] {
  const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
  const config = file('config.yaml', `${head}mode: iptables\nnodePortAddresses: ["${cidr}"]\n`);
  return ['-f', CLUSTER, '--proxy-config', config, '--node', 'worker-1'];
}

async function rulesAt(input: readonly string[], ...addresses: readonly string[]): Promise<string> {
  const flags = addresses.flatMap((address) => ['--node-address', address]);
  return (await runCaptured(['compile', ...input, ...flags, '--family', 'ipv4'])).stdout;
}

/** What `ip addr` prints. The second network is not among the Node's addresses. */
const IP_ADDR = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000
    inet 127.0.0.1/8 scope host lo
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default qlen 1000
    inet 192.168.10.11/24 brd 192.168.10.255 scope global eth0
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq state UP group default qlen 1000
    inet 172.31.5.6/16 brd 172.31.255.255 scope global eth1
`;

describe('nodePortAddresses', () => {
  it.each([
    '172.31.0.0/16',
    '0.0.0.0/1',
    '128.0.0.0/1',
  ])('%s of the addresses that a host has', async (cidr) => {
    const input = inputWith(cidr);
    const rules = file('rules.save', await rulesAt(input, '192.168.10.11', '172.31.5.6'));
    const dumps = ['--dump', rules, '--family', 'ipv4'];
    const addresses = file('addresses', IP_ADDR);
    const { status, stdout } = await runCaptured(['diff', ...input, ...dumps, '--dump', addresses]);
    expect(status, stdout).toBe(0);
    const flags = ['--node-address', '192.168.10.11', '--node-address', '10.7.7.7'];
    const named = await runCaptured(['diff', ...input, ...dumps, '--dump', addresses, ...flags]);
    expect(named.status).toBe(1);
  });

  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);

  it.skipIf(own.length === 0)('with --host, of the addresses that this machine has', async () => {
    const input = inputWith(`${own[0]}/32`);
    const rules = await rulesAt(input, ...own);
    expect(rules).toContain(`-A KUBE-SERVICES -d ${own[0]}/32`);
    const tools = fakeTools({ 'iptables-save': prints(rules) });
    try {
      const args = ['diff', ...input, '--host', '--family', 'ipv4'];
      const { status, stdout, stderr } = await runCaptured(args, tools.env);
      expect(status, `${stdout}${stderr}`).toBe(0);
      const named = await runCaptured([...args, '--node-address', '192.168.10.11'], tools.env);
      expect(named.status).toBe(1);
    } finally {
      tools.remove();
    }
  });
});
