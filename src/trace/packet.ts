/**
 * What is traced: one packet, and the node that it comes to. In: what the caller knows of both. Out: the same with its
 * addresses read. Stands for the part of the kernel's state that no rule holds.
 */
import {
  type CIDR,
  containsIP,
  formatIP,
  type IPBytes,
  isLoopback,
  parseCIDR,
  parseIP,
} from '../shared/ip.ts';

/** The first packet of a connection unless `connection` says otherwise. What is absent is unknown. */
export interface Packet {
  readonly protocol: 'tcp' | 'udp' | 'sctp' | 'other';
  readonly source: string;
  readonly sourcePort?: number;
  /** Of the same family as `source`. */
  readonly destination: string;
  /** Needed for all protocols but `other`. */
  readonly destinationPort?: number;
  /** Made on this host, or come in by a device, a Pod's included; its name may be unknown. */
  readonly arrival: { readonly kind: 'host' } | { readonly kind: 'device'; readonly name?: string };
  /** Whether it came in by a port of a bridge that hands its packets to iptables. */
  readonly bridged?: boolean;
  /** Default: `NEW`. */
  readonly connection?: 'NEW' | 'ESTABLISHED' | 'INVALID';
  /** What became of the first packet of an `ESTABLISHED` connection; default: it was not translated. */
  readonly translation?: {
    readonly destination?: Socket;
    readonly source?: SourceTranslation;
  };
  /** The lists of `-m recent` that hold the source. Default: none. */
  readonly recent?: readonly RecentEntry[];
  /** Default: 0. */
  readonly mark?: number;
}

export interface Socket {
  readonly address: string;
  /** Absent for protocols without ports. */
  readonly port?: number;
}

export interface RecentEntry {
  readonly list: string;
  readonly secondsAgo: number;
}

export type SourceTranslation =
  | { readonly kind: 'unchanged' }
  /** An address of the device by which the packet leaves. */
  | { readonly kind: 'masquerade' }
  /** `to` as the rule has it. */
  | { readonly kind: 'snat'; readonly to: string };

export const UNCHANGED: SourceTranslation = { kind: 'unchanged' };

export interface Host {
  /** The addresses on its interfaces. 127.0.0.0/8 and ::1 are local everywhere and need not be named. */
  readonly addresses: readonly string[];
  /** Networks that are local as a whole, such as those of `ip route add local`. */
  readonly localNetworks?: readonly string[];
  /** By which device what is reached; the longest prefix counts. Destinations that none covers leave by an unknown device. */
  readonly routes?: readonly Route[];
}

export interface Route {
  readonly network: string;
  readonly device: string;
}

/** A host, quick to ask. */
export interface PreparedHost {
  readonly isLocal: (address: IPBytes) => boolean;
  /** Undefined if unknown. */
  readonly deviceTo: (address: IPBytes) => string | undefined;
}

/** @throws Error for text that is no address or network. */
export function prepareHost(host: Host): PreparedHost {
  const addresses = new Set(host.addresses.map((text) => formatIP(readIP(text))));
  const networks = (host.localNetworks ?? []).map(readCIDR);
  const routes = (host.routes ?? [])
    .map(({ network, device }) => ({ network: readCIDR(network), device }))
    .sort((a, b) => b.network.prefixLength - a.network.prefixLength);
  const isLocal = (address: IPBytes): boolean =>
    isLoopback(address) ||
    addresses.has(formatIP(address)) ||
    networks.some((network) => containsIP(network, address));
  const deviceTo = (address: IPBytes): string | undefined =>
    isLocal(address) ? 'lo' : routes.find(({ network }) => containsIP(network, address))?.device;
  return { isLocal, deviceTo };
}

/** @throws Error for text that is no address. */
export function readIP(text: string): IPBytes {
  const ip = parseIP(text);
  if (ip === undefined) throw new Error(`not an IP address: ${JSON.stringify(text)}`);
  return ip;
}

function readCIDR(text: string): CIDR {
  const cidr = parseCIDR(text);
  if (cidr === undefined) throw new Error(`not a network: ${JSON.stringify(text)}`);
  return cidr;
}
