/** Packets of fixtures/packet-flows, and what becomes of them as the fixtures say it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import type { Outcome } from '../../src/trace/outcome.ts';
import type { Packet } from '../../src/trace/packet.ts';
import { formatVerdict } from './rules.ts';

export const FLOWS = join(import.meta.dirname, '../../fixtures/packet-flows');

export interface Fate {
  /** The endpoints that share the connections equally, or what else becomes of them. */
  readonly outcome: readonly string[] | 'passes' | 'rejected' | 'dropped';
  readonly masquerade?: true;
}

export interface Flow extends Fate {
  readonly name: string;
  readonly from: string;
  readonly arrival: 'host' | 'device';
  /** `10.0.0.1:80` */
  readonly to: string;
  /** Default: tcp. */
  readonly protocol?: Packet['protocol'];
  /** Where another mode does something else, and why. */
  readonly ipvs?: Fate & { readonly why: string };
  readonly nftables?: Fate & { readonly why: string };
}

export function readFlows(name: string): readonly Flow[] {
  return load(readFileSync(join(FLOWS, name, 'flows.yaml'), 'utf8')) as readonly Flow[];
}

export function packetOf({ from, arrival, to, protocol = 'tcp' }: Flow): Packet {
  const [, address = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(to) ?? [];
  return {
    protocol,
    source: from,
    destination: address,
    destinationPort: Number(port),
    arrival: { kind: arrival },
  };
}

/** As a fixture says it. */
export function describeOutcomes(found: readonly Outcome[], to: string): Fate {
  const texts = found.map(({ verdict }) => {
    if (verdict.kind !== 'delivered') return verdict.kind;
    return formatVerdict({ ...verdict, local: false, source: { kind: 'unchanged' } });
  });
  const masquerade = found.some(
    ({ verdict }) => verdict.kind === 'delivered' && verdict.source.kind === 'masquerade',
  );
  const [first] = texts;
  const isAlone = texts.length === 1 && (first === to || !first?.includes(':'));
  const said = isAlone ? (first === to ? 'passes' : first) : texts.sort();
  return { outcome: said as Fate['outcome'], ...(masquerade ? { masquerade } : {}) };
}
