/**
 * The answer to "what becomes of this packet": the packet, and what each set of rules does with it. In: nothing; this file is
 * the shape that reports print.
 */
import type { IPFamily, Protocol } from '../apiserver/objects.ts';
import type { HopReader } from './hops.ts';
import type { Outcome } from './outcome.ts';
import type { Packet } from './packet.ts';
import type { Parting } from './parting.ts';
import type { ServiceAt } from './service-at.ts';

export interface TracedPacket {
  /** Empty where no cluster is known and nobody named it. */
  readonly node: string;
  /** That the rules were compiled for. */
  readonly release: string | undefined;
  readonly family: IPFamily;
  readonly protocol: Protocol;
  readonly packet: Packet & { readonly destinationPort: number };
  /** Who sends it; empty for an address of which no more is known. */
  readonly who: string;
  readonly service: ServiceAt | undefined;
  /** Sentences without a full stop. */
  readonly notes: readonly string[];
  /** One, or the intended rules and then the actual ones. */
  readonly sides: readonly TracedSide[];
  readonly hop: HopReader;
  /** Where the two sides part; undefined where they do not, or there is but one. */
  readonly parting: Parting | undefined;
}

export interface TracedSide {
  readonly kind: 'intended' | 'actual';
  /** `the manifests`, `the dump rules.txt`. */
  readonly name: string;
  readonly outcomes: readonly Outcome[];
}
