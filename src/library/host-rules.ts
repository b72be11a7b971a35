/** The rules of a host as a program hands them over. In: what its tools printed. Out: rules of one family, typed. */
import type { IPFamily } from '../apiserver/objects.ts';
import { parseIPAddresses } from '../backends/ipvs/parse-ip-addr.ts';
import { parseIPSets } from '../backends/ipvs/parse-ipset.ts';
import { parseSavedServers } from '../backends/ipvs/parse-ipvsadm.ts';
import { parseListed } from '../backends/nftables/parse-listed.ts';
import { iptablesRules, type NodeRules } from '../trace/node-rules.ts';

/** A family of which there is no text is not compared. */
export type HostTexts =
  | ({ readonly kind: 'iptables' } & IptablesTexts)
  | ({
      readonly kind: 'ipvs';
      /** `ipvsadm -Sn` */
      readonly servers: string;
      /** `ipset save` */
      readonly sets: string;
      /** `ip addr` */
      readonly addresses: string;
    } & IptablesTexts)
  /** `nft list ruleset` */
  | { readonly kind: 'nftables'; readonly ruleset: string };

export interface IptablesTexts {
  /** `iptables-save` */
  readonly ipv4?: string;
  /** `ip6tables-save` */
  readonly ipv6?: string;
}

/** @returns undefined for a family of which there is no text. */
export function hostRules(texts: HostTexts, family: IPFamily): NodeRules | undefined {
  if (texts.kind === 'nftables') return { kind: 'nftables', listed: parseListed(texts.ruleset) };
  const saved = family === 'IPv4' ? texts.ipv4 : texts.ipv6;
  if (saved === undefined) return undefined;
  const iptables = iptablesRules(saved);
  switch (texts.kind) {
    case 'iptables':
      return iptables;
    case 'ipvs':
      return {
        kind: 'ipvs',
        iptables,
        servers: parseSavedServers(texts.servers),
        sets: parseIPSets(texts.sets),
        bound: parseIPAddresses(texts.addresses),
      };
    default:
      return texts satisfies never;
  }
}
