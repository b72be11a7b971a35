/**
 * Compares what the tracer says of a connection with what becomes of it. In: a tracer of rules, a network that has them
 * loaded, and a packet. Out: the outcome that happened, or what is wrong.
 */
import { fractionToNumber } from '../../src/trace/fraction.ts';
import type { Outcome, Verdict } from '../../src/trace/outcome.ts';
import type { Packet, RecentEntry } from '../../src/trace/packet.ts';
import {
  type Family,
  type Network,
  NODE_ADDRESSES,
  type Place,
  type Protocol,
  type Reply,
} from './trace-network.ts';

/** Of a cluster IP that has other ports. */
export const UNSERVED_PORT = 81;

export interface Flow {
  /** For messages. */
  readonly service: string;
  readonly place: Place;
  readonly family: Family;
  readonly packet: Packet;
}

/** What a tracer says of packets under the rules that are loaded. */
export type Tracer = (packet: Packet) => readonly Outcome[];

/** Whether a reply is what a verdict says. */
export function agrees(reply: Reply, verdict: Verdict, { family, packet }: Flow): boolean {
  switch (verdict.kind) {
    case 'delivered': {
      const { destination, source } = verdict;
      const [server, port, peer = ''] = reply.answer?.split(' ') ?? [];
      // Nobody has the address of a Service: what the rules pass on untranslated is lost behind the node. kube-proxy does
      // not reject connections of the node itself to external addresses of a Service without endpoints.
      if (destination.port === 80 || destination.port === UNSERVED_PORT) return reply.error === 'timeout';
      if (verdict.local && destination.port !== 7000) return reply.error === 'ECONNREFUSED';
      if (server !== destination.address || port !== `${destination.port}`) return false;
      if (source.kind === 'masquerade') return NODE_ADDRESSES[family].includes(peer);
      return peer === (source.kind === 'snat' ? source.to : packet.source);
    }
    case 'rejected':
      return reply.error === 'ECONNREFUSED';
    case 'dropped':
      // Of its own packets of UDP, a process hears that they were dropped.
      return reply.error === 'timeout' || (packet.arrival.kind === 'host' && reply.error === 'EPERM');
    case 'cannot-tell':
      return false;
    default:
      return verdict satisfies never;
  }
}

export function predict(
  trace: Tracer,
  { packet }: Flow,
  recent: readonly RecentEntry[] = [],
): readonly Outcome[] {
  return trace({ ...packet, recent });
}

export function send(network: Network, { place, packet }: Flow, patience: number): Promise<Reply> {
  const { protocol, source, destination: address, destinationPort } = packet;
  const port = destinationPort as number;
  return network.connect(place, { protocol: protocol as Protocol, source, address, port, patience });
}

/** Sends one packet. @returns what is wrong with it, or the outcome that it had. */
export async function judge(
  network: Network,
  trace: Tracer,
  flow: Flow,
  recent?: readonly RecentEntry[],
): Promise<{ wrong?: string; outcome?: Outcome }> {
  const outcomes = predict(trace, flow, recent);
  // Where no answer is expected, a wrong one would come at once.
  const answered = outcomes.every(({ verdict }) => !agrees({ error: 'timeout' }, verdict, flow));
  const reply = await send(network, flow, answered ? 10_000 : 400);
  const outcome = outcomes.find(({ verdict }) => agrees(reply, verdict, flow));
  if (outcome !== undefined) return { outcome };
  return { wrong: JSON.stringify({ ...flow, reply, verdicts: outcomes.map(({ verdict }) => verdict) }) };
}

/** How far counts of outcomes are from their shares. */
export function chiSquared(outcomes: readonly Outcome[], counts: readonly number[]): number {
  const all = counts.reduce((sum, count) => sum + count, 0);
  return outcomes
    .map(({ fraction }, i) => ({ expected: all * fractionToNumber(fraction), count: counts[i] as number }))
    .reduce((sum, { expected, count }) => sum + (count - expected) ** 2 / expected, 0);
}
