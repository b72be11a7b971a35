/**
 * The base chains of nftables on the way of a packet: which is asked when, and what comes next. In: base chains in the order
 * in which they were made. Out: stages. Mirrors `nf_hook_entries_grow` (of equal priorities, the chain that was made last
 * comes first) and `nf_nat_inet_fn`: chains of type nat are asked one after the other at one place of the hook, whatever
 * their priorities, until one has translated.
 */
import type { HookName, HookPassage } from '../hooks.ts';
import type { Chain } from './prepared.ts';

export interface Stage extends Pick<HookPassage, 'hook' | 'input' | 'output' | 'translates'> {
  /** Tells stages apart. */
  readonly id: string;
  /** Absent where only the kernel itself acts. */
  readonly chain: Chain | undefined;
  /** Connection tracking has not seen the packet yet. */
  readonly untracked: boolean;
  /** Behind it, the packet's route is chosen for the first time. */
  readonly routes: boolean;
  /** By whether the destination is an address of the host; without one, the packet is delivered. */
  readonly next: (local: boolean) => Stage | undefined;
  /** The same for a packet that was translated here. */
  readonly nextIfTranslated: (local: boolean) => Stage | undefined;
}

/** What is asked at a hook: a chain, or all chains of type nat. */
interface Item {
  readonly priority: number;
  readonly chains: readonly Chain[];
  readonly nat: boolean;
}

const CONNECTION_TRACKING = -200;
const NAT_PRIORITIES: Readonly<Record<HookName, number>> = {
  prerouting: -100,
  output: -100,
  input: 100,
  postrouting: 100,
  forward: 0,
};

/** @returns the first stage of a passage. */
export function hangChains(chains: readonly Chain[]): (passage: HookPassage) => Stage {
  const stages = new Map<string, Stage>();
  const stageOf = (passage: HookPassage): Stage => {
    const known = stages.get(passage.id) ?? hangPassage(chains, passage, stageOf);
    stages.set(passage.id, known);
    return known;
  };
  return stageOf;
}

function hangPassage(
  chains: readonly Chain[],
  passage: HookPassage,
  stageOf: (passage: HookPassage) => Stage,
): Stage {
  const { id, hook, input, output, tracks, translates } = passage;
  type Next = Stage['next'];
  let next: Next = (local) => {
    const behind = passage.next(local);
    return behind && stageOf(behind);
  };
  let last = true;
  for (const item of itemsAt(chains, passage).toReversed()) {
    const nextIfTranslated = next;
    const asked = item.chains.length === 0 ? [undefined] : item.chains;
    for (const chain of asked.toReversed()) {
      const stage: Stage = {
        id: `${id}/${item.nat ? 'nat/' : ''}${chain === undefined ? '' : `${chain.table.label} ${chain.name}`}`,
        hook,
        input,
        output,
        chain,
        untracked: tracks && item.priority < CONNECTION_TRACKING,
        translates: item.nat ? translates : undefined,
        routes: last && id === 'prerouting',
        next,
        nextIfTranslated,
      };
      next = () => stage;
    }
    last = false;
  }
  return next(false) as Stage;
}

/** In the order in which the kernel asks them; never none. */
function itemsAt(chains: readonly Chain[], { hook, translates }: HookPassage): readonly Item[] {
  const here = chains.filter(({ base }) => base?.hook === hook).toReversed();
  const byPriority = (a: { priority: number }, b: { priority: number }) => a.priority - b.priority;
  const items: Item[] = [];
  const nat = here
    .filter(({ base }) => base?.type === 'nat')
    .map((chain) => ({ chain, priority: chain.base?.priority ?? 0 }));
  const natItem: Item = {
    priority: NAT_PRIORITIES[hook],
    chains: nat.sort(byPriority).map(({ chain }) => chain),
    nat: true,
  };
  for (const chain of here) {
    if (chain.base === undefined || chain.base.type === 'nat') continue;
    items.push({ priority: chain.base.priority, chains: [chain], nat: false });
  }
  if (translates !== undefined) items.push(natItem);
  if (items.length === 0) items.push({ priority: 0, chains: [], nat: false });
  return items.sort(byPriority);
}
