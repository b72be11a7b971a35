/**
 * The tables of iptables on the way of a packet, and IPVS between them: which is asked at which hook, and what comes next.
 * Mirrors the priorities of netfilter's tables and of `ip_vs_in`.
 */
import { firstPassage, type HookName, type HookPassage } from '../hooks.ts';
import type { Packet } from '../packet.ts';

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export interface Stage extends Pick<HookPassage, 'input' | 'output' | 'translates'> {
  /** Tells stages apart. */
  readonly id: string;
  /** `ipvs` is no table: there, packets for virtual servers go to real servers. */
  readonly table: string;
  readonly hook: Hook;
  /** Connection tracking has not seen the packet yet. */
  readonly untracked: boolean;
  /** By whether the destination is an address of the host; without one, the packet is delivered. */
  readonly next: (local: boolean) => Stage | undefined;
  /** Where a packet goes on that IPVS takes from here to a real server elsewhere. */
  readonly balanced: () => Stage | undefined;
}

/** In the order of their priorities. */
const TABLES: Readonly<Record<HookName, readonly string[]>> = {
  prerouting: ['raw', 'mangle', 'nat'],
  input: ['mangle', 'filter', 'security', 'ipvs', 'nat'],
  forward: ['mangle', 'filter', 'security'],
  output: ['raw', 'mangle', 'nat', 'ipvs', 'filter', 'security'],
  postrouting: ['mangle', 'nat'],
};

const stages = new Map<string, Stage>();

export function firstStage(packet: Packet): Stage {
  return stageOf(firstPassage(packet));
}

/** The first table of a hook. */
function stageOf(passage: HookPassage): Stage {
  const known = stages.get(passage.id);
  if (known !== undefined) return known;
  const tables = TABLES[passage.hook].filter((table) => table !== 'nat' || passage.translates !== undefined);
  const stage = sequence(passage, tables);
  stages.set(passage.id, stage);
  return stage;
}

function sequence(passage: HookPassage, tables: readonly string[]): Stage {
  const [table, ...rest] = tables as [string, ...string[]];
  const following = rest.length === 0 ? undefined : sequence(passage, rest);
  const { id, hook, input, output, tracks, translates, next, balanced } = passage;
  return {
    id: `${id}/${table}`,
    table,
    hook: hook.toUpperCase() as Hook,
    input,
    output,
    untracked: table === 'raw' && tracks,
    translates: table === 'nat' ? translates : undefined,
    next: (local) => {
      if (following !== undefined) return following;
      const behind = next(local);
      return behind && stageOf(behind);
    },
    balanced: () => balanced && stageOf(balanced()),
  };
}
