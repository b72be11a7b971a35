/**
 * IP addresses and CIDRs in objects. Each function takes a string and returns what is wrong with it, as the end of a
 * sentence, or undefined. What passes consists of digits, hexadecimal letters, '.', ':' and '/' only.
 *
 * Mirrors apimachinery `pkg/util/validation/ip.go` of Kubernetes 1.37 with StrictIPCIDRValidation, which is on by default.
 */
import {
  formatCIDR,
  formatIP,
  type IPBytes,
  isLoopback,
  isUnspecified,
  parseCIDR,
  parseIP,
  readCanonicalIPv4,
} from '../../shared/ip.ts';
import type { IPFamily } from '../objects.ts';

/** True only for IPv4 addresses with which no rule below finds fault: most of what a cluster holds, told at one glance. */
export function isOrdinaryIPv4(value: string): boolean {
  const bits = readCanonicalIPv4(value);
  if (bits === undefined) return false;
  const first = bits >>> 24;
  return first !== 0 && first !== 127 && bits >>> 16 !== 0xa9fe && bits >>> 8 !== 0xe00000;
}

const LEADING_ZERO_OCTET = /(^|[.:])0[0-9]+(\.|$)/;

/** The rule for most fields: a valid address, though not always in its canonical spelling. */
export function checkIP(value: string): string | undefined {
  if (readCanonicalIPv4(value) !== undefined) return undefined;
  const ip = parseIP(value);
  if (ip === undefined) return 'must be an IP address, such as 10.9.8.7 or 2001:db8::1';
  return checkStrict(value, ip);
}

function checkStrict(value: string, ip: IPBytes): string | undefined {
  if (value.includes('.') && LEADING_ZERO_OCTET.test(value)) return 'must not have leading zeros';
  if (ip.length === 4 && value.includes(':')) return 'must not be an IPv4 address written as IPv6';
  return undefined;
}

/** The rule for newer fields: spelled canonically. */
export function checkCanonicalIP(value: string): string | undefined {
  const ip = parseIP(value);
  if (ip === undefined) return checkIP(value);
  const problem = checkStrict(value, ip);
  if (problem !== undefined) return problem;
  const canonical = formatIP(ip);
  return value === canonical ? undefined : `must be spelled canonically, ${canonical}`;
}

/** Addresses that no endpoint and no external IP can have. */
export function checkEndpointIP(value: string): string | undefined {
  if (isOrdinaryIPv4(value)) return undefined;
  const ip = parseIP(value);
  if (ip === undefined) return checkIP(value);
  if (isUnspecified(ip)) return 'must not be the unspecified address';
  if (isLoopback(ip)) return 'must not be a loopback address (127.0.0.0/8, ::1)';
  if (isLinkLocalUnicast(ip)) return 'must not be a link-local address (169.254.0.0/16, fe80::/10)';
  if (isLinkLocalMulticast(ip)) return 'must not be a link-local multicast address (224.0.0.0/24, ff02::/16)';
  return undefined;
}

function isLinkLocalUnicast(ip: IPBytes): boolean {
  if (ip.length === 4) return ip[0] === 169 && ip[1] === 254;
  return ip[0] === 0xfe && ((ip[1] as number) & 0xc0) === 0x80;
}

function isLinkLocalMulticast(ip: IPBytes): boolean {
  if (ip.length === 4) return ip[0] === 224 && ip[1] === 0 && ip[2] === 0;
  return ip[0] === 0xff && ((ip[1] as number) & 0x0f) === 0x02;
}

/** The rule for most fields: a network with no bits set beyond its prefix. */
export function checkCIDR(value: string): string | undefined {
  const cidr = parseCIDR(value);
  if (cidr === undefined) return 'must be a CIDR, such as 10.9.8.0/24 or 2001:db8::/64';
  const slash = value.indexOf('/');
  const address = value.slice(0, slash);
  const ip = parseIP(address) as IPBytes;
  if (/^0[0-9]/.test(value.slice(slash + 1))) return 'must not have leading zeros in its prefix length';
  const problem = checkStrict(address, ip);
  if (problem !== undefined) return problem;
  if (formatIP(ip) !== formatIP(cidr.network)) {
    return `must not have bits set beyond its prefix length; the network is ${formatCIDR(cidr)}`;
  }
  return undefined;
}

/** The rule for newer fields: spelled canonically. */
export function checkCanonicalCIDR(value: string): string | undefined {
  const problem = checkCIDR(value);
  if (problem !== undefined) return problem;
  const canonical = formatCIDR(parseCIDR(value) as NonNullable<ReturnType<typeof parseCIDR>>);
  return value === canonical ? undefined : `must be spelled canonically, ${canonical}`;
}

/** The family of an address; undefined where it is none. */
export function familyOfIP(value: string): IPFamily | undefined {
  if (readCanonicalIPv4(value) !== undefined) return 'IPv4';
  const ip = parseIP(value);
  if (ip === undefined) return undefined;
  return ip.length === 4 ? 'IPv4' : 'IPv6';
}

/** The family of a CIDR; undefined where it is none. */
export function familyOfCIDR(value: string): IPFamily | undefined {
  const cidr = parseCIDR(value);
  if (cidr === undefined) return undefined;
  return cidr.network.length === 4 ? 'IPv4' : 'IPv6';
}
