/**
 * Traces the same packets through both sides. In: rules of one family, and probes. Out: what becomes of each packet
 * here and there, and what cannot be told.
 *
 * A rule of others that cannot be understood and stands behind kube-proxy's is noted once and then taken for one that does
 * not match, so that it hides nothing else.
 */
import type { SavedDump } from '../backends/iptables/saved.ts';
import { type PreparedRules, prepareRules } from '../trace/iptables/prepare.ts';
import { trace } from '../trace/iptables/trace.ts';
import type { Outcome } from '../trace/outcome.ts';
import type { Host, Packet } from '../trace/packet.ts';
import type { MetRule } from '../trace/step.ts';
import { withoutRules } from './built-in-chains.ts';
import { type Doubt, type Fate, fateOf, isSameFate } from './fate.ts';
import { OUTSIDE_DEVICE, type Probe } from './probes.ts';

export interface Observation {
  readonly probe: Probe;
  readonly intended: Fate;
  readonly actual: Fate;
  readonly same: boolean;
}

/** By which devices packets come and go. */
export interface Devices {
  readonly input: string;
  readonly output: string;
}

export const UNNAMED_DEVICES: Devices = { input: OUTSIDE_DEVICE, output: OUTSIDE_DEVICE };

export class Tracers {
  /** Rules of others behind kube-proxy's that nobody can tell anything about, with the reason. */
  readonly passedOver = new Map<MetRule, Doubt>();
  private readonly intended: SavedDump;
  private readonly actual: SavedDump;
  private readonly addresses: readonly string[];
  private readonly prepared = new Map<string, { intended: PreparedRules; actual: PreparedRules }>();

  constructor(intended: SavedDump, actual: SavedDump, addresses: readonly string[]) {
    this.intended = intended;
    this.actual = actual;
    this.addresses = addresses;
  }

  observe(probe: Probe, isEndpoint: (socket: string) => boolean, devices: Devices): Observation {
    const intended = fateOf(probe, this.trace('intended', probe.packet, devices), isEndpoint);
    for (;;) {
      const actual = fateOf(probe, this.trace('actual', probe.packet, devices), isEndpoint);
      const behind = actual.unknown.find(
        ({ step, behind }) => behind && step !== undefined && !this.passedOver.has(step.rule),
      );
      if (behind?.step === undefined) return { probe, intended, actual, same: isSameFate(intended, actual) };
      this.passedOver.set(behind.step.rule, behind);
      this.prepared.clear();
    }
  }

  trace(side: 'intended' | 'actual', packet: Packet, { output }: Devices): readonly Outcome[] {
    const prepared = this.prepared.get(output) ?? this.prepare(output);
    return trace(prepared[side], packet);
  }

  private prepare(device: string): { intended: PreparedRules; actual: PreparedRules } {
    const host: Host = {
      addresses: this.addresses,
      routes: ['0.0.0.0/0', '::/0'].map((network) => ({ network, device })),
    };
    const actual = withoutRules(this.actual, new Set(this.passedOver.keys()));
    const made = { intended: prepareRules(this.intended, host), actual: prepareRules(actual, host) };
    this.prepared.set(device, made);
    return made;
  }
}
