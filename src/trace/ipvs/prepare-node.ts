/**
 * A node in mode ipvs, ready to be followed. In: what its kernel's tools print, of one family or of both, and the host. Out: rules
 * for the tracer of iptables, which has the ipsets and the virtual servers with it.
 */
import type { SavedDump } from '../../backends/iptables/saved.ts';
import type { BoundAddress, ListedIPSets, ListedServers } from '../../backends/ipvs/listed.ts';
import { type PreparedRules, prepareRules } from '../iptables/prepare.ts';
import type { Host } from '../packet.ts';
import { prepareBalancer } from './balance.ts';
import { setLookup } from './set-lookup.ts';

export interface IpvsNode {
  /** Of one family. */
  readonly dump: SavedDump;
  readonly sets: ListedIPSets;
  readonly servers: ListedServers;
  /** Those on the dummy device: packets to them are the host's own. */
  readonly bound: readonly Pick<BoundAddress, 'address'>[];
}

/**
 * Prepares a node for `trace`.
 * @param host its addresses need not hold those that are bound.
 * @throws Error if the host has text that is no address or network.
 */
export function prepareIpvsNode({ dump, sets, servers, bound }: IpvsNode, host: Host): PreparedRules {
  const addresses = [...host.addresses, ...bound.map(({ address }) => address)];
  return prepareRules(dump, { ...host, addresses }, setLookup(sets), prepareBalancer(servers));
}
