/**
 * Addresses and CIDRs as the kernel has them. In: addresses and CIDRs as kube-proxy writes them. Out: as `nft list` prints
 * them, nftables 1.0.6. A set of networks without a name is merged by nft: what overlaps or touches is one interval,
 * printed as a CIDR where it is one.
 */
import { type CIDR, formatNtop, type IPBytes, lastAddress, parseCIDR, parseIP } from '../../shared/ip.ts';

/** Only addresses with a colon have more than one spelling. @throws Error for what is no network. */
export function spellNetwork(text: string): string {
  const slash = text.indexOf('/');
  if (slash < 0) return spellAddress(text);
  const address = spellAddress(text.slice(0, slash));
  const isHost = text.endsWith(address.includes(':') ? '/128' : '/32');
  return isHost ? address : `${address}${text.slice(slash)}`;
}

/** @throws Error for what is no address. */
export function spellAddress(text: string): string {
  if (!text.startsWith('::')) return text;
  const ip = parseIP(text);
  if (ip === undefined) throw new Error(`${JSON.stringify(text)} is not an IP address`);
  return formatNtop(ip);
}

interface Interval {
  readonly first: bigint;
  readonly last: bigint;
}

/** Sorted and merged. @throws Error for what is no network. */
export function mergeNetworks(networks: readonly string[]): readonly string[] {
  const parsed = networks.map(readNetwork);
  const size = parsed[0]?.network.length ?? 4;
  const intervals = parsed.map(
    (cidr): Interval => ({ first: toNumber(cidr.network), last: toNumber(lastAddress(cidr)) }),
  );
  intervals.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Interval[] = [];
  for (const { first, last } of intervals) {
    const before = merged.at(-1);
    if (before === undefined || first > before.last + 1n) merged.push({ first, last });
    else if (last > before.last) merged[merged.length - 1] = { first: before.first, last };
  }
  return merged.map((interval) => spellInterval(interval, size));
}

function readNetwork(text: string): CIDR {
  const ip = parseIP(text);
  const cidr = ip === undefined ? parseCIDR(text) : { network: ip, prefixLength: 8 * ip.length };
  if (cidr === undefined) throw new Error(`${JSON.stringify(text)} is not a network`);
  return cidr;
}

function spellInterval({ first, last }: Interval, size: number): string {
  const start = formatNtop(toBytes(first, size));
  if (first === last) return start;
  const count = last - first + 1n;
  const isCIDR = (count & (count - 1n)) === 0n && first % count === 0n;
  if (!isCIDR) return `${start}-${formatNtop(toBytes(last, size))}`;
  return `${start}/${8 * size - (count.toString(2).length - 1)}`;
}

function toNumber(ip: IPBytes): bigint {
  let value = 0n;
  for (const byte of ip) value = (value << 8n) | BigInt(byte);
  return value;
}

function toBytes(value: bigint, size: number): IPBytes {
  const bytes = new Uint8Array(size);
  for (let i = size - 1, rest = value; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 255n);
  return bytes;
}
