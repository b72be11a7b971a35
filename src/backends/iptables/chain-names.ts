/**
 * Names of kube-proxy's chains. iptables allows 28 characters, so what belongs to a service port or an endpoint is named
 * by a hash. Mirrors kube-proxy; the formula has been the same since 1.2, only the name that goes in has changed.
 */
import { createHash, hash } from 'node:crypto';
import type { Protocol } from '../../apiserver/objects.ts';

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
export function servicePortChains(name: string, protocol: Protocol): ServicePortChains {
  const suffix = hash16(name + protocol.toLowerCase());
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
export function endpointChain(name: string, protocol: Protocol, endpoint: string): string {
  return `KUBE-SEP-${hash16(name + protocol.toLowerCase() + endpoint)}`;
}

/** The one-shot function is three times as fast, but the first releases of Node 20 lack it. */
const sha256: (text: string) => string =
  typeof hash === 'function'
    ? (text) => hash('sha256', text, 'hex')
    : (text) => createHash('sha256').update(text).digest('hex');

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Two base32 characters for each value of ten bits. */
const PAIRS: readonly string[] = Array.from(
  { length: 1024 },
  (_, value) => BASE32.charAt(value >> 5) + BASE32.charAt(value & 31),
);

/** The first 16 characters (80 bits) of the base32 (RFC 4648) of a SHA-256. */
function hash16(text: string): string {
  const digest = sha256(text);
  let encoded = '';
  for (let offset = 0; offset < 20; offset += 5) {
    const bits = Number.parseInt(digest.slice(offset, offset + 5), 16);
    encoded += (PAIRS[bits >> 10] as string) + PAIRS[bits & 1023];
  }
  return encoded;
}
