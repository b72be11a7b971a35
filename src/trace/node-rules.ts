/**
 * All rules of a node for one family, of whatever mode. In: what was compiled, or read of a host, and the host. Out: a
 * function from a packet to all that can become of it, and the chains that there are.
 */
import { parseSaved } from '../backends/iptables/parse.ts';
import type { SavedDump } from '../backends/iptables/saved.ts';
import type { BoundAddresses, ListedIPSets, ListedServers } from '../backends/ipvs/listed.ts';
import type { ListedRuleset } from '../backends/nftables/listed.ts';
import { prepareRules } from './iptables/prepare.ts';
import { trace } from './iptables/trace.ts';
import { prepareIpvsNode } from './ipvs/prepare-node.ts';
import { prepareListed } from './nftables/prepare.ts';
import { traceListed } from './nftables/trace.ts';
import type { Outcome } from './outcome.ts';
import type { Host, Packet } from './packet.ts';

export type NodeRules = IptablesRules | IpvsRules | NftablesRules;

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

/** To which kube-proxy binds the addresses of Services. */
export const DUMMY_DEVICE = 'kube-ipvs0';

export interface IpvsRules {
  readonly kind: 'ipvs';
  readonly iptables: IptablesRules;
  /** These three are of both families. */
  readonly servers: ListedServers;
  readonly sets: ListedIPSets;
  /** Also those of other devices. */
  readonly bound: BoundAddresses;
}

export interface NftablesRules {
  readonly kind: 'nftables';
  /** Of both families, with the tables of others. */
  readonly listed: ListedRuleset;
}

/** @returns every outcome once, the most likely first; never empty. */
export type Follow = (packet: Packet) => readonly Outcome[];

export function followRules(rules: NodeRules, host: Host): Follow {
  switch (rules.kind) {
    case 'iptables': {
      const prepared = prepareRules(rules.dump, host);
      return (packet) => trace(prepared, packet);
    }
    case 'ipvs': {
      const { iptables, servers, sets, bound } = rules;
      const own = bound.addresses.filter(({ device }) => device === DUMMY_DEVICE);
      const prepared = prepareIpvsNode({ dump: iptables.dump, sets, servers, bound: own }, host);
      return (packet) => trace(prepared, packet);
    }
    case 'nftables': {
      const prepared = prepareListed(rules.listed, host);
      return (packet) => traceListed(prepared, packet);
    }
    default:
      return rules satisfies never;
  }
}

/** In the order in which they stand. */
export function chainNames(rules: NodeRules): readonly string[] {
  switch (rules.kind) {
    case 'iptables':
      return rules.dump.parts
        .flatMap((part) => (part.kind === 'table' ? part.entries : []))
        .flatMap((entry) => (entry.kind === 'chain' ? [entry.name] : []));
    case 'ipvs':
      return chainNames(rules.iptables);
    case 'nftables':
      return rules.listed.tables.flatMap(({ chains }) => chains.map(({ name }) => name));
    default:
      return rules satisfies never;
  }
}
