/**
 * All rules of a node for one family, of whatever mode, ready to be followed. In: what was read of the host, or compiled, and
 * the host. Out: a function from a packet to all that can become of it.
 */
import type { SavedDump } from '../backends/iptables/saved.ts';
import { prepareRules } from './iptables/prepare.ts';
import { trace } from './iptables/trace.ts';
import type { Outcome } from './outcome.ts';
import type { Host, Packet } from './packet.ts';

export type NodeRules = IptablesRules;

export interface IptablesRules {
  readonly kind: 'iptables';
  readonly dump: SavedDump;
}

export type Follow = (packet: Packet) => Outcome[];

export function followRules(rules: NodeRules, host: Host): Follow {
  const prepared = prepareRules(rules.dump, host);
  return (packet) => trace(prepared, packet);
}
