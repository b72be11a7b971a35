/**
 * What people name when they ask for a trace. In: `--from ns/pod|IP|external|node`, `--to ns/svc[:port]|IP:port`. Out: the
 * same, typed; nothing is looked up yet.
 */
import { canonicalIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { Socket } from './packet.ts';

export type PacketSource =
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'address'; readonly address: string }
  /** Somebody outside of the cluster. */
  | { readonly kind: 'external' }
  /** A process of the node itself, in its own network. */
  | { readonly kind: 'node' };

export type PacketDestination =
  | {
      readonly kind: 'service';
      readonly namespace: string;
      readonly name: string;
      /** A name or a number, as it was given. */
      readonly port: string | undefined;
    }
  | { readonly kind: 'socket'; readonly address: string; readonly port: number };

/**
 * @param namespace of a Pod that names none
 * @throws OperationalError for what is none of the forms.
 */
export function parseSource(text: string, namespace: string): PacketSource {
  if (text === 'external' || text === 'node') return { kind: text };
  const address = canonicalIP(text.replace(/^\[(.*)\]$/, '$1'));
  if (address !== undefined) return { kind: 'address', address };
  const named = readName(text, namespace);
  if (named === undefined) {
    throw new OperationalError(
      `--from ${JSON.stringify(text)} is no ns/pod, no IP address, and neither "external" nor "node"`,
    );
  }
  return { kind: 'pod', ...named };
}

/**
 * @param namespace of a Service that names none
 * @throws OperationalError for what is none of the forms.
 */
export function parseDestination(text: string, namespace: string): PacketDestination {
  const socket = parseSocket(text);
  if (socket !== undefined) return { kind: 'socket', ...socket };
  const alone = canonicalIP(text.replace(/^\[(.*)\]$/, '$1'));
  if (alone !== undefined) {
    throw new OperationalError(
      `--to ${text} needs a port: ${formatSocket({ address: alone, port: 80 })}, for instance`,
    );
  }
  const [, name = '', port] = /^([^:]*)(?::([a-z0-9-]+))?$/i.exec(text.replace(/^(svc|service)\//, '')) ?? [];
  const named = readName(name, namespace);
  if (named === undefined || named.name.includes('.')) {
    throw new OperationalError(`--to ${JSON.stringify(text)} is no ns/svc[:port] and no IP:port`);
  }
  return { kind: 'service', ...named, port };
}

/** `ns/name` or a name alone, in the characters that names have. */
export function readName(
  text: string,
  namespace: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const [, given, name] = /^(?:([a-z0-9-]+)\/)?([a-z0-9.-]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { namespace: given ?? namespace, name };
}

/** `10.0.0.1:80`, `[fd00::1]:80`; undefined for anything else. */
export function parseSocket(text: string): { readonly address: string; readonly port: number } | undefined {
  const [, v6, v4, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const address = canonicalIP(v6 ?? v4 ?? '');
  const port = Number(digits);
  return address === undefined || port < 1 || port > 65535 ? undefined : { address, port };
}

export function formatSocket({ address, port }: Socket): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
