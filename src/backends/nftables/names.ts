/**
 * Names of the chains and sets that belong to one service port or endpoint. nftables allows 256 characters, enough for the
 * whole name; a hash in front keeps similar names apart, and cut ones unique. Mirrors kube-proxy 1.29 to 1.37.
 */
import { createHash, hash } from 'node:crypto';
import type { ServicePortInfo } from '../../proxy/service-port.ts';
import type { TransportProtocol } from './rule.ts';

/** 256, less the longest prefix that kube-proxy reckons with. */
const LONGEST = 240;
const LONGEST_COMMENT = 128;

/** `2QRHZV4L-default/kubernetes/tcp/https`, to be prefixed with `service-`, `local-`, `external-` or `firewall-`. */
export function servicePortBase(port: ServicePortInfo, transport: TransportProtocol): string {
  return hashedName(plainName(port, transport));
}

/** `IPB234KE-prod/web/tcp/http__10.244.1.7/8080`, to be prefixed with `endpoint-` or `affinity-`. */
export function endpointBase(
  port: ServicePortInfo,
  transport: TransportProtocol,
  endpoint: { readonly ip: string; readonly port: number },
): string {
  // Names may not have colons in them.
  const ip = endpoint.ip.replaceAll(':', '.');
  return hashedName(`${plainName(port, transport)}__${ip}/${endpoint.port}`);
}

function plainName({ namespace, serviceName, portName }: ServicePortInfo, transport: string): string {
  return `${namespace}/${serviceName}/${transport}/${portName}`;
}

/** nft refuses longer comments. Only 1.37 cuts them; before, such a name kept kube-proxy from programming anything. */
export function cutComment(text: string): string {
  return text.slice(0, LONGEST_COMMENT);
}

/** A string of 32 characters, one a byte. The one-shot function is the faster, but early releases of Node 20 lack it. */
const sha256: (text: string) => string =
  typeof hash === 'function'
    ? (text) => hash('sha256', text, 'binary')
    : (text) => createHash('sha256').update(text).digest('binary');

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The first 8 characters (40 bits) of the base32 (RFC 4648) of the name's SHA-256, and the name, cut. */
function hashedName(name: string): string {
  const digest = sha256(name);
  let text = '';
  let bits = 0;
  let pending = 0;
  for (let i = 0; i < 5; i++) {
    pending = (pending << 8) | digest.charCodeAt(i);
    for (bits += 8; bits >= 5; ) {
      bits -= 5;
      text += BASE32[pending >> bits];
      pending &= (1 << bits) - 1;
    }
  }
  text += `-${name}`;
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 3)}...` : text;
}
