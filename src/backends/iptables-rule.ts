/**
 * iptables rules, typed the way the kernel holds them: header fields (what `ipt_entry` has), then matches in order,
 * then a target. The same types serve what is compiled and what is printed; they are plain data.
 */

export interface Rule {
  readonly source?: AddressMatch;
  readonly destination?: AddressMatch;
  readonly inInterface?: InterfaceMatch;
  readonly protocol?: TransportProtocol;
  readonly matches: readonly Match[];
  /** A rule without a target only counts, or only carries a comment. */
  readonly target?: Target;
}

export type TransportProtocol = 'tcp' | 'udp' | 'sctp';

export interface AddressMatch {
  /** An address or a CIDR, spelled as kube-proxy spells it. */
  readonly address: string;
  readonly negated?: true;
}

export interface InterfaceMatch {
  /** A name, or a prefix of names followed by `+`. */
  readonly name: string;
  readonly negated?: true;
}

export type Match =
  | { readonly kind: 'comment'; readonly text: string }
  /** The protocol's own match (`-m tcp`); the protocol itself stands in the rule's header. */
  | { readonly kind: 'transport'; readonly protocol: TransportProtocol; readonly destinationPort?: number }
  | { readonly kind: 'addrtype'; readonly side: 'source' | 'destination'; readonly negated?: true }
  | { readonly kind: 'conntrack'; readonly states: readonly ConntrackState[]; readonly negated?: true }
  /** The older name of `conntrack`, which the userspace mode still writes. */
  | { readonly kind: 'state'; readonly states: readonly ConntrackState[] }
  | { readonly kind: 'mark'; readonly mark: number; readonly negated?: true }
  /** Matches at random, once in `oneIn` packets; `digits` is how many decimals kube-proxy writes. */
  | { readonly kind: 'statistic'; readonly oneIn: number; readonly digits: number }
  | { readonly kind: 'recent-check'; readonly list: string; readonly seconds: number }
  | { readonly kind: 'recent-set'; readonly list: string }
  | { readonly kind: 'nfacct'; readonly counter: string }
  /** The packet came in through a bridge port. */
  | { readonly kind: 'physdev-is-in'; readonly negated?: true }
  /** The packet is in an ipset; `dimensions` says which of its sides is compared with each part of an entry. */
  | { readonly kind: 'set'; readonly set: string; readonly dimensions: readonly ('src' | 'dst')[] }
  /** The connection goes through this virtual server. */
  | {
      readonly kind: 'ipvs';
      readonly address: string;
      readonly protocol: TransportProtocol;
      readonly port: number;
    };

export type ConntrackState = 'INVALID' | 'NEW' | 'RELATED' | 'ESTABLISHED' | 'DNAT';

export type Target =
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'accept' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'return' }
  | { readonly kind: 'reject' }
  /** `to` is `10.0.0.1:80` or `[fd00::1]:80`. */
  | { readonly kind: 'dnat'; readonly to: string }
  /** To a port of this host, at the address of the interface that the packet came in by. */
  | { readonly kind: 'redirect'; readonly toPort: number }
  | { readonly kind: 'masquerade'; readonly randomFully: boolean }
  /** Sets or flips the bits of `mark`. */
  | { readonly kind: 'mark'; readonly operation: 'or' | 'xor' | 'set'; readonly mark: number };

export const ACCEPT: Target = { kind: 'accept' };
export const DROP: Target = { kind: 'drop' };
export const RETURN: Target = { kind: 'return' };
export const REJECT: Target = { kind: 'reject' };

export function jump(chain: string): Target {
  return { kind: 'jump', chain };
}

export function comment(text: string): Match {
  return { kind: 'comment', text };
}
