/**
 * The resolver of the C library, in a network and mount namespace of its own with a resolv.conf of its own. In: a resolv.conf, names, and a
 * function that answers for the name server. Out: the names that were asked for, in their order, and the addresses found.
 */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { DnsRecord } from '../../src/discovery/dns/record.ts';
import { parseIP } from '../../src/shared/ip.ts';

export const SERVER = '127.0.0.1';

export type AddressType = 'A' | 'AAAA';

/** Undefined says that the name does not exist. */
export type NameServer = (name: string, type: AddressType) => readonly DnsRecord[] | undefined;

export interface Lookup {
  /** Absolute. */
  readonly asked: readonly string[];
  /** Sorted, without repetitions. */
  readonly addresses: readonly string[];
}

const TYPES = { A: 1, AAAA: 28, CNAME: 5 } as const;
const DATABASES = { A: 'ahostsv4', AAAA: 'ahostsv6', both: 'ahosts' } as const;

/** getent asks for IPv6 addresses only where an interface has one. */
const SETUP = `
  mount --bind "$2" /etc/resolv.conf
  ip link set lo up
  ip link add eth0 type veth peer name eth1
  ip link set eth0 up
  ip link set eth1 up
  ip address add 10.244.0.2/24 dev eth0
  ip address add fd00:10:244::2/64 dev eth0 nodad
  exec "$3" "$1" ${SERVER} "$2"`;

const FLAGS = ['-n', '-m', '--propagation', 'private', 'sh', '-ec'] as const;

/** Why no resolver can be asked on this machine, or undefined where it can. */
export function probeResolver(): string | undefined {
  if (process.platform !== 'linux') return `not Linux but ${process.platform}`;
  if (process.getuid?.() !== 0) return 'not root';
  const script = 'getent --version | grep -qE "GNU|GLIBC" && mount --bind /dev/null /etc/resolv.conf';
  const { error, status, stderr } = spawnSync('unshare', [...FLAGS, script], { encoding: 'utf8' });
  if (error) return error.message;
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1) || 'no getent of glibc';
}

interface Line {
  readonly kind: 'ready' | 'configured' | 'found' | 'question';
  readonly text?: string;
  readonly message?: string;
  readonly port?: number;
}

export class Resolver {
  private readonly folder = mkdtempSync(join(tmpdir(), 'svcrules-resolver-'));
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly ended: Promise<unknown>;
  private readonly answer: NameServer;
  private awaited: ((text: string) => void) | undefined;
  private asked: { readonly name: string; readonly type: number }[] = [];

  constructor(answer: NameServer) {
    this.answer = answer;
    const file = join(this.folder, 'resolv.conf');
    writeFileSync(file, '');
    const worker = join(import.meta.dirname, 'resolver-worker.js');
    this.child = spawn('unshare', [...FLAGS, SETUP, 'sh', worker, file, process.execPath], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.ended = new Promise((resolve) => this.child.on('exit', resolve));
  }

  async start(): Promise<void> {
    const ready = this.next();
    createInterface({ input: this.child.stdout }).on('line', (line) => this.hear(JSON.parse(line)));
    await ready;
  }

  async configure(text: string): Promise<void> {
    await this.command({ kind: 'configure', text });
  }

  async lookUp(name: string, type: AddressType | 'both'): Promise<Lookup> {
    this.asked = [];
    const text = await this.command({ kind: 'look-up', name, database: DATABASES[type] });
    const found = text.split('\n').flatMap((line) => line.split(' ')[0] || []);
    // For want of IPv6 addresses getent asks for IPv4 ones, too. Who wants both asks for the IPv4 ones first.
    const counted = type === 'AAAA' ? TYPES.AAAA : TYPES.A;
    return {
      asked: this.asked.filter((question) => question.type === counted).map((question) => question.name),
      addresses: [...new Set(found)].filter((address) => !address.startsWith('::ffff:')).sort(),
    };
  }

  async stop(): Promise<void> {
    this.child.stdin.end();
    await this.ended;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private next(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.awaited = resolve;
      this.ended.then((status) => reject(new Error(`the namespace ended with ${status}`)));
    });
  }

  private command(command: object): Promise<string> {
    const next = this.next();
    this.child.stdin.write(`${JSON.stringify(command)}\n`);
    return next;
  }

  private hear(line: Line): void {
    if (line.kind !== 'question') {
      this.awaited?.(line.text ?? '');
      return;
    }
    const question = Buffer.from(line.message ?? '', 'base64');
    const { name, type, end } = readQuestion(question);
    this.asked.push({ name, type });
    const records = this.answer(name, type === TYPES.A ? 'A' : 'AAAA');
    const message = answerMessage(question.subarray(0, end), records).toString('base64');
    this.child.stdin.write(`${JSON.stringify({ kind: 'answer', message, port: line.port })}\n`);
  }
}

function readQuestion(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  while (message[at] !== 0) {
    const end = at + 1 + (message[at] ?? 0);
    labels.push(message.toString('latin1', at + 1, end));
    at = end;
  }
  return { name: `${labels.join('.')}.`, type: message.readUInt16BE(at + 1), end: at + 5 };
}

const NXDOMAIN = 3;

/** The head with the question, as it came, becomes that of the answer. */
function answerMessage(question: Buffer, records: readonly DnsRecord[] | undefined): Buffer {
  const head = Buffer.from(question);
  head.writeUInt16BE(0x8180 | (records === undefined ? NXDOMAIN : 0), 2);
  head.writeUInt16BE(records?.length ?? 0, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...(records ?? []).map(recordBytes)]);
}

function recordBytes(record: DnsRecord): Buffer {
  const data = dataBytes(record);
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(TYPES[record.kind as keyof typeof TYPES], 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([nameBytes(record.name), fixed, data]);
}

/** Answers to questions for addresses have nothing else. */
function dataBytes(record: DnsRecord): Buffer {
  if (record.kind === 'CNAME') return nameBytes(record.target);
  if (record.kind === 'A' || record.kind === 'AAAA') return Buffer.from(parseIP(record.address) ?? []);
  throw new Error(`a record ${record.kind} among addresses`);
}

function nameBytes(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
    Buffer.from([0]),
  ]);
}
