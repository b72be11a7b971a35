/**
 * What `ipvsadm`, `ipset save` and `ip addr` print of a host, typed without loss: virtual servers, ipsets and addresses, whoever
 * made them. What is not understood stays as the text that it was. The parsers beside this file make it, `print-listed.ts`
 * prints it back.
 *
 * `VirtualServer` and `IPSet` are what kube-proxy means, `ListedServer` and `ListedIPSet` what a host has.
 */

/** A line that could not be read, or that the kernel would refuse. */
export interface ListedProblem {
  /** 1-based. */
  readonly line: number;
  readonly text: string;
  readonly problem: string;
}

export interface ListedServers {
  readonly servers: readonly ListedServer[];
  readonly problems: readonly ListedProblem[];
}

export interface ListedIPSets {
  readonly sets: readonly ListedIPSet[];
  readonly problems: readonly ListedProblem[];
}

export interface BoundAddresses {
  readonly addresses: readonly BoundAddress[];
  readonly problems: readonly ListedProblem[];
}

export interface ListedServer {
  readonly kind: 'virtual-server';
  /** 1-based. */
  readonly line: number;
  /** Its own line as `ipvsadm -Sn` prints it, whichever list it was read from. */
  readonly text: string;
  readonly service: ListedService;
  readonly scheduler: string;
  /** 0 where each connection is on its own. */
  readonly persistentSeconds: number;
  /** Clients of one network are one client: a mask of IPv4, a prefix length of IPv6. Absent: each address is a client. */
  readonly netmask?: string;
  /** Persistence engine, such as `sip`. */
  readonly engine?: string;
  /** Each datagram is on its own. */
  readonly onePacket: boolean;
  /** Such as `mh-port`, `sh-fallback`, `flag-1`; empty where none is set that has a name. */
  readonly flags?: readonly string[];
  /** Options that are not understood, as printed. */
  readonly unknown?: string;
  readonly realServers: readonly ListedRealServer[];
}

/** What a packet must have to be for a virtual server. */
export type ListedService =
  | { readonly kind: 'socket'; readonly protocol: 'tcp' | 'udp' | 'sctp'; readonly socket: ListedSocket }
  | { readonly kind: 'mark'; readonly mark: number; readonly family: 'IPv4' | 'IPv6' };

export interface ListedSocket {
  /** In canonical spelling. */
  readonly address: string;
  readonly port: number;
  /** As it was printed, where that is not canonical. */
  readonly spelling?: string;
}

export interface ListedRealServer {
  readonly kind: 'real-server';
  readonly line: number;
  /** As `ipvsadm -Sn` prints it. */
  readonly text: string;
  readonly service: ListedService;
  readonly socket: ListedSocket;
  readonly forwarding: Forwarding;
  /** 0 takes no new connections. */
  readonly weight: number;
  /** Options that are not understood, such as those of tunnels, as printed. */
  readonly unknown?: string;
}

/** `-m`, `-g`, `-i`. */
export type Forwarding = 'masquerade' | 'route' | 'tunnel';

export interface ListedIPSet {
  readonly kind: 'ipset';
  readonly line: number;
  /** The line that creates it. */
  readonly text: string;
  readonly name: string;
  /** `hash:ip,port` */
  readonly type: string;
  /** In their order. */
  readonly options: readonly ListedOption[];
  /** Options from the first one on that is not understood, as printed; empty where the line ends in a blank. */
  readonly unknown?: string;
  readonly entries: readonly ListedSetEntry[];
}

/** `maxelem 65536`, `nomatch`, `comment "…"`. */
export interface ListedOption {
  readonly name: string;
  /** Without the quotes of a comment. */
  readonly value?: string;
}

export interface ListedSetEntry {
  readonly kind: 'set-entry';
  readonly line: number;
  readonly text: string;
  readonly set: string;
  /** As many as the set's type has dimensions. */
  readonly parts: readonly ListedSetPart[];
  /** Packets of this network are not in the set. */
  readonly nomatch: boolean;
  /** Also `nomatch`, in their order. */
  readonly options: readonly ListedOption[];
  readonly unknown?: string;
}

export type ListedSetPart =
  /** An address is a network that is as long as can be. `address` is canonical. */
  | {
      readonly kind: 'network';
      readonly text: string;
      readonly address: string;
      readonly prefixLength: number;
    }
  /** `protocol` is absent in sets of ports alone; of other protocols than these three there are no ports. */
  | {
      readonly kind: 'port';
      readonly text: string;
      readonly protocol?: 'tcp' | 'udp' | 'sctp';
      readonly port: number;
    }
  /** A device, a mark, a name, an address of Ethernet, a type of ICMP. */
  | { readonly kind: 'other'; readonly text: string };

export interface BoundAddress {
  readonly kind: 'bound-address';
  readonly line: number;
  readonly text: string;
  readonly device: string;
  /** In canonical spelling. */
  readonly address: string;
  readonly prefixLength: number;
}
