/**
 * What accepted Services hold: cluster IPs and node ports, each with the Service that has it. The one mutable thing of an
 * admission, as the allocators are in the API server.
 */
import { canonicalIP } from '../shared/ip.ts';

export interface Reservations {
  /** Cluster IPs by their canonical spelling. */
  readonly clusterIPs: Map<string, string>;
  /** Node ports, those of health checks included; one number serves all protocols. */
  readonly nodePorts: Map<number, string>;
}

export function createReservations(): Reservations {
  return { clusterIPs: new Map(), nodePorts: new Map() };
}

/** Who has a cluster IP; undefined where it is free. */
export function holderOfClusterIP({ clusterIPs }: Reservations, ip: string): string | undefined {
  return clusterIPs.get(canonicalIP(ip) ?? ip);
}

/** Enters what a Service asked for. */
export function reserve(
  reservations: Reservations,
  holder: string,
  clusterIPs: readonly string[],
  nodePorts: readonly number[],
): void {
  for (const ip of clusterIPs) {
    const canonical = canonicalIP(ip);
    if (canonical !== undefined) reservations.clusterIPs.set(canonical, holder);
  }
  for (const port of nodePorts) reservations.nodePorts.set(port, holder);
}
