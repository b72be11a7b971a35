/**
 * What a rule's target does to a packet that matched. In: a target, a hook and a state. Out: where the packet goes on, or
 * what became of it. Mirrors the kernel's `xt_*` target modules and `nf_nat`.
 */
import type { SavedTarget } from '../../backends/iptables/saved.ts';
import { equalIPs, type IPBytes, parseIP } from '../../shared/ip.ts';
import { changeState, type State } from '../state.ts';
import type { Stage } from './stage.ts';

export type Effect =
  /** On to the next rule, changed or not. */
  | { readonly kind: 'continue'; readonly state: State }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump'; readonly chain: string; readonly goto: boolean }
  /** Out of this table, on to the next one. */
  | { readonly kind: 'accept'; readonly state: State }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'cannot-tell'; readonly reason: string };

/** Targets that let a packet go on to the next rule and change nothing that rules look at, or that decides where it goes. */
const HARMLESS: ReadonlySet<string> = new Set([
  'AUDIT',
  'CHECKSUM',
  'CLASSIFY',
  'IDLETIMER',
  'LED',
  'LOG',
  'NFLOG',
  'RATEEST',
  'TCPMSS',
  'TRACE',
  'ULOG',
]);

/** Whether a target leaves every packet as it was and lets it go on. */
export function isHarmless(target: SavedTarget | undefined): boolean {
  if (target === undefined) return true;
  if (target.kind !== 'unknown') return false;
  // A connection's mark is seen only by a match and by options that are not understood here.
  const savesMark = /^--(save-mark|set-x?mark|and-mark|or-mark|xor-mark)\b/.test(target.arguments.trim());
  return HARMLESS.has(target.name) || (target.name === 'CONNMARK' && savesMark);
}

export function applyTarget(target: SavedTarget | undefined, stage: Stage, state: State): Effect {
  if (target === undefined || isHarmless(target)) return { kind: 'continue', state };
  switch (target.kind) {
    case 'jump':
      return { kind: 'jump', chain: target.chain, goto: target.goto === true };
    case 'accept':
      return { kind: 'accept', state };
    case 'drop':
      return { kind: 'drop' };
    case 'return':
      return { kind: 'return' };
    case 'reject':
      return { kind: 'reject', with: target.with ?? defaultRejection(state) };
    case 'mark': {
      const mark = ((state.mark & ~target.mask) ^ target.value) >>> 0;
      return { kind: 'continue', state: mark === state.mark ? state : changeState(state, { mark }) };
    }
    case 'dnat':
      return translateDestination(target.to, stage, state);
    case 'snat':
      return translateSource(target.to, stage, state);
    case 'masquerade':
      return masquerade(stage, state);
    case 'unknown':
      return applyUnknown(target, stage, state);
    default:
      return target satisfies never;
  }
}

function defaultRejection({ destination }: State): string {
  return destination.length === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable';
}

function translateDestination(to: string, { translates }: Stage, state: State): Effect {
  if (translates !== 'destination') return { kind: 'cannot-tell', reason: 'DNAT does not belong here' };
  const socket = readSocket(to);
  if (socket === undefined) {
    return { kind: 'cannot-tell', reason: `the kernel chooses a destination from ${to}` };
  }
  // Without an address or a port, the packet keeps its own.
  const destination = socket.address ?? state.destination;
  const destinationPort = socket.port ?? state.destinationPort;
  // To where it goes already is no translation to connection tracking.
  const same = equalIPs(destination, state.destination) && destinationPort === state.destinationPort;
  const translated = state.translated || !same;
  return { kind: 'accept', state: changeState(state, { destination, destinationPort, translated }) };
}

/** `10.0.0.1:80`, `10.0.0.1`, `:80`, `[fd00::1]:80`, `fd00::1`; undefined for ranges, and for what is none of these. */
function readSocket(text: string): { address?: IPBytes; port?: number } | undefined {
  const whole = parseIP(text);
  if (whole !== undefined) return { address: whole };
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))?(?::(\d{1,5}))?$/.exec(text);
  const written = parts?.[1] ?? parts?.[2];
  const address = written === undefined ? undefined : parseIP(written);
  if (parts === null || (written !== undefined && address === undefined)) return undefined;
  return { ...(address && { address }), ...(parts[3] === undefined ? {} : { port: Number(parts[3]) }) };
}

function translateSource(to: string, { translates }: Stage, state: State): Effect {
  if (translates !== 'source') return { kind: 'cannot-tell', reason: 'SNAT does not belong here' };
  const address = readSocket(to)?.address;
  if (address === undefined) return { kind: 'cannot-tell', reason: `the kernel chooses a source from ${to}` };
  const translation = { kind: 'snat', to } as const;
  return {
    kind: 'accept',
    state: changeState(state, { translation, source: address, sourcePort: undefined }),
  };
}

function masquerade({ hook }: Stage, state: State): Effect {
  if (hook !== 'POSTROUTING') return { kind: 'cannot-tell', reason: 'MASQUERADE does not belong here' };
  const translation = { kind: 'masquerade' } as const;
  return {
    kind: 'accept',
    state: changeState(state, { translation, source: undefined, sourcePort: undefined }),
  };
}

function applyUnknown(
  { name, arguments: text }: Extract<SavedTarget, { kind: 'unknown' }>,
  { table, untracked }: Stage,
  state: State,
): Effect {
  const noTracking = name === 'NOTRACK' || (name === 'CT' && text.trim() === '--notrack');
  if (noTracking && table === 'raw') {
    // It comes too late for a connection that is known, as over lo.
    return {
      kind: 'continue',
      state: untracked && !state.untracked ? changeState(state, { untracked: true }) : state,
    };
  }
  const reason = name === '' ? 'the line cannot be read' : `what ${name} does here is not understood`;
  return { kind: 'cannot-tell', reason };
}
