/**
 * What a name stands for, and the names of reverse zones. In: texts of addresses. Out: their kind and canonical form.
 * Mirrors `HostType` and `ExtractAddressFromReverse` of CoreDNS 1.15.
 */
import { formatIP, isIPv6, parseIP } from '../../shared/ip.ts';

export interface Host {
  /** As the object has it; what CoreDNS compares. */
  readonly text: string;
  /** `CNAME` for all that is no address. */
  readonly kind: 'A' | 'AAAA' | 'CNAME';
  /** The canonical address, or the text. */
  readonly value: string;
}

export function hostOf(text: string): Host {
  const ip = parseStrictIP(text);
  if (ip === undefined) return { text, kind: 'CNAME', value: text };
  return { text, kind: isIPv6(ip) ? 'AAAA' : 'A', value: formatIP(ip) };
}

/** As Go's `net.ParseIP`, which refuses octets with leading zeros. */
function parseStrictIP(text: string): Uint8Array | undefined {
  return /(?:^|[.:])0[0-9]+(?=\.|$)/.test(text) && text.includes('.') ? undefined : parseIP(text);
}

/** `1.0.96.10.in-addr.arpa.` for `10.96.0.1`; undefined for what is no address. */
export function reverseName(address: string): string | undefined {
  const ip = parseStrictIP(address);
  if (ip === undefined) return undefined;
  if (!isIPv6(ip)) return `${[...ip].reverse().join('.')}.in-addr.arpa.`;
  const nibbles = [...ip].flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)]);
  return `${nibbles.reverse().join('.')}.ip6.arpa.`;
}

/** The address that a name of a reverse zone stands for; undefined where it stands for none. The name is in lower case. */
export function addressOfReverseName(name: string): string | undefined {
  if (name.endsWith('.in-addr.arpa.')) {
    const ip = parseStrictIP(reversedLabels(name, '.in-addr.arpa.').join('.'));
    return ip !== undefined && !isIPv6(ip) ? formatIP(ip) : undefined;
  }
  if (!name.endsWith('.ip6.arpa.')) return undefined;
  const nibbles = reversedLabels(name, '.ip6.arpa.');
  const groups: string[] = [];
  // Labels that are left over, on the left of the name, are not looked at.
  for (let i = 0; i + 4 <= nibbles.length; i += 4) groups.push(nibbles.slice(i, i + 4).join(''));
  const ip = parseStrictIP(groups.join(':'));
  return ip === undefined ? undefined : formatIP(ip);
}

function reversedLabels(name: string, suffix: string): string[] {
  return name.slice(0, -suffix.length).split('.').reverse();
}

/** The label of an endpoint that has no hostname: `10-244-1-8`, `fd00--1`. */
export function dashedAddress(address: string): string {
  if (address.includes('.')) return address.replaceAll('.', '-');
  const dashed = address.replaceAll(':', '-');
  // A label must not end with a dash.
  return dashed.endsWith('-') ? `${dashed}0` : dashed;
}
