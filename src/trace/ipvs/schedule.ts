/**
 * Which real server a new connection gets. In: a virtual server. Out: each real server with its share of all connections, of
 * the servers that look at the client, of all clients. Mirrors the schedulers of Linux, `ip_vs_*.c`.
 *
 * `lc` and `wlc` also count connections that have ended lately, and so come to even shares; what counts only those that are
 * open takes the same real server again and again while none is, and is not guessed at.
 */
import type { ListedRealServer, ListedServer } from '../../backends/ipvs/listed.ts';
import { type Fraction, fraction, ONE } from '../fraction.ts';

export type Schedule =
  /** The shares sum to 1; without a real server, nobody takes the connection. */
  | { readonly kind: 'shares'; readonly shares: readonly ServerShare[] }
  | { readonly kind: 'unknown'; readonly reason: string };

export interface ServerShare {
  readonly share: Fraction;
  readonly realServer: ListedRealServer | undefined;
}

const NOBODY: Schedule = { kind: 'shares', shares: [{ share: ONE, realServer: undefined }] };

export function schedule(server: ListedServer): Schedule {
  const { realServers, scheduler } = server;
  const usable = realServers.filter(({ weight }) => weight > 0);
  if (usable.length === 0) return NOBODY;
  const isAlone = usable.length === 1;
  switch (scheduler) {
    case 'rr':
    case 'lc':
      return share(usable, () => 1);
    case 'wrr':
    case 'wlc':
    case 'twos':
      return share(usable, ({ weight }) => weight);
    case 'sh':
      return bySource(server, usable);
    case 'mh':
      return byMaglev(server, usable);
    case 'fo': {
      const most = Math.max(...usable.map(({ weight }) => weight));
      const heaviest = usable.filter(({ weight }) => weight === most);
      if (heaviest.length === 1) return share(heaviest, () => 1);
      return unknown('which of the real servers of the same weight the kernel has first is unknown');
    }
    case 'dh':
      // Its table has real servers of weight 0 as well, and turns their connections away.
      if (realServers.length === 1) return share(usable, () => 1);
      return unknown('scheduler dh takes one real server for the address by a hash, and which is unknown');
    case 'sed':
    case 'nq':
    case 'lblc':
    case 'lblcr':
    case 'ovf':
      if (isAlone) return share(usable, () => 1);
      return unknown(`which real server scheduler ${scheduler} takes depends on connections that are open`);
    default:
      if (isAlone) return share(usable, () => 1);
      return unknown(`what scheduler ${scheduler} does is not understood`);
  }
}

function unknown(reason: string): Schedule {
  return { kind: 'unknown', reason };
}

function share(
  servers: readonly ListedRealServer[],
  weightOf: (server: ListedRealServer) => number,
): Schedule {
  const all = servers.map(weightOf).reduce((a, b) => a + b, 0);
  const shares = servers.map((realServer) => ({ share: fraction(weightOf(realServer), all), realServer }));
  return { kind: 'shares', shares };
}

/** Each real server has as many places in the table as its weight says, and one of weight 0 has one, too. */
function bySource({ realServers, flags = [] }: ListedServer, usable: readonly ListedRealServer[]): Schedule {
  if (flags.includes('sh-fallback') || flags.includes('flag-1')) return share(usable, ({ weight }) => weight);
  const places = realServers.map(({ weight }) => Math.max(weight, 1));
  const all = places.reduce((a, b) => a + b, 0);
  const shares = realServers.map((realServer, i) => ({
    share: fraction(places[i] as number, all),
    realServer: realServer.weight > 0 ? realServer : undefined,
  }));
  return { kind: 'shares', shares };
}

/** A real server that is set to weight 0 keeps its places, one that came with it has none. */
function byMaglev({ realServers, flags = [] }: ListedServer, usable: readonly ListedRealServer[]): Schedule {
  const hasFallback = flags.includes('mh-fallback') || flags.includes('flag-1');
  if (usable.length === realServers.length || hasFallback) return share(usable, ({ weight }) => weight);
  return unknown('whether clients of a real server of weight 0 are turned away depends on the weight it had');
}
