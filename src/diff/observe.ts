/**
 * Traces the same packets through both sides. In: rules of one family, and probes. Out: what becomes of each packet
 * here and there, and what cannot be told.
 *
 * A rule of others that cannot be understood and stands behind kube-proxy's is noted once and then taken for one that does
 * not match, so that it hides nothing else.
 */
import { type Follow, followRules } from '../trace/node-rules.ts';
import type { Outcome } from '../trace/outcome.ts';
import type { Host, Packet } from '../trace/packet.ts';
import type { MetRule } from '../trace/step.ts';
import type { Compared } from './compared.ts';
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
  private readonly compared: Pick<Compared, 'intended' | 'actual'>;
  private readonly addresses: readonly string[];
  private readonly follows = new Map<string, { intended: Follow; actual: Follow }>();

  /** @param addresses of the host */
  constructor(compared: Pick<Compared, 'intended' | 'actual'>, addresses: readonly string[]) {
    this.compared = compared;
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
      this.follows.clear();
    }
  }

  trace(side: 'intended' | 'actual', packet: Packet, { output }: Devices): readonly Outcome[] {
    const follow = this.follows.get(output) ?? this.prepare(output);
    return follow[side](packet);
  }

  private prepare(device: string): { intended: Follow; actual: Follow } {
    const host: Host = {
      addresses: this.addresses,
      routes: ['0.0.0.0/0', '::/0'].map((network) => ({ network, device })),
    };
    const made = {
      intended: followRules(this.compared.intended(), host),
      actual: followRules(this.compared.actual(new Set(this.passedOver.keys())), host),
    };
    this.follows.set(device, made);
    return made;
  }
}
