/**
 * Names of kube-proxy's chains. iptables allows 28 characters, so what belongs to a service port or an endpoint is named
 * by a hash. Mirrors kube-proxy; the formula has been the same since 1.2, only the name that goes in has changed.
 */
import { createHash, hash } from 'node:crypto';
import type { TransportProtocol } from '../iptables-rule.ts';

export interface ServicePortChains {
  /** KUBE-SVC: endpoints under traffic policy Cluster. */
  readonly clusterPolicy: string;
  /** KUBE-SVL: endpoints under traffic policy Local. */
  readonly localPolicy: string;
  /** KUBE-EXT: traffic from outside, by whichever policy. */
  readonly external: string;
  /** KUBE-FW: source ranges of a load balancer. */
  readonly firewall: string;
}

/** @param name ServicePortName */
export function servicePortChains(name: string, protocol: TransportProtocol): ServicePortChains {
  const suffix = hashedName('', name + protocol);
  return {
    clusterPolicy: `KUBE-SVC-${suffix}`,
    localPolicy: `KUBE-SVL-${suffix}`,
    external: `KUBE-EXT-${suffix}`,
    firewall: `KUBE-FW-${suffix}`,
  };
}

/**
 * @param name ServicePortName
 * @param endpoint `IP:port`
 */
export function endpointChain(name: string, protocol: TransportProtocol, endpoint: string): string {
  return hashedName('KUBE-SEP-', name + protocol + endpoint);
}

/** A string of 32 characters, one a byte. The one-shot function is the faster, but early releases of Node 20 lack it. */
const sha256: (text: string) => string =
  typeof hash === 'function'
    ? (text) => hash('sha256', text, 'binary')
    : (text) => createHash('sha256').update(text).digest('binary');

const BASE32 = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567');
/** The two characters of each value of ten bits. */
const PAIRS = Buffer.alloc(2048);
for (let value = 0; value < 1024; value++) {
  PAIRS[2 * value] = BASE32[value >> 5] as number;
  PAIRS[2 * value + 1] = BASE32[value & 31] as number;
}
const buffer = Buffer.alloc(28);

/** A prefix and the first 16 characters (80 bits) of the base32 (RFC 4648) of a SHA-256. */
function hashedName(prefix: string, text: string): string {
  const digest = sha256(text);
  let at = 0;
  for (; at < prefix.length; at++) buffer[at] = prefix.charCodeAt(at);
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < 10; i++) {
    pending = (pending << 8) | digest.charCodeAt(i);
    bits += 8;
    if (bits < 10) continue;
    bits -= 10;
    const pair = 2 * (pending >> bits);
    pending &= (1 << bits) - 1;
    buffer[at++] = PAIRS[pair] as number;
    buffer[at++] = PAIRS[pair + 1] as number;
  }
  return buffer.toString('latin1', 0, at);
}
