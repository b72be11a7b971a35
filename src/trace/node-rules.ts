/**
 * All rules of a node for one family, of whatever mode. In: what was compiled, or read of a host, and the host. Out: a
 * function from a packet to all that can become of it, and the chains that there are.
 */
import { parseSaved } from '../backends/iptables/parse.ts';
import type { SavedDump } from '../backends/iptables/saved.ts';
import { prepareRules } from './iptables/prepare.ts';
import { trace } from './iptables/trace.ts';
import type { Outcome } from './outcome.ts';
import type { Host, Packet } from './packet.ts';

export type NodeRules = IptablesRules;

export interface IptablesRules {
  readonly kind: 'iptables';
  /** As `iptables-save` prints them. */
  readonly text: string;
  /** Read where there is need. */
  readonly dump: SavedDump;
}

export function iptablesRules(text: string): IptablesRules {
  let dump: SavedDump | undefined;
  return {
    kind: 'iptables',
    text,
    get dump() {
      dump ??= parseSaved(text);
      return dump;
    },
  };
}

/** @returns every outcome once, the most likely first; never empty. */
export type Follow = (packet: Packet) => readonly Outcome[];

export function followRules(rules: NodeRules, host: Host): Follow {
  const prepared = prepareRules(rules.dump, host);
  return (packet) => trace(prepared, packet);
}

/** In the order in which they stand. */
export function chainNames(rules: NodeRules): readonly string[] {
  return rules.dump.parts.flatMap((part) =>
    part.kind === 'table'
      ? part.entries.flatMap((entry) => (entry.kind === 'chain' ? [entry.name] : []))
      : [],
  );
}
