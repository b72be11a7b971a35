/**
 * A node with two Pods, another node with two Pods, and a client outside, each in a network namespace of its own, joined
 * by veth pairs. In: rules for the node. Out: what becomes of connections. All of it goes away with the processes that
 * hold the namespaces; the machine's own network is never touched.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type Place = 'node' | 'pod1' | 'pod2' | 'remote' | 'client';
export type Family = 'ipv4' | 'ipv6';
export type Protocol = 'tcp' | 'udp';

interface Link {
  readonly place: Exclude<Place, 'node'>;
  readonly near: Readonly<Record<Family, string>>;
  readonly far: Readonly<Record<Family, readonly string[]>>;
}

/** The node's side of each veth pair, and the addresses on the other. The first is that by which more is reached. */
export const LINKS: readonly Link[] = [
  {
    place: 'pod1',
    near: { ipv4: '10.0.1.254', ipv6: 'fd00:10:1::fe' },
    far: { ipv4: ['10.0.1.1'], ipv6: ['fd00:10:1::1'] },
  },
  {
    place: 'pod2',
    near: { ipv4: '10.0.1.253', ipv6: 'fd00:10:1::fd' },
    far: { ipv4: ['10.0.1.2'], ipv6: ['fd00:10:1::2'] },
  },
  {
    place: 'remote',
    near: { ipv4: '192.168.0.2', ipv6: 'fd00:192::2' },
    far: {
      ipv4: ['192.168.0.3', '10.0.2.1', '10.0.2.2'],
      ipv6: ['fd00:192::3', 'fd00:10:2::1', 'fd00:10:2::2'],
    },
  },
  {
    place: 'client',
    near: { ipv4: '203.0.113.1', ipv6: 'fd00:203::1' },
    far: { ipv4: ['203.0.113.2', '203.0.113.130'], ipv6: ['fd00:203::2', 'fd00:203::8002'] },
  },
];

export const NODE_ADDRESSES: Readonly<Record<Family, readonly string[]>> = {
  ipv4: LINKS.map(({ near }) => near.ipv4),
  ipv6: LINKS.map(({ near }) => near.ipv6),
};

/** An address behind the client, with which no rule has to do. */
export const ELSEWHERE: Readonly<Record<Family, string>> = { ipv4: '198.51.100.1', ipv6: 'fd00:51::1' };

/** What the other end said (its address and port, and the address of whom it saw), or the error. */
export interface Reply {
  readonly answer?: string;
  readonly error?: string;
}

export interface Connection {
  readonly protocol: Protocol;
  readonly source: string;
  readonly address: string;
  readonly port: number;
  /** Milliseconds until it counts as unanswered. */
  readonly patience: number;
}

/** A process that holds a namespace and does there what it is told. */
class Worker {
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, (reply: Reply) => void>();
  private last = 0;
  readonly ready: Promise<Reply>;

  constructor() {
    const script = join(import.meta.dirname, 'trace-worker.js');
    this.child = spawn('unshare', ['-n', process.execPath, script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ready = new Promise((resolve, reject) => {
      this.waiting.set(0, resolve);
      this.child.on('error', reject);
    });
    createInterface({ input: this.child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const { id, ...reply } = JSON.parse(line) as { id: number } & Reply;
      this.waiting.get(id)?.(reply);
      this.waiting.delete(id);
    });
  }

  /** `unshare` becomes the process that it starts. */
  get pid(): number {
    return this.child.pid as number;
  }

  ask(command: object): Promise<Reply> {
    const id = ++this.last;
    return new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.child.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
    });
  }

  /** Runs a shell script in the namespace. */
  run(script: string, input = ''): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = execFile(
        'nsenter',
        ['-t', `${this.pid}`, '-n', 'sh', '-ec', script],
        (error, _, stderr) => {
          if (error) reject(new Error(`${script}\n${stderr}`, { cause: error }));
          else resolve();
        },
      );
      // A script that does not read its input may have ended before it is written.
      child.stdin?.on('error', () => {}).end(input);
    });
  }

  /** Starts a program in the namespace; `nsenter` becomes it. */
  spawn(command: string, args: readonly string[]): ChildProcess {
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    return spawn('nsenter', ['-t', `${this.pid}`, '-n', command, ...args], { stdio: [...stdio] });
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.child.on('close', () => resolve());
      this.child.stdin?.end();
    });
  }
}

export class Network {
  private readonly workers: ReadonlyMap<Place, Worker> = new Map(
    (['node', ...LINKS.map(({ place }) => place)] as const).map((place) => [place, new Worker()]),
  );

  /** Joins the namespaces. Pods listen on port 8080 of TCP and 8081 of UDP, the node and what is elsewhere on 7000. */
  async start(): Promise<void> {
    await Promise.all([...this.workers.values()].map(({ ready }) => ready));
    const node = this.at('node');
    await node.run(`${SYSCTLS}
      echo 1 >/proc/sys/net/ipv4/ip_forward
      echo 1 >/proc/sys/net/ipv6/conf/all/forwarding`);
    for (const link of LINKS) await this.join(link);
    // The host itself finds a way to addresses of Services.
    const { far } = LINKS.find(({ place }) => place === 'client') as Link;
    await node.run(`ip route add default via ${far.ipv4[0]}\nip -6 route add default via ${far.ipv6[0]}`);
    for (const { place, far: addresses } of LINKS.filter((link) => link.place !== 'client')) {
      for (const address of [...addresses.ipv4, ...addresses.ipv6]) {
        await this.listen(place, 'tcp', address, 8080);
        await this.listen(place, 'udp', address, 8081);
      }
    }
    await this.at('client').run(`ip addr add ${ELSEWHERE.ipv4}/32 dev lo
      ip -6 addr add ${ELSEWHERE.ipv6}/128 dev lo nodad`);
    for (const protocol of ['tcp', 'udp'] as const) {
      for (const family of ['ipv4', 'ipv6'] as const) {
        await this.listen('node', protocol, NODE_ADDRESSES[family][2] as string, 7000);
        await this.listen('client', protocol, ELSEWHERE[family], 7000);
      }
    }
  }

  private async join({ place, near, far }: Link): Promise<void> {
    const worker = this.at(place);
    await this.at('node').run(`ip link add ${place} type veth peer name eth0 netns ${worker.pid}
      ip link set ${place} up
      ip addr add ${near.ipv4}/32 dev ${place}
      ip -6 addr add ${near.ipv6}/128 dev ${place} nodad`);
    await worker.run(`${SYSCTLS}
      ip link set eth0 up
      ${far.ipv4.map((address) => `ip addr add ${address}/32 dev eth0`).join('\n')}
      ${far.ipv6.map((address) => `ip -6 addr add ${address}/128 dev eth0 nodad`).join('\n')}
      ip route add ${near.ipv4} dev eth0 src ${far.ipv4[0]}
      ip route add default via ${near.ipv4}
      ip -6 route add ${near.ipv6} dev eth0
      ip -6 route add default via ${near.ipv6}`);
    await this.at('node').run(`${far.ipv4.map((address) => `ip route add ${address} dev ${place}`).join('\n')}
      ${far.ipv6.map((address) => `ip -6 route add ${address} dev ${place}`).join('\n')}`);
  }

  private at(place: Place): Worker {
    return this.workers.get(place) as Worker;
  }

  private async listen(place: Place, protocol: Protocol, address: string, port: number): Promise<void> {
    const { error } = await this.at(place).ask({ kind: 'listen', protocol, address, port });
    if (error !== undefined) throw new Error(`${place} cannot listen on ${address} ${port}: ${error}`);
  }

  /** Loads rules on the node, by a command that reads them from stdin. */
  load(command: string, rules: string): Promise<void> {
    return this.at('node').run(command, rules);
  }

  /** Starts a program on the node; whoever starts it ends it. */
  spawnOnNode(command: string, args: readonly string[]): ChildProcess {
    return this.at('node').spawn(command, args);
  }

  connect(from: Place, connection: Connection): Promise<Reply> {
    return this.at(from).ask({ kind: 'connect', ...connection });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
  }
}

/** As kube-proxy and network plugins set them; rejections are not to be held back. */
const SYSCTLS = `ip link set lo up
  for all in all default; do
    echo 0 >/proc/sys/net/ipv4/conf/$all/rp_filter
    echo 1 >/proc/sys/net/ipv4/conf/$all/route_localnet
    echo 0 >/proc/sys/net/ipv4/conf/$all/send_redirects
    echo 0 >/proc/sys/net/ipv6/conf/$all/accept_dad
  done
  echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
  echo 0 >/proc/sys/net/ipv6/icmp/ratelimit`;
