/**
 * What connection tracking knows of a packet, and what became of it in the end. In: the packet, and the state that it is
 * in. Out: the state of its connection, the translation that was decided before, and the verdict of a packet that went
 * through.
 */
import { formatIP, parseIP } from '../shared/ip.ts';
import type { HookPassage } from './hooks.ts';
import type { Verdict } from './outcome.ts';
import { type Packet, readIP } from './packet.ts';
import { changeState, type State } from './state.ts';

/**
 * Rules for address translation are asked for the first packet of a connection; later ones take what was decided then, and
 * packets without a connection are not translated.
 * @returns the state behind the translation, undefined where the rules are to be asked.
 */
export function passWithoutRules(
  packet: Packet,
  { translates }: Pick<HookPassage, 'translates'>,
  state: State,
): State | undefined {
  const connection = state.untracked ? 'INVALID' : (packet.connection ?? 'NEW');
  if (translates === undefined || connection === 'NEW') return undefined;
  if (connection === 'INVALID') return state;
  const { destination, source } = packet.translation ?? {};
  if (translates === 'destination') {
    if (destination === undefined) return state;
    const port = destination.port ?? state.destinationPort;
    return changeState(state, {
      destination: readIP(destination.address),
      destinationPort: port,
      translated: true,
    });
  }
  if (source === undefined || source.kind === 'unchanged') return state;
  const address = source.kind === 'snat' ? parseIP(source.to) : undefined;
  return changeState(state, { translation: source, source: address, sourcePort: undefined });
}

/** @param untracked connection tracking has not seen the packet yet */
export function connectionState(
  { connection }: Packet,
  untracked: boolean,
  state: State,
): 'NEW' | 'ESTABLISHED' | 'INVALID' | 'UNTRACKED' {
  return state.untracked ? 'UNTRACKED' : untracked ? 'INVALID' : (connection ?? 'NEW');
}

export function deliver({ destination, destinationPort: port, translation }: State, local: boolean): Verdict {
  const address = formatIP(destination);
  return {
    kind: 'delivered',
    destination: port === undefined ? { address } : { address, port },
    local,
    source: translation,
  };
}
