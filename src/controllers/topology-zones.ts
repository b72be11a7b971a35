/**
 * How many endpoints of a Service each zone gets in topology mode `Auto`.
 *
 * In: Nodes, and how many ready endpoints each zone has. Out: each zone's share of the CPUs, and how many endpoints must
 * be handed from zones with too many to zones with too few. Mirrors `topologycache` of k8s.io/endpointslice 0.37. Where
 * that leaves the choice between equals to chance, the zone whose name comes first is chosen here.
 */
import type { Node } from '../apiserver/objects.ts';
import { compareStrings } from '../shared/ordering.ts';
import { allocatableMilliCPU, nodeReadyStatus, nodeZone } from './node-status.ts';

/** No endpoint shall have to bear more than this part beyond its fair load. */
const OVERLOAD_THRESHOLD = 0.2;

/** Nodes with one of these labels run no workload that counts. */
const EXCLUDING_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/**
 * Each zone's share of the CPUs of all ready Nodes, the control plane's left out; the shares add up to 1.
 * @returns undefined if a Node lacks a zone or CPUs, or there are fewer than two zones: then nothing can be allocated.
 */
export function cpuShares(nodes: readonly Node[]): ReadonlyMap<string, number> | undefined {
  const byZone = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (EXCLUDING_LABELS.some((label) => Object.hasOwn(node.metadata.labels ?? {}, label))) continue;
    if (nodeReadyStatus(node) !== 'True') continue;
    const zone = nodeZone(node);
    const cpu = allocatableMilliCPU(node);
    if (zone === undefined || cpu === 0) return undefined;
    byZone.set(zone, (byZone.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  if (total === 0 || byZone.size < 2) return undefined;
  const zones = [...byZone].sort(([a], [b]) => compareStrings(a, b));
  return new Map(zones.map(([zone, cpu]) => [zone, cpu / total]));
}

/**
 * How many of `endpoints` ready endpoints each zone should have: its share, but at least as many as keep the load of each
 * within the threshold.
 * @returns undefined if there are fewer endpoints than zones, or the minimums exceed the number of endpoints.
 */
export function desiredByZone(
  shares: ReadonlyMap<string, number>,
  endpoints: number,
): ReadonlyMap<string, number> | undefined {
  if (shares.size > endpoints) return undefined;
  const desired = new Map<string, number>();
  let minimums = 0;
  for (const [zone, share] of shares) {
    const fair = share * endpoints;
    const minimum = Math.ceil(fair * (1 / (1 + OVERLOAD_THRESHOLD)));
    desired.set(zone, Math.max(fair, minimum));
    minimums += minimum;
  }
  return minimums > endpoints ? undefined : desired;
}

export interface Handover {
  /** How many endpoints each zone gives to others. */
  readonly giving: ReadonlyMap<string, number>;
  /** How many endpoints each zone receives; the same total. */
  readonly receiving: ReadonlyMap<string, number>;
}

/** Moves endpoints one by one from the zone with the most to spare to the one that lacks most, until it pays no more. */
export function handover(
  desired: ReadonlyMap<string, number>,
  present: ReadonlyMap<string, number>,
): Handover {
  const surplus = new Map<string, number>();
  const lack = new Map<string, number>();
  for (const [zone, target] of desired) {
    const difference = (present.get(zone) ?? 0) - target;
    if (difference > 0) surplus.set(zone, difference);
    else if (difference < 0) lack.set(zone, -difference);
  }
  const giving = new Map<string, number>();
  const receiving = new Map<string, number>();
  for (;;) {
    const giver = greatest(surplus);
    const receiver = greatest(lack);
    if (giver === undefined || receiver === undefined) break;
    if ((giver.count < 1 && receiver.count < 1) || giver.count < 0.5 || receiver.count < 0.5) break;
    giving.set(giver.zone, (giving.get(giver.zone) ?? 0) + 1);
    receiving.set(receiver.zone, (receiving.get(receiver.zone) ?? 0) + 1);
    surplus.set(giver.zone, giver.count - 1);
    lack.set(receiver.zone, receiver.count - 1);
  }
  return { giving, receiving };
}

function greatest(counts: ReadonlyMap<string, number>): { zone: string; count: number } | undefined {
  let best: { zone: string; count: number } | undefined;
  for (const [zone, count] of counts) {
    if (count > (best?.count ?? 0)) best = { zone, count };
  }
  return best;
}
