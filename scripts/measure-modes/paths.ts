/**
 * Measures what a connection costs by each way through a node: forwarded alone, translated by the kernel, or taken on and carried by a
 * program. In: the artifacts of one Service. Out: rates and times. A client and the endpoints are Pods, in namespaces of their own.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mode, NODE_ADDRESS, SERVICE_PORT, TARGET_PORT } from './cluster.ts';
import type { Path } from './measurements.ts';
import { Namespace } from './namespace.ts';
import { round } from './sizes.ts';

export const CLUSTER_IP = '10.96.0.16';
/** An endpoint of it. */
const ENDPOINT = '10.128.0.1';

interface Way {
  readonly address: string;
  readonly port: number;
  readonly mode?: Mode;
  /** A shell command, in the folder of the mode's artifacts. */
  readonly load?: string;
  readonly proxy?: (folder: string) => readonly [string, ...string[]];
}

const SERVICE = { address: CLUSTER_IP, port: SERVICE_PORT };

export const WAYS: Readonly<Record<string, Way>> = {
  'to the Pod itself, no rules': { address: ENDPOINT, port: TARGET_PORT },
  'mode iptables': { ...SERVICE, mode: 'iptables', load: 'iptables-legacy-restore -w <iptables.save' },
  'mode nftables': { ...SERVICE, mode: 'nftables', load: 'nft -f ip.nft' },
  'mode userspace, HAProxy': {
    ...SERVICE,
    mode: 'userspace',
    load: 'iptables-legacy-restore -w <iptables.save',
    proxy: (folder) => ['haproxy', '-q', '-db', '-f', join(folder, 'haproxy.cfg')],
  },
  'mode userspace, nginx': {
    ...SERVICE,
    mode: 'userspace',
    load: 'iptables-legacy-restore -w <iptables.save',
    proxy: (folder) => [
      ...(['nginx', '-e', 'stderr', '-c', join(folder, 'nginx.conf')] as const),
      ...['-g', `daemon off; pid ${join(folder, 'nginx.pid')};`],
    ],
  },
};

interface Setup {
  readonly namespaces: readonly Namespace[];
  readonly client: Namespace;
  /** Each ends a program. */
  readonly stops: readonly (() => void)[];
}

async function setUp(program: string, way: Way, folders: ReadonlyMap<Mode, string>): Promise<Setup> {
  const [node, client, pods] = [await Namespace.open(), await Namespace.open(), await Namespace.open()];
  await node.sh(`
    ip link add client type veth peer name eth0 netns ${client.pid}
    ip link add pods type veth peer name eth0 netns ${pods.pid}
    ip link set client up
    ip link set pods up
    ip address add ${NODE_ADDRESS}/32 dev pods
    ip address add 10.200.0.1/32 dev client
    ip route add 10.200.0.2 dev client
    ip route add 10.128.0.0/10 dev pods
    ip route add default dev pods
    echo 1 >/proc/sys/net/ipv4/ip_forward`);
  await client.sh(`
    ip link set eth0 up
    ip address add 10.200.0.2/32 dev eth0
    ip route add ${NODE_ADDRESS} dev eth0
    ip route add default via ${NODE_ADDRESS}`);
  await pods.sh(`
    ip link set eth0 up
    ip address add ${ENDPOINT}/32 dev eth0
    ip address add 10.128.0.2/32 dev eth0
    ip address add 10.128.0.3/32 dev eth0
    ip route add ${NODE_ADDRESS} dev eth0
    ip route add default via ${NODE_ADDRESS}`);
  const stops = [pods.spawn('python3', [program, 'serve', `${TARGET_PORT}`])];
  const folder = way.mode === undefined ? '' : (folders.get(way.mode) as string);
  if (way.load !== undefined) await node.sh(`cd '${folder}'; ${way.load}`);
  if (way.proxy !== undefined) {
    const [command, ...args] = way.proxy(folder);
    stops.push(node.spawn(command, args));
  }
  return { namespaces: [client, node, pods], client, stops };
}

async function takeDown({ namespaces, stops }: Setup): Promise<void> {
  for (const stop of stops) stop();
  for (const namespace of namespaces) await namespace.close();
}

/** @param scripts this folder */
export async function measurePaths(
  scripts: string,
  folders: ReadonlyMap<Mode, string>,
  runs: number,
): Promise<Readonly<Record<string, Path>>> {
  const program = join(scripts, 'connections.py');
  const setups = new Map<string, Setup>();
  const paths: Record<string, Record<keyof Path, number[]>> = {};
  try {
    for (const [name, way] of Object.entries(WAYS)) {
      setups.set(name, await setUp(program, way, folders));
      paths[name] = { connections: [], firstByte: [], roundTrip: [], bulk: [] };
    }
    await sleep(1000);
    for (let run = 0; run < runs; run++) {
      for (const [name, { client }] of setups) {
        const { address, port } = WAYS[name] as Way;
        const printed = await client.sh(`python3 '${program}' ${address} ${port}`);
        for (const [what, value] of Object.entries(JSON.parse(printed) as Record<keyof Path, number>)) {
          paths[name]?.[what as keyof Path].push(round(value));
        }
      }
    }
  } finally {
    for (const setup of setups.values()) await takeDown(setup);
  }
  return paths;
}
