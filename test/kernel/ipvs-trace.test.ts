/**
 * A kernel with IPVS as the judge of the tracer: connections from Pods, from outside and from the node itself end where the
 * tracer says, by what the node's own tools print. The kernel is user-mode-linux; that takes its time, so it is done only
 * with SVCRULES_REQUIRE_UML=1 (`npm run test:uml`), and then its absence is a failure.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { parseIPAddresses } from '../../src/backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../../src/backends/ipvs/parse-ipset.ts';
import { parseListedServers, parseSavedServers } from '../../src/backends/ipvs/parse-ipvsadm.ts';
import { printIPSets, printServers } from '../../src/backends/ipvs/print-listed.ts';
import { fractionToNumber } from '../../src/trace/fraction.ts';
import type { PreparedRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { prepareIpvsNode } from '../../src/trace/ipvs/prepare-node.ts';
import type { Outcome } from '../../src/trace/outcome.ts';
import type { Packet, RecentEntry } from '../../src/trace/packet.ts';
import { affinityOf } from '../../src/trace/trace-host.ts';
import { inputFlags, runCaptured } from '../support/compile-cluster.ts';
import { probeUml, runInUml } from '../support/uml.ts';
import { CALLS, CONFIGURATION, cluster, MASQUERADED, MORE, SERVERS } from './ipvs-trace-cluster.ts';

const reason = probeUml();
if (reason !== undefined) process.stderr.write(`no connections through IPVS: ${reason}\n`);
if (process.env.SVCRULES_REQUIRE_UML === '1') {
  it('runs here', () => {
    expect(reason).toBeUndefined();
  });
}

interface Answered {
  readonly call: string;
  readonly source: string;
  readonly answers: readonly string[];
}

/** What a client is told of an outcome, and the share of it. */
function answersOf(outcomes: readonly Outcome[], packet: Packet): ReadonlyMap<string, number> {
  const answers = new Map<string, number>();
  for (const { verdict, fraction } of outcomes) {
    const answer = answerOf(verdict, packet);
    answers.set(answer, (answers.get(answer) ?? 0) + fractionToNumber(fraction));
  }
  return answers;
}

const LISTENING: readonly (number | undefined)[] = [8080, 6443, 32_000, 5353];

function answerOf(verdict: Outcome['verdict'], packet: Packet): string {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, local, source } = verdict;
      const { address, port } = destination;
      // On the node, and at a Pod, nobody listens at other ports.
      if (!LISTENING.includes(port)) return 'refused';
      const server = local ? 'node' : SERVERS[address];
      const seen = source.kind === 'unchanged' ? packet.source : MASQUERADED[address];
      return `${server}:${port} ${seen}`;
    }
    case 'rejected':
      return 'refused';
    case 'dropped':
      return 'timeout';
    case 'cannot-tell':
      return `cannot tell: ${verdict.reason}`;
    default:
      return verdict satisfies never;
  }
}

function packetOf({ call, source }: Answered, recent: readonly RecentEntry[]): Packet {
  const [place, protocol, destination, port] = call.split(' ') as [string, 'tcp' | 'udp', string, string];
  return {
    protocol,
    source,
    destination,
    destinationPort: Number(port),
    arrival: place === 'node' ? { kind: 'host' } : { kind: 'device', name: `to-${place}` },
    recent,
  };
}

describe.skipIf(reason !== undefined)('a node with IPVS', () => {
  let work: string;
  let rules: Readonly<Record<4 | 6, PreparedRules>>;
  let answered: readonly Answered[];
  const read = (file: string) => readFileSync(join(work, file), 'utf8');

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'svcrules-ipvs-trace-'));
    writeFileSync(join(work, 'cluster.yaml'), JSON.stringify(cluster()));
    writeFileSync(join(work, 'config.yaml'), JSON.stringify(CONFIGURATION));
    const flags = [...inputFlags(work, { node: 'worker' }), '--mode', 'ipvs', '--artifact', 'ipvs.sh'];
    const { status, stdout, stderr } = await runCaptured(['compile', ...flags]);
    if (status !== 0) throw new Error(stderr);
    writeFileSync(join(work, 'ipvs.sh'), stdout);
    writeFileSync(join(work, 'more.sh'), MORE);
    writeFileSync(join(work, 'calls'), CALLS.map((call) => `${call}\n`).join(''));
    await runInUml(join(import.meta.dirname, 'ipvs-trace.sh'), [work], work);
    const sets = parseIPSets(read('dump.ipset'));
    const servers = parseSavedServers(read('dump.ipvsadm'));
    const bound = parseIPAddresses(read('dump.addresses')).addresses;
    const prepared = (file: string) =>
      prepareIpvsNode({ dump: parseSaved(read(file)), sets, servers, bound }, { addresses: [] });
    rules = { 4: prepared('dump.iptables'), 6: prepared('dump.ip6tables') };
    answered = read('answers')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Answered);
  }, 300_000);
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it('answered every call', () => {
    expect(answered.map(({ call }) => call).sort()).toEqual([...CALLS].sort());
  });

  it('prints what is read and printed back as it was', () => {
    const saved = parseSavedServers(read('dump.ipvsadm'));
    expect(saved.problems).toEqual([]);
    expect(printServers(saved.servers)).toBe(read('dump.ipvsadm'));
    const listed = parseListedServers(read('dump.listed'));
    expect(listed.problems).toEqual([]);
    expect(printServers(listed.servers)).toBe(read('dump.ipvsadm'));
    const sets = parseIPSets(read('dump.ipset'));
    expect(sets.problems).toEqual([]);
    expect(printIPSets(sets.sets)).toBe(read('dump.ipset'));
    expect(parseIPAddresses(read('dump.addresses')).problems).toEqual([]);
  });

  it.each(CALLS)('%s', (call) => {
    const found = answered.find((each) => each.call === call) as Answered;
    const { source, answers } = found;
    const packet = packetOf(found, recentOf(found));
    const outcomes = trace(rules[source.includes(':') ? 6 : 4], packet);
    const expected = answersOf(outcomes, packet);
    if (answers.length === 1) {
      expect([...expected.keys()]).toContain(answers[0]);
      return;
    }
    // rr and wrr deal in turn, so shares are counts; whatever else is called several times has one outcome.
    const shares = new Map<string, number>();
    for (const answer of answers) shares.set(answer, (shares.get(answer) ?? 0) + 1 / answers.length);
    expect(Object.fromEntries(shares)).toEqual(Object.fromEntries(expected));
  });

  /** A second call finds what the first one left: the client's real server. */
  function recentOf({ call, source }: Answered): readonly RecentEntry[] {
    const first = call.replace(/ 5$/, ' 1');
    const before = answered.find((each) => each.call === first);
    if (first === call || before === undefined) return [];
    const packet = packetOf(before, []);
    const taken = trace(rules[source.includes(':') ? 6 : 4], packet).filter(
      ({ verdict }) => answerOf(verdict, packet) === before.answers[0],
    );
    const entry = affinityOf(taken, 1);
    return entry === undefined ? [] : [entry];
  }
});
