/**
 * What a statement does to a packet. In: a statement, a hook and a state. Out: the state behind it, and where the packet goes
 * if the rule ends there. Mirrors `nft_nat`, `nft_masq`, `nft_redir`, `nft_reject`, `nft_dynset` and `nft_ct`.
 */
import type { ListedStatement, ListedTarget } from '../../backends/nftables/listed.ts';
import { equalIPs, type IPBytes, parseIP } from '../../shared/ip.ts';
import { changeState, type State } from '../state.ts';
import { partsOf } from './key-parts.ts';
import { readPart, type Scene } from './packet-values.ts';
import { memoryOf } from './set-memory.ts';

export type Effect =
  /** On to the next rule. */
  | { readonly kind: 'next' }
  | { readonly kind: 'return' }
  | { readonly kind: 'jump'; readonly chain: string; readonly goto: boolean }
  /** Out of this base chain, on to the next one; of type nat, the others are not asked if it has translated. */
  | { readonly kind: 'accept'; readonly translated: boolean }
  | { readonly kind: 'drop' }
  | { readonly kind: 'reject'; readonly with: string }
  | { readonly kind: 'cannot-tell'; readonly reason: string };

export const NEXT: Effect = { kind: 'next' };

export type Applied =
  /** Without an effect, the next statement follows. */
  | { readonly kind: 'applied'; readonly state: State; readonly effect?: Effect }
  | { readonly kind: 'broken'; readonly state: State };

type Statement<Kind extends ListedStatement['kind']> = Extract<ListedStatement, { kind: Kind }>;

const TRANSLATED: Effect = { kind: 'accept', translated: true };

function cannotTell(state: State, reason: string): Applied {
  return { kind: 'applied', state, effect: { kind: 'cannot-tell', reason } };
}

export function applyStatement(
  scene: Scene,
  statement: Statement<'mark-set' | 'dnat' | 'snat' | 'redirect' | 'masquerade' | 'reject' | 'notrack'>,
  state: State,
): Applied {
  switch (statement.kind) {
    case 'mark-set': {
      const mark = ((state.mark & statement.and) ^ statement.xor) >>> 0;
      return { kind: 'applied', state: mark === state.mark ? state : changeState(state, { mark }) };
    }
    case 'notrack': {
      const late = !scene.stage.untracked || state.untracked;
      return { kind: 'applied', state: late ? state : changeState(state, { untracked: true }) };
    }
    case 'reject': {
      const effect: Effect = { kind: 'reject', with: rejection(statement.with, state) };
      return { kind: 'applied', state, effect };
    }
    case 'dnat':
      return translateDestination(scene, statement, state);
    case 'redirect':
      return redirect(scene, statement, state);
    case 'snat':
      return translateSource(scene, statement, state);
    case 'masquerade':
      return masquerade(scene, state);
    default:
      return statement satisfies never;
  }
}

/** As iptables names it: `icmp-port-unreachable`, `tcp-reset`. */
function rejection(text: string | undefined, { destination }: State): string {
  const icmp = destination.length === 4 ? 'icmp' : 'icmp6';
  if (text === undefined) return `${icmp}-port-unreachable`;
  if (/^tcp reset$/.test(text)) return 'tcp-reset';
  const kind = /^icmp(?:v6|x)?(?: type| code)? (\S+)$/.exec(text)?.[1];
  return kind === undefined ? text : `${icmp}-${kind}`;
}

function translateDestination({ stage }: Scene, { key, to }: Statement<'dnat'>, state: State): Applied {
  if (stage.translates !== 'destination') return cannotTell(state, 'dnat does not belong here');
  const [target] = to;
  const isCertain = key === undefined || key.kind === 'numgen';
  if (target === undefined || to.length > 1 || !isCertain) {
    return cannotTell(state, 'which destination dnat chooses is not understood');
  }
  const address = readAddress(target, state);
  if (address === undefined) return cannotTell(state, `${target.address} is no address`);
  // The other family's packets do not meet it.
  if (address.length !== state.destination.length) return { kind: 'broken', state };
  return { kind: 'applied', state: sendTo(state, address, target.port), effect: TRANSLATED };
}

function readAddress({ address }: ListedTarget, { destination }: State): IPBytes | undefined {
  return address === undefined ? destination : parseIP(address);
}

/** To where it goes already is no translation to connection tracking. */
function sendTo(state: State, destination: IPBytes, port: number | undefined): State {
  const destinationPort = port ?? state.destinationPort;
  const same = equalIPs(destination, state.destination) && destinationPort === state.destinationPort;
  return changeState(state, { destination, destinationPort, translated: state.translated || !same });
}

function redirect({ stage }: Scene, { port }: Statement<'redirect'>, state: State): Applied {
  if (stage.translates !== 'destination') return cannotTell(state, 'redirect does not belong here');
  if (stage.hook !== 'output') {
    return cannotTell(state, 'to which address of its device redirect sends the packet is unknown');
  }
  const loopback = parseIP(state.destination.length === 4 ? '127.0.0.1' : '::1') as IPBytes;
  return { kind: 'applied', state: sendTo(state, loopback, port), effect: TRANSLATED };
}

/** `1.2.3.4`, `1.2.3.4:1000-2000`, `[fd00::1]:1000`, `fd00::1` */
const SOURCE = /^(?:\[([0-9a-f:.]+)\](?::[0-9-]+)?|([0-9.]+)(?::[0-9-]+)?|([0-9a-f:.]+))$/i;

function translateSource({ stage }: Scene, { to }: Statement<'snat'>, state: State): Applied {
  if (stage.translates !== 'source') return cannotTell(state, 'snat does not belong here');
  const written = SOURCE.exec(to);
  const address = parseIP(written?.[1] ?? written?.[2] ?? written?.[3] ?? '');
  if (address === undefined) return cannotTell(state, `the kernel chooses a source from ${to}`);
  if (address.length !== state.destination.length) return { kind: 'broken', state };
  const translation = { kind: 'snat', to } as const;
  const after = changeState(state, { translation, source: address, sourcePort: undefined });
  return { kind: 'applied', state: after, effect: TRANSLATED };
}

function masquerade({ stage }: Scene, state: State): Applied {
  if (stage.hook !== 'postrouting' || stage.translates !== 'source') {
    return cannotTell(state, 'masquerade does not belong here');
  }
  const translation = { kind: 'masquerade' } as const;
  const after = changeState(state, { translation, source: undefined, sourcePort: undefined });
  return { kind: 'applied', state: after, effect: TRANSLATED };
}

/** A key of which a part is unknown is not remembered: nobody could ask for it. */
export function updateSet(
  scene: Scene,
  { key, operation, set }: Statement<'set-update'>,
  state: State,
): State {
  const parts = partsOf(key).map((part) => readPart(scene, part, state));
  const known = parts.flatMap((part) => (part.kind === 'known' ? [part] : []));
  if (known.length < parts.length) return state;
  const memory = memoryOf(set, key, known);
  const recent = new Map(state.recent);
  if (operation === 'delete') recent.delete(memory);
  else if (operation === 'update' || !recent.has(memory)) recent.set(memory, 0);
  return changeState(state, { recent });
}
