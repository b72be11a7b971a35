/**
 * The way of a packet through a host: which table is asked at which hook, and what comes next. Mirrors the hooks of
 * Linux' netfilter and the priorities of its tables.
 *
 *     from outside    PREROUTING ─┬─ local ──── INPUT
 *                                 └─ else ───── FORWARD ── POSTROUTING
 *     from the host   OUTPUT ── POSTROUTING ─┬─ local, over lo ── PREROUTING ── INPUT
 *                                            └─ else
 */

export type Hook = 'PREROUTING' | 'INPUT' | 'FORWARD' | 'OUTPUT' | 'POSTROUTING';

export interface Stage {
  /** Tells stages apart. */
  readonly id: string;
  readonly table: string;
  readonly hook: Hook;
  /** The device that `-i` sees: the one that the packet came in by, none, or lo. */
  readonly input: 'arrival' | 'none' | 'lo' | 'undecided';
  /** The device that `-o` sees: towards the destination of now, or towards that of before the hook. */
  readonly output: 'none' | 'original' | 'current';
  /** Connection tracking has not seen the packet yet. */
  readonly untracked: boolean;
  /** Which half of the address translation the `nat` table decides here; none where it was decided before. */
  readonly translates: 'destination' | 'source' | undefined;
  /** By whether the destination is an address of the host; without one, the packet is delivered. */
  readonly next: (local: boolean) => Stage | undefined;
}

type Draft = Omit<Stage, 'id' | 'next' | 'untracked' | 'translates'>;

const INPUT = sequence(
  'input',
  ['mangle', 'filter', 'security', 'nat'],
  { hook: 'INPUT', input: 'arrival', output: 'none' },
  () => undefined,
);

const LO_INPUT = sequence(
  'lo-input',
  ['mangle', 'filter', 'security'],
  { hook: 'INPUT', input: 'lo', output: 'none' },
  () => undefined,
);

// The connection of what comes back over lo is known, and nat is asked once for a connection.
const LO_PREROUTING = sequence(
  'lo-prerouting',
  ['raw', 'mangle'],
  { hook: 'PREROUTING', input: 'lo', output: 'none' },
  () => LO_INPUT,
);

// Whether POSTROUTING sees the device that a packet came in by depends on the kernel's release.
const FORWARD_POSTROUTING = sequence(
  'forward-postrouting',
  ['mangle', 'nat'],
  { hook: 'POSTROUTING', input: 'undecided', output: 'current' },
  () => undefined,
);

const FORWARD = sequence(
  'forward',
  ['mangle', 'filter', 'security'],
  { hook: 'FORWARD', input: 'arrival', output: 'current' },
  () => FORWARD_POSTROUTING,
);

const OUTPUT_POSTROUTING = sequence(
  'output-postrouting',
  ['mangle', 'nat'],
  { hook: 'POSTROUTING', input: 'none', output: 'current' },
  (local) => (local ? LO_PREROUTING : undefined),
);

/** Where a packet from outside or from a Pod begins. */
export const FROM_DEVICE: Stage = sequence(
  'prerouting',
  ['raw', 'mangle', 'nat'],
  { hook: 'PREROUTING', input: 'arrival', output: 'none' },
  (local) => (local ? INPUT : FORWARD),
);

/** Where a packet of the host's own begins. A hook keeps the device that it began with: DNAT in OUTPUT does not change `-o` there. */
export const FROM_HOST: Stage = sequence(
  'output',
  ['raw', 'mangle', 'nat', 'filter', 'security'],
  { hook: 'OUTPUT', input: 'none', output: 'original' },
  () => OUTPUT_POSTROUTING,
);

/** The tables of one hook in the order of their priorities, and what comes behind them. */
function sequence(
  name: string,
  tables: readonly string[],
  draft: Omit<Draft, 'table'>,
  next: (local: boolean) => Stage | undefined,
): Stage {
  const [table, ...rest] = tables as [string, ...string[]];
  const following = rest.length === 0 ? undefined : sequence(name, rest, draft, next);
  return {
    ...draft,
    id: `${name}/${table}`,
    table,
    untracked: table === 'raw' && draft.input !== 'lo',
    translates: table === 'nat' ? translation(draft.hook) : undefined,
    next: following === undefined ? next : () => following,
  };
}

function translation(hook: Hook): 'destination' | 'source' {
  return hook === 'PREROUTING' || hook === 'OUTPUT' ? 'destination' : 'source';
}
