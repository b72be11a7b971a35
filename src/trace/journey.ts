/**
 * What all walks of one packet share: how it is followed to its end where nobody can tell which way it goes, each place and
 * state once. In: how a walk goes on from a place. Out: the journey.
 */
import type { Distribution } from './outcome.ts';
import type { Weighted } from './weighted.ts';

/** `W` is a walk through a table or a base chain, `P` a place in it. */
export interface Journey<W, P> {
  /** Follows a packet from a place to the end of all rules. */
  readonly follow: (walk: W, place: P | undefined, at: Weighted) => Distribution;
  /** Follows packets that have been accepted to the end. */
  readonly proceed: (walk: W) => void;
  /** How many more rules in doubt may be followed all ways, and how many of them within each other. */
  budget: number;
  depth: number;
}

/** So many rules in doubt are followed all ways; behind them all is "cannot tell". */
const MOST_DOUBTS = 5000;

/** Deeper, the call stack would end. */
export const DEEPEST_DOUBT = 200;

interface WalkAtStage {
  readonly scene: { readonly stage: { readonly id: string } };
}

interface PlaceInChain {
  readonly chain: { readonly name: string };
  readonly index: number;
  /** Where the chain returns to. */
  readonly caller: PlaceInChain | undefined;
}

/** @param followFrom follows a packet from a place to the end, whatever has been followed before */
export function newJourney<W extends WalkAtStage, P extends PlaceInChain>(
  followFrom: Journey<W, P>['follow'],
  proceed: Journey<W, P>['proceed'],
): Journey<W, P> {
  const known = new Map<string, Distribution>();
  return {
    budget: MOST_DOUBTS,
    depth: 0,
    proceed,
    follow: (walk, place, at) => {
      const key = `${walk.scene.stage.id} ${placeKey(place)} ${at.state.key}`;
      const distribution = known.get(key) ?? followFrom(walk, place, at);
      known.set(key, distribution);
      return distribution;
    },
  };
}

function placeKey(place: PlaceInChain | undefined): string {
  let key = '';
  for (let at = place; at !== undefined; at = at.caller) key += `${at.chain.name} ${at.index} `;
  return key;
}
