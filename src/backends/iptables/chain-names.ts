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

/** The one-shot function is twice as fast, but not in the first releases of Node 20. */
const sha256: (text: string) => Buffer =
  typeof hash === 'function'
    ? (text) => hash('sha256', text, 'buffer')
    : (text) => createHash('sha256').update(text).digest();

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The first 16 characters (80 bits) of the base32 (RFC 4648) of a SHA-256. */
function hash16(text: string): string {
  const digest = sha256(text);
  let encoded = '';
  for (let offset = 0; offset < 10; offset += 5) {
    const high = digest.readUIntBE(offset, 2) * 16 + (digest.readUInt8(offset + 2) >> 4);
    const low = (digest.readUInt8(offset + 2) & 15) * 65536 + digest.readUIntBE(offset + 3, 2);
    for (const half of [high, low]) {
      encoded +=
        BASE32.charAt((half >> 15) & 31) +
        BASE32.charAt((half >> 10) & 31) +
        BASE32.charAt((half >> 5) & 31) +
        BASE32.charAt(half & 31);
    }
  }
  return encoded;
}
