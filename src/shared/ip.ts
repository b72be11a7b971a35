/**
 * IP address and CIDR arithmetic.
 *
 * Addresses are read as Go's `ParseIPSloppy` reads them (leading zeros in IPv4 octets are decimal) and written as Go's
 * `net.IP.String` writes them (RFC 5952); the kernel's tools write a few IPv6 addresses otherwise, see `formatNtop`.
 */

/** 4 bytes for IPv4 (IPv4-mapped IPv6 addresses included, as in Go), 16 bytes for IPv6. */
export type IPBytes = Uint8Array;

export interface CIDR {
  /** The network address: host bits are zero. */
  readonly network: IPBytes;
  readonly prefixLength: number;
}

/** Returns undefined for anything that is not an address, zones (`fe80::1%eth0`) included. */
export function parseIP(text: string): IPBytes | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

function parseIPv4(text: string): IPBytes | undefined {
  const bytes = new Uint8Array(4);
  let octet = 0;
  let value = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      value = value * 10 + code - 48;
      digits++;
      if (value > 255) return undefined;
    } else if (code === 46 && digits > 0 && octet < 3) {
      bytes[octet++] = value;
      value = 0;
      digits = 0;
    } else return undefined;
  }
  if (octet !== 3 || digits === 0) return undefined;
  bytes[3] = value;
  return bytes;
}

function parseIPv6(text: string): IPBytes | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0] as string, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1] as string, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const length = head.length + tail.length;
  if (halves.length === 2 ? length > 14 : length !== 16) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return isIPv4Mapped(bytes) ? bytes.slice(12) : bytes;
}

/** Bytes of `a:b:c`, whose last group may be dotted IPv4 if `atEnd`. */
function parseGroups(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [i, group] of groups.entries()) {
    if (atEnd && i === groups.length - 1 && group.includes('.')) {
      const dotted = parseIPv4(group);
      if (dotted === undefined) return undefined;
      bytes.push(...dotted);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    }
  }
  return bytes;
}

function isIPv4Mapped(bytes: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (bytes[i] !== 0) return false;
  return bytes[10] === 255 && bytes[11] === 255;
}

/** The canonical spelling: `10.0.0.1`, `fd00::1`. */
export function formatIP(ip: IPBytes): string {
  return ip.length === 4 ? formatIPv4(ip, 0) : formatIPv6(ip);
}

/**
 * The spelling of glibc's `inet_ntop`, which the netfilter tools print. It differs from `formatIP` where an address
 * starts with 96 zero bits: `::1.2.3.4` for `::102:304`.
 */
export function formatNtop(ip: IPBytes): string {
  if (ip.length === 4) return formatIPv4(ip, 0);
  const zeros = longestZeroRun(ip);
  if (zeros?.start === 0 && zeros.length === 6) return `::${formatIPv4(ip, 12)}`;
  return formatIPv6(ip);
}

function formatIPv4(bytes: IPBytes, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** The longest run of at least two zero groups, the first of equals. */
function longestZeroRun(ip: IPBytes): { start: number; length: number } | undefined {
  let best: { start: number; length: number } | undefined;
  let start = 0;
  for (let group = 0; group <= 8; group++) {
    if (group < 8 && ip[2 * group] === 0 && ip[2 * group + 1] === 0) continue;
    const length = group - start;
    if (length >= 2 && length > (best?.length ?? 0)) best = { start, length };
    start = group + 1;
  }
  return best;
}

function formatIPv6(ip: IPBytes): string {
  const zeros = longestZeroRun(ip);
  let text = '';
  for (let group = 0; group < 8; group++) {
    if (zeros !== undefined && group === zeros.start) {
      text += '::';
      group += zeros.length - 1;
      continue;
    }
    if (text !== '' && !text.endsWith('::')) text += ':';
    text += (((ip[2 * group] as number) << 8) | (ip[2 * group + 1] as number)).toString(16);
  }
  return text;
}

/** Reads `10.0.0.0/8`; host bits are cleared. Undefined for anything else. */
export function parseCIDR(text: string): CIDR | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const address = text.slice(0, slash);
  const prefix = text.slice(slash + 1);
  const ip = parseIP(address);
  if (ip === undefined || !/^[0-9]{1,3}$/.test(prefix)) return undefined;
  let prefixLength = Number(prefix);
  const bits = address.includes(':') ? 128 : 32;
  if (prefixLength > bits) return undefined;
  if (bits === 128 && ip.length === 4) {
    // An IPv4-mapped network: Go keeps the 128-bit mask, so only its last 32 bits count.
    prefixLength = Math.max(0, prefixLength - 96);
  }
  return { network: mask(ip, prefixLength), prefixLength };
}

function mask(ip: IPBytes, prefixLength: number): IPBytes {
  const network = new Uint8Array(ip.length);
  for (let i = 0; i < ip.length; i++) network[i] = (ip[i] as number) & octetMask(prefixLength, i);
  return network;
}

/** The bits of an address's octet that belong to its network. */
function octetMask(prefixLength: number, index: number): number {
  const bits = Math.min(8, Math.max(0, prefixLength - 8 * index));
  return (0xff << (8 - bits)) & 0xff;
}

export function formatCIDR({ network, prefixLength }: CIDR): string {
  return `${formatIP(network)}/${prefixLength}`;
}

/** Addresses of the other family are never contained. */
export function containsIP({ network, prefixLength }: CIDR, ip: IPBytes): boolean {
  if (network.length !== ip.length) return false;
  for (let i = 0; i < ip.length; i++) {
    if (((ip[i] as number) & octetMask(prefixLength, i)) !== network[i]) return false;
  }
  return true;
}

/** Whether two addresses are the same. */
export function equalIPs(a: IPBytes, b: IPBytes): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The last address of a network: every host bit is set. */
export function lastAddress({ network, prefixLength }: CIDR): IPBytes {
  return network.map((byte, i) => byte | (~octetMask(prefixLength, i) & 0xff));
}

export function isIPv6(ip: IPBytes): boolean {
  return ip.length === 16;
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback(ip: IPBytes): boolean {
  if (ip.length === 4) return ip[0] === 127;
  return ip[15] === 1 && ip.every((byte, i) => i === 15 || byte === 0);
}

/** 0.0.0.0 and ::. */
export function isUnspecified(ip: IPBytes): boolean {
  return ip.every((byte) => byte === 0);
}

/**
 * The 32 bits, as a signed number, of an IPv4 address in its canonical spelling; undefined for anything else. Most of what a cluster holds is
 * spelled so, and this is many times faster than to parse and format it.
 */
export function readCanonicalIPv4(text: string): number | undefined {
  let bits = 0;
  let octet = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      if (digits > 0 && octet === 0) return undefined;
      octet = octet * 10 + code - 48;
      digits++;
      if (octet > 255) return undefined;
    } else if (code === 46 && digits > 0 && dots < 3) {
      bits = (bits << 8) | octet;
      octet = 0;
      digits = 0;
      dots++;
    } else return undefined;
  }
  return dots === 3 && digits > 0 ? (bits << 8) | octet : undefined;
}

/** Reads an address and writes it canonically; undefined where it is none. */
export function canonicalIP(text: string): string | undefined {
  if (readCanonicalIPv4(text) !== undefined) return text;
  const ip = parseIP(text);
  return ip === undefined ? undefined : formatIP(ip);
}
