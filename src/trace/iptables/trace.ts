/**
 * Follows a packet through the iptables rules of a host. In: prepared rules of one family, and a packet. Out: all that can
 * become of it, with shares that sum to exactly 1. Mirrors what Linux does with the packet between a device, or a
 * process, and the next: the hooks, connection tracking, and the choice between delivering and forwarding.
 *
 * Not asked are routes and sysctls: a packet that the rules let pass counts as delivered.
 */
import { deliver, passWithoutRules } from '../connection.ts';
import { multiplyFractions, ONE } from '../fraction.ts';
import { isMulticast } from '../hooks.ts';
import { type Balancing, balance } from '../ipvs/balance.ts';
import { newJourney } from '../journey.ts';
import { addShare, type Distribution, listOutcomes, type Outcome } from '../outcome.ts';
import { type Packet, readIP } from '../packet.ts';
import { changeState, initialState } from '../state.ts';
import type { Step } from '../step.ts';
import { mergeStates, type Weighted } from '../weighted.ts';
import type { Scene } from './match.ts';
import type { PreparedRules } from './prepare.ts';
import { firstStage, type Stage } from './stage.ts';
import { type Place, type Walk, walkChain } from './walk.ts';

/**
 * @returns every outcome once, the most likely first; never empty.
 * @throws Error for addresses that are none or of two families, and for a missing port.
 */
export function trace(rules: PreparedRules, packet: Packet): Outcome[] {
  const state = initialState(packet);
  const { destination, destinationPort } = state;
  const source = readIP(packet.source);
  if (destination.length !== source.length) throw new Error('source and destination are of two families');
  if (packet.protocol !== 'other' && destinationPort === undefined) throw new Error('no destination port');
  const stage = firstStage(packet);
  const scene: Scene = {
    packet,
    originalDestination: destination,
    originalSource: source,
    host: rules.host,
    sets: rules.sets,
    stage,
  };
  const outcomes: Distribution = new Map();
  const walk: Walk = { scene, rules, journey: newJourney(followFrom, proceed), accepted: [], outcomes };
  enter(walk, stage, [{ state, share: ONE, trail: undefined }]);
  return listOutcomes(outcomes);
}

function followFrom(walk: Walk, place: Place | undefined, at: Weighted): Distribution {
  const part: Walk = { ...walk, accepted: [], outcomes: new Map() };
  let batch: readonly Weighted[] = [at];
  for (let next = place; next !== undefined; next = next.caller) batch = walkChain(part, next, batch);
  endChain(part, batch);
  proceed(part);
  return part.outcomes;
}

/** Begins with a table at a hook. */
function enter(from: Walk, stage: Stage, batch: readonly Weighted[]): void {
  const walk: Walk = { ...from, scene: { ...from.scene, stage }, accepted: [] };
  if (stage.table === 'ipvs') {
    enterBalancer(walk, batch);
    return;
  }
  const asked: Weighted[] = [];
  for (const at of batch) {
    const passed = isBalanced(walk, at) ? at.state : passWithoutRules(walk.scene.packet, stage, at.state);
    if (passed === undefined) asked.push(at);
    else walk.accepted.push({ ...at, state: passed });
  }
  const chain = walk.rules.tables.get(stage.table)?.get(stage.hook);
  if (chain === undefined) walk.accepted.push(...asked);
  else endChain(walk, walkChain(walk, { chain, index: 0, caller: undefined, entrance: undefined }, asked));
  proceed(walk);
}

/** The rules for address translation have nothing to do with where IPVS takes a later packet of a connection. */
function isBalanced({ rules, scene: { packet, stage } }: Walk, { state }: Weighted): boolean {
  if (rules.balancer === undefined || stage.translates !== 'destination') return false;
  return packet.connection === 'ESTABLISHED' && rules.balancer.find(packet, state) !== undefined;
}

function enterBalancer(walk: Walk, batch: readonly Weighted[]): void {
  const { rules, scene } = walk;
  const elsewhere: Weighted[] = [];
  for (const at of batch) {
    if (rules.balancer === undefined) walk.accepted.push(at);
    else {
      for (const each of balance(rules.balancer, scene.packet, at.state)) {
        const sent = follow(walk, at, each);
        if (sent !== undefined) elsewhere.push(sent);
      }
    }
  }
  proceed(walk);
  const stage = scene.stage.balanced();
  if (stage !== undefined && elsewhere.length > 0) enter(walk, stage, mergeStates(elsewhere));
}

/** @returns the packet where it goes to a real server that is not this host. */
function follow(walk: Walk, at: Weighted, each: Balancing): Weighted | undefined {
  const share = multiplyFractions(at.share, each.share);
  if (each.kind === 'passes') {
    walk.accepted.push({ ...at, share });
    return undefined;
  }
  const { table, hook } = walk.scene.stage;
  const { server } = each;
  const taken = each.kind === 'sent' ? { realServer: each.realServer } : {};
  const step: Step | undefined = server && { table, hook, rule: server, ...taken };
  const trail = step === undefined ? at.trail : { step, before: at.trail };
  switch (each.kind) {
    case 'rejected': {
      const type = at.state.destination.length === 4 ? 'icmp' : 'icmp6';
      addShare(walk.outcomes, share, { kind: 'rejected', with: `${type}-port-unreachable` }, trail);
      return undefined;
    }
    case 'cannot-tell': {
      const { reason } = each;
      addShare(walk.outcomes, share, { kind: 'cannot-tell', reason, ...(step && { step }) }, trail);
      return undefined;
    }
    case 'sent': {
      const after: Weighted = { state: each.state, share, trail };
      if (!walk.scene.host.isLocal(each.to)) return after;
      walk.accepted.push({ ...after, state: changeState(each.state, { gateway: undefined }) });
      return undefined;
    }
    default:
      return each satisfies never;
  }
}

/** The policy of a built-in chain. */
function endChain(walk: Walk, batch: readonly Weighted[]): void {
  const { table, hook } = walk.scene.stage;
  const policy = walk.rules.tables.get(table)?.get(hook)?.policy ?? 'ACCEPT';
  for (const at of batch) {
    if (policy === 'ACCEPT') walk.accepted.push(at);
    else if (policy === 'DROP') addShare(walk.outcomes, at.share, { kind: 'dropped' }, at.trail);
    else {
      const reason = `the policy ${policy} of ${hook} in ${table} is not understood`;
      addShare(walk.outcomes, at.share, { kind: 'cannot-tell', reason }, at.trail);
    }
  }
}

/** Takes what a table has accepted to the next one, or to its destination. */
function proceed(walk: Walk): void {
  const { host, stage } = walk.scene;
  const onward = new Map<Stage, Weighted[]>();
  for (const at of mergeStates(walk.accepted)) {
    const { state, share, trail } = at;
    const routes = stage.hook === 'PREROUTING' && stage.translates !== undefined;
    if (routes && isMulticast(state.destination)) {
      const reason = 'who listens to a multicast address is unknown';
      addShare(walk.outcomes, share, { kind: 'cannot-tell', reason }, trail);
      continue;
    }
    const local = state.gateway === undefined && host.isLocal(state.destination);
    const next = stage.next(local);
    if (next === undefined) addShare(walk.outcomes, share, deliver(state, local), trail);
    else {
      const batch = onward.get(next);
      if (batch === undefined) onward.set(next, [at]);
      else batch.push(at);
    }
  }
  for (const [next, batch] of onward) enter(walk, next, batch);
}
