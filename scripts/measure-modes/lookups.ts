/**
 * Measures the first packet of a connection. In: folders of artifacts. Out: microseconds, to the Service whose rule stands first, to
 * the one whose rule stands last, and to an address of no Service.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Mode, NODE_ADDRESS, SERVICE_PORT, TARGET_PORT } from './cluster.ts';
import type { FirstPackets } from './measurements.ts';
import { Namespace } from './namespace.ts';
import { round } from './sizes.ts';

export const PACKETS = 500;
/** Belongs to nobody in the cluster. */
export const ELSEWHERE = '198.51.100.1';

const LOADERS: Readonly<Record<string, readonly [Mode, string]>> = {
  'iptables, iptables-legacy': ['iptables', 'iptables-legacy-restore -w <iptables.save'],
  'iptables, iptables-nft': ['iptables', 'iptables-nft-restore -w <iptables.save'],
  'nftables, nft': ['nftables', 'nft -f ip.nft'],
};

/** The node's namespace with rules and, behind it, one that has all addresses of endpoints. */
interface Setup {
  readonly node: Namespace;
  readonly peer: Namespace;
  readonly stopSink: () => void;
}

async function setUp(program: string, load: string): Promise<Setup> {
  const [node, peer] = [await Namespace.open(), await Namespace.open()];
  await node.sh(`
    ip link add eth0 type veth peer name eth0 netns ${peer.pid}
    ip link set eth0 up
    ip address add ${NODE_ADDRESS}/24 dev eth0`);
  await peer.sh(`
    ip link set eth0 up
    ip address add 192.168.10.1/24 dev eth0
    ip route add local 10.128.0.0/9 dev lo
    ip route add local ${ELSEWHERE} dev lo`);
  await node.sh(`ip route add default via 192.168.10.1\n${load}`);
  const stopSink = peer.spawn('python3', [program, 'sink', `${SERVICE_PORT}`, `${TARGET_PORT}`]);
  return { node, peer, stopSink };
}

async function takeDown({ node, peer, stopSink }: Setup): Promise<void> {
  stopSink();
  await node.close();
  await peer.close();
}

/**
 * @param scripts this folder
 * @param folders of each mode's artifacts
 */
export async function measureLookups(
  scripts: string,
  folders: ReadonlyMap<Mode, string>,
  { first, last }: { readonly first: string; readonly last: string },
  runs: number,
): Promise<Readonly<Record<string, FirstPackets>>> {
  const program = join(scripts, 'first-packets.py');
  const setups = new Map<string, Setup>();
  const modes: Record<string, { first: number[]; last: number[]; elsewhere: number[] }> = {};
  try {
    for (const [name, [mode, command]] of Object.entries(LOADERS)) {
      setups.set(name, await setUp(program, `cd '${folders.get(mode)}'; ${command}`));
      modes[name] = { first: [], last: [], elsewhere: [] };
    }
    await sleep(500);
    const send = `python3 '${program}' ${PACKETS} ${SERVICE_PORT} ${first} ${last} ${ELSEWHERE}`;
    for (let run = 0; run < runs; run++) {
      for (const [name, { node }] of setups) {
        const [one = 0, two = 0, three = 0] = JSON.parse(await node.sh(send)) as number[];
        modes[name]?.first.push(round(one));
        modes[name]?.last.push(round(two));
        modes[name]?.elsewhere.push(round(three));
      }
    }
  } finally {
    for (const setup of setups.values()) await takeDown(setup);
  }
  return modes;
}
