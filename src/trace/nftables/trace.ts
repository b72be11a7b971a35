/**
 * Follows a packet through the nftables rules of a host. In: prepared rules, and a packet. Out: all that can become of it, with
 * shares that sum to exactly 1. Mirrors what Linux does with the packet between a device, or a process, and the next: the
 * base chains of all tables of its family at each hook, connection tracking, and the choice between delivering and
 * forwarding.
 *
 * Not asked are routes and sysctls: a packet that the rules let pass counts as delivered. Connection tracking counts as on,
 * as it is wherever any rule translates or asks for a connection.
 */
import { deliver, passWithoutRules } from '../connection.ts';
import { ONE } from '../fraction.ts';
import { firstPassage, isMulticast } from '../hooks.ts';
import { newJourney } from '../journey.ts';
import { addShare, type Distribution, listOutcomes, type Outcome } from '../outcome.ts';
import { type Packet, readIP } from '../packet.ts';
import { initialState } from '../state.ts';
import { mergeStates, type Weighted } from '../weighted.ts';
import type { Scene } from './packet-values.ts';
import type { PreparedListed } from './prepare.ts';
import type { Stage } from './stage.ts';
import { type Place, type Walk, walkChain } from './walk.ts';

/**
 * @returns every outcome once, the most likely first; never empty.
 * @throws Error for addresses that are none or of two families, and for a missing port.
 */
export function traceListed(rules: PreparedListed, packet: Packet): Outcome[] {
  const state = initialState(packet);
  const { destination, destinationPort } = state;
  const source = readIP(packet.source);
  if (destination.length !== source.length) throw new Error('source and destination are of two families');
  if (packet.protocol !== 'other' && destinationPort === undefined) throw new Error('no destination port');
  const stage = rules.stages[destination.length === 4 ? 'ip' : 'ip6'](firstPassage(packet));
  const scene: Scene = {
    packet,
    originalDestination: destination,
    originalSource: source,
    host: rules.host,
    stage,
  };
  const outcomes: Distribution = new Map();
  const walk: Walk = {
    scene,
    journey: newJourney(followFrom, proceed),
    accepted: [],
    translated: [],
    outcomes,
  };
  enter(walk, stage, [{ state, share: ONE, trail: undefined }]);
  return listOutcomes(outcomes);
}

function followFrom(walk: Walk, place: Place | undefined, at: Weighted): Distribution {
  const part: Walk = { ...walk, accepted: [], translated: [], outcomes: new Map() };
  let batch: readonly Weighted[] = [at];
  for (let next = place; next !== undefined; next = next.caller) batch = walkChain(part, next, batch);
  endChain(part, batch);
  proceed(part);
  return part.outcomes;
}

/** Begins with a base chain. */
function enter(from: Walk, stage: Stage, batch: readonly Weighted[]): void {
  const walk: Walk = { ...from, scene: { ...from.scene, stage }, accepted: [], translated: [] };
  const asked: Weighted[] = [];
  for (const at of batch) {
    const passed = passWithoutRules(walk.scene.packet, stage, at.state);
    if (passed === undefined) asked.push(at);
    else walk.translated.push({ ...at, state: passed });
  }
  const { chain } = stage;
  if (chain === undefined) walk.accepted.push(...asked);
  else endChain(walk, walkChain(walk, { chain, index: 0, caller: undefined, entrance: undefined }, asked));
  proceed(walk);
}

/** The policy of a base chain. */
function endChain(walk: Walk, batch: readonly Weighted[]): void {
  const policy = walk.scene.stage.chain?.base?.policy ?? 'accept';
  for (const at of batch) {
    if (policy === 'accept') walk.accepted.push(at);
    else addShare(walk.outcomes, at.share, { kind: 'dropped' }, at.trail);
  }
}

/** Takes what a base chain has accepted to the next one, or to its destination. */
function proceed(walk: Walk): void {
  const { stage } = walk.scene;
  const onward = new Map<Stage, Weighted[]>();
  go(walk, walk.accepted, stage.next, onward);
  go(walk, walk.translated, stage.nextIfTranslated, onward);
  for (const [next, batch] of onward) enter(walk, next, mergeStates(batch));
}

function go(
  { scene: { host, stage }, outcomes }: Walk,
  batch: readonly Weighted[],
  nextOf: Stage['next'],
  onward: Map<Stage, Weighted[]>,
): void {
  for (const at of mergeStates(batch)) {
    const { state, share, trail } = at;
    const local = host.isLocal(state.destination);
    const next = nextOf(local);
    const leaves = next === undefined || next.hook !== stage.hook;
    if (leaves && stage.routes && isMulticast(state.destination)) {
      const reason = 'who listens to a multicast address is unknown';
      addShare(outcomes, share, { kind: 'cannot-tell', reason }, trail);
    } else if (next === undefined) addShare(outcomes, share, deliver(state, local), trail);
    else {
      const known = onward.get(next);
      if (known === undefined) onward.set(next, [at]);
      else known.push(at);
    }
  }
}
