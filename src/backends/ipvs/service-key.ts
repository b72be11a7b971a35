/** What tells virtual servers apart. In: what a packet must have to be for one. Out: a key, or a name for a client's real server. */
import type { ListedService, ListedSocket } from './listed.ts';

/** Two virtual servers with the same key are the same to the kernel. */
export function serviceKey(service: ListedService): string {
  if (service.kind === 'mark') return `mark ${service.mark} ${service.family}`;
  return `${service.protocol} ${service.socket.address} ${service.socket.port}`;
}

/** `tcp 10.96.0.10:80 -> 10.244.0.1:8080`: the kernel remembers that a client has this real server. */
export function persistenceEntry(service: ListedService, realServer: ListedSocket): string {
  const from =
    service.kind === 'mark'
      ? `fwmark ${service.mark} ${service.family}`
      : `${service.protocol} ${socketText(service.socket)}`;
  return `${from} -> ${socketText(realServer)}`;
}

function socketText({ address, port }: ListedSocket): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
