/**
 * What of a packet changes on its way, and how. States are plain data; those with the same `key` fare the same from a
 * rule on, so their shares can be added. Stands for the kernel's packet buffer and connection.
 */
import { formatIP, type IPBytes } from '../shared/ip.ts';
import { type Packet, readIP, type SourceTranslation, UNCHANGED } from './packet.ts';

export interface State {
  readonly key: string;
  readonly destination: IPBytes;
  readonly destinationPort: number | undefined;
  /** Undefined where it is an address of the host of which no more is known. */
  readonly source: IPBytes | undefined;
  readonly sourcePort: number | undefined;
  readonly translation: SourceTranslation;
  /** The connection's destination was translated, to another one. */
  readonly translated: boolean;
  /** Where the packet was going when IPVS took it to a real server. */
  readonly virtual: VirtualSocket | undefined;
  /** The real server to which IPVS sends it without a change. */
  readonly gateway: IPBytes | undefined;
  /** `NOTRACK` was met. */
  readonly untracked: boolean;
  /** 32 bits, without sign. */
  readonly mark: number;
  /** How many seconds ago the lists of `-m recent`, or dynamic sets of nftables, saw the source. */
  readonly recent: ReadonlyMap<string, number>;
}

export interface VirtualSocket {
  readonly destination: IPBytes;
  readonly port: number | undefined;
}

export function initialState(packet: Packet): State {
  return keyed({
    destination: readIP(packet.destination),
    destinationPort: packet.protocol === 'other' ? undefined : packet.destinationPort,
    source: readIP(packet.source),
    sourcePort: packet.sourcePort,
    translation: UNCHANGED,
    translated: false,
    virtual: undefined,
    gateway: undefined,
    untracked: false,
    mark: (packet.mark ?? 0) >>> 0,
    recent: new Map((packet.recent ?? []).map(({ list, secondsAgo }) => [list, secondsAgo])),
  });
}

/** A state with some of its fields changed. */
export function changeState(state: State, change: Partial<Omit<State, 'key'>>): State {
  return keyed({ ...state, ...change });
}

function keyed(state: Omit<State, 'key'>): State {
  const { destination, destinationPort, translation, translated, untracked, mark } = state;
  const from = translation.kind === 'snat' ? `snat ${translation.to}` : translation.kind;
  const virtual = state.virtual && `${formatIP(state.virtual.destination)} ${state.virtual.port}`;
  const gateway = state.gateway && formatIP(state.gateway);
  const recent = [...state.recent].sort(([a], [b]) => (a < b ? -1 : 1)).join(' ');
  const key = `${formatIP(destination)} ${destinationPort} ${from} ${translated} ${untracked} ${mark} ${virtual} ${gateway} ${recent}`;
  return { ...state, key };
}
