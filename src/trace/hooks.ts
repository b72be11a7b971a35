/**
 * The way of a packet through a host: the hooks of Linux' netfilter, and what is known at each. Rules are hung into it by
 * the tracer of each mode.
 *
 *     from outside    prerouting ─┬─ local ──── input
 *                                 └─ else ───── forward ── postrouting
 *     from the host   output ── postrouting ─┬─ local, over lo ── prerouting ── input
 *                                            └─ else
 *     from IPVS       input, output ── output ── postrouting
 */
import type { IPBytes } from '../shared/ip.ts';
import type { Packet, PreparedHost } from './packet.ts';

export type HookName = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** A hook on the way of a packet; those over lo are others than those from outside. */
export interface HookPassage {
  /** Tells passages apart. */
  readonly id: string;
  readonly hook: HookName;
  /** The device that the packet came in by as rules see it: its own, none, or lo. */
  readonly input: 'arrival' | 'none' | 'lo' | 'undecided';
  /** The device that it leaves by: towards the destination of now, or towards that of before the hook. */
  readonly output: 'none' | 'original' | 'current';
  /** Connection tracking meets the packet here. */
  readonly tracks: boolean;
  /** Which half of the address translation is decided here; none where it was decided before. */
  readonly translates: 'destination' | 'source' | undefined;
  /** By whether the destination is an address of the host; without one, the packet is delivered. */
  readonly next: (local: boolean) => HookPassage | undefined;
  /** Where a packet goes on that IPVS takes from here to a real server elsewhere. */
  readonly balanced?: () => HookPassage;
}

const INPUT: HookPassage = {
  id: 'input',
  hook: 'input',
  input: 'arrival',
  output: 'none',
  tracks: false,
  translates: 'source',
  next: () => undefined,
  balanced: () => BALANCED_OUTPUT,
};

const LO_INPUT: HookPassage = {
  ...INPUT,
  id: 'lo-input',
  input: 'lo',
  translates: undefined,
  balanced: () => HOST_BALANCED_OUTPUT,
};

// The connection of what comes back over lo is known, and its translation is asked once.
const LO_PREROUTING: HookPassage = {
  id: 'lo-prerouting',
  hook: 'prerouting',
  input: 'lo',
  output: 'none',
  tracks: false,
  translates: undefined,
  next: () => LO_INPUT,
};

// Whether postrouting sees the device that a packet came in by depends on the kernel's release.
const FORWARD_POSTROUTING: HookPassage = {
  id: 'forward-postrouting',
  hook: 'postrouting',
  input: 'undecided',
  output: 'current',
  tracks: false,
  translates: 'source',
  next: () => undefined,
};

const FORWARD: HookPassage = {
  id: 'forward',
  hook: 'forward',
  input: 'arrival',
  output: 'current',
  tracks: false,
  translates: undefined,
  next: () => FORWARD_POSTROUTING,
};

const OUTPUT_POSTROUTING: HookPassage = {
  ...FORWARD_POSTROUTING,
  id: 'output-postrouting',
  input: 'none',
  next: (local) => (local ? LO_PREROUTING : undefined),
};

/** Where a packet from outside or from a Pod begins. */
const PREROUTING: HookPassage = {
  id: 'prerouting',
  hook: 'prerouting',
  input: 'arrival',
  output: 'none',
  tracks: true,
  translates: 'destination',
  next: (local) => (local ? INPUT : FORWARD),
};

/** Where a packet of the host's own begins. A hook keeps the device that it began with, whatever DNAT does there. */
const OUTPUT: HookPassage = {
  id: 'output',
  hook: 'output',
  input: 'none',
  output: 'original',
  tracks: true,
  translates: 'destination',
  next: () => OUTPUT_POSTROUTING,
  balanced: () => HOST_BALANCED_OUTPUT,
};

/** As if the host sent it, though its connection and the translation of its destination are known. */
const BALANCED_OUTPUT: HookPassage = {
  id: 'balanced-output',
  hook: 'output',
  input: 'none',
  output: 'current',
  tracks: false,
  translates: undefined,
  next: () => FORWARD_POSTROUTING,
};

const HOST_BALANCED_OUTPUT: HookPassage = {
  ...BALANCED_OUTPUT,
  id: 'host-balanced-output',
  next: () => OUTPUT_POSTROUTING,
};

export function firstPassage({ arrival }: Packet): HookPassage {
  return arrival.kind === 'host' ? OUTPUT : PREROUTING;
}

/** The names of the device that the packet may have come in by; no device is the empty name; undefined is any. */
export function inputDevices(
  { input }: Pick<HookPassage, 'input'>,
  { arrival }: Packet,
): readonly (string | undefined)[] {
  const name = arrival.kind === 'host' ? '' : arrival.name;
  switch (input) {
    case 'arrival':
      return [name];
    case 'none':
      return [''];
    case 'lo':
      return ['lo'];
    case 'undecided':
      return [name, ''];
    default:
      return input satisfies never;
  }
}

/** The name of the device that the packet leaves by; no device is the empty name; undefined is any. */
export function outputDevice(
  { output }: Pick<HookPassage, 'output'>,
  host: PreparedHost,
  destinations: { readonly original: IPBytes; readonly current: IPBytes },
): string | undefined {
  return output === 'none' ? '' : host.deviceTo(destinations[output]);
}

export function isMulticast(address: IPBytes): boolean {
  const first = address[0] as number;
  return address.length === 4 ? first >= 224 && first < 240 : first === 255;
}
