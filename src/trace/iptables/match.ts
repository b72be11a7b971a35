/**
 * Whether a packet matches what a rule asks for, as far as that changes nothing. In: a header field or a match, and the
 * packet as it is now. Out: yes, no, or why nobody can tell. Mirrors `ip_packet_match` and the kernel's `xt_*` modules.
 */
import type { Negatable, PortRange, SavedMatch, SavedRule } from '../../backends/iptables/saved.ts';
import { equalIPs, formatIP, type IPBytes } from '../../shared/ip.ts';
import { connectionState } from '../connection.ts';
import { inputDevices, isMulticast, outputDevice } from '../hooks.ts';
import { testBalanced } from '../ipvs/match.ts';
import type { Packet, PreparedHost } from '../packet.ts';
import type { State } from '../state.ts';
import { both, negateIf, type Truth, unknown } from '../truth.ts';
import type { SetLookup } from './prepare.ts';
import type { Network, PreparedRule } from './rule-index.ts';
import type { Stage } from './stage.ts';

/** What stays the same while a table is asked. */
export interface Scene {
  readonly packet: Packet;
  readonly originalDestination: IPBytes;
  readonly originalSource: IPBytes;
  readonly host: PreparedHost;
  readonly sets: SetLookup | undefined;
  readonly stage: Stage;
}

/** Those whose outcome depends on nothing but the packet and the host. */
export type PlainMatch = Exclude<SavedMatch, { kind: 'random' | 'recent' }>;

/** The rule's own fields: addresses, protocol, devices, fragments. One known no excludes the rule, whatever is unknown. */
export function testHeader(scene: Scene, { rule, source, destination }: PreparedRule, state: State): Truth {
  let result: Truth = true;
  if (destination !== undefined) result = testNetwork(destination, state.destination, 'destination');
  if (result !== false && rule.protocol !== undefined) {
    result = both(result, testProtocol(rule.protocol, scene.packet));
  }
  if (result !== false && source !== undefined) {
    result = both(result, testNetwork(source, state.source, 'source'));
  }
  if (result !== false && rule.inInterface !== undefined) {
    result = both(
      result,
      testInterface(rule.inInterface, inputDevices(scene.stage, scene.packet), 'came in by'),
    );
  }
  if (result !== false && rule.outInterface !== undefined) {
    result = both(result, testInterface(rule.outInterface, [leavesBy(scene, state)], 'leaves by'));
  }
  // A whole packet, or the first fragment: connection tracking puts fragments together before any rule sees them.
  if (result !== false && rule.fragment !== undefined) result = both(result, rule.fragment.negated === true);
  return result;
}

function testNetwork(network: Network, address: IPBytes | undefined, side: string): Truth {
  if (network.kind === 'unreadable') return unknown(`${JSON.stringify(network.text)} is no network`);
  if (address === undefined) {
    if (network.mask.every((bits) => bits === 0)) return !network.negated;
    return unknown(`the ${side} has become an address of the host that is not known`);
  }
  const { base, mask } = network;
  let inside = base.length === address.length;
  for (let i = 0; inside && i < base.length; i++) {
    inside = ((address[i] as number) & (mask[i] as number)) === base[i];
  }
  return inside !== network.negated;
}

const PROTOCOLS: ReadonlyMap<string, Packet['protocol']> = new Map([
  ['tcp', 'tcp'],
  ['6', 'tcp'],
  ['udp', 'udp'],
  ['17', 'udp'],
  ['sctp', 'sctp'],
  ['132', 'sctp'],
]);

function testProtocol({ name, negated }: Negatable & { readonly name: string }, packet: Packet): Truth {
  if (name === 'all' || name === '0') return negateIf(negated, true);
  const protocol = PROTOCOLS.get(name);
  if (protocol === undefined && packet.protocol === 'other') {
    return unknown(`whether the packet's protocol is ${name} is unknown`);
  }
  return negateIf(negated, protocol === packet.protocol);
}

function leavesBy({ stage, host, originalDestination: original }: Scene, state: State): string | undefined {
  return outputDevice(stage, host, { original, current: state.gateway ?? state.destination });
}

/** `veth+` is any name with that beginning, `+` also no device at all. */
function testInterface(
  { name, negated }: Negatable & { readonly name: string },
  devices: readonly (string | undefined)[],
  way: string,
): Truth {
  if (name === '+') return negateIf(negated, true);
  const answers = devices.map((device) => {
    if (device === undefined) return undefined;
    return name.endsWith('+') ? device.startsWith(name.slice(0, -1)) : device === name;
  });
  const answer = answers[0];
  if (answer === undefined || answers.some((other) => other !== answer)) {
    return unknown(`the device that the packet ${way} is unknown`);
  }
  return negateIf(negated, answer);
}

export function testMatch(scene: Scene, match: PlainMatch, state: State): Truth {
  switch (match.kind) {
    case 'comment':
    case 'nfacct':
      return true;
    case 'transport':
      return testTransport(match, scene.packet, state);
    case 'multiport':
      return negateIf(match.negated, testMultiport(match, scene.packet, state));
    case 'addrtype':
      return both(
        testAddressType(scene, match.sourceTypes, state.source),
        testAddressType(scene, match.destinationTypes, state.destination),
      );
    case 'conntrack':
      return negateIf(match.negated, testStates(scene, match.states, match.module, state));
    case 'mark':
      return negateIf(match.negated, (state.mark & match.mask) >>> 0 === match.value >>> 0);
    case 'physdev-is-in':
      return testBridged(scene, match);
    case 'set':
      return testSet(scene, match, state);
    case 'unknown':
      if (match.module === 'ipvs') return testBalanced(match.arguments, scene.packet, state);
      return unknown(match.module === '' ? match.arguments : `the match ${match.module} is not understood`);
    default:
      return match satisfies never;
  }
}

function testTransport(
  match: Extract<SavedMatch, { kind: 'transport' }>,
  packet: Packet,
  state: State,
): Truth {
  if (match.protocol !== packet.protocol) return false;
  const { sourcePort, destinationPort } = match;
  const toPort =
    destinationPort === undefined ||
    negateIf(destinationPort.negated, inRanges([destinationPort], state.destinationPort, 'destination'));
  if (toPort === false || sourcePort === undefined) return toPort;
  return both(toPort, negateIf(sourcePort.negated, inRanges([sourcePort], state.sourcePort, 'source')));
}

function inRanges(ranges: readonly PortRange[], port: number | undefined, side: string): Truth {
  if (ranges.some(({ first, last }) => first === 0 && last === 65535)) return true;
  if (port === undefined) return unknown(`the ${side} port is unknown`);
  return ranges.some(({ first, last }) => port >= first && port <= last);
}

function testMultiport(
  { side, ports }: Extract<SavedMatch, { kind: 'multiport' }>,
  packet: Packet,
  state: State,
): Truth {
  if (packet.protocol === 'other') return unknown('the ports are unknown');
  const to = side === 'source' ? false : inRanges(ports, state.destinationPort, 'destination');
  if (to === true || side === 'destination') return to;
  const from = inRanges(ports, state.sourcePort, 'source');
  return from === false ? to : from;
}

/** Only LOCAL, and MULTICAST by itself, are certain without the host's routing tables; IPv6 joins several types otherwise than IPv4. */
function testAddressType(
  { host }: Scene,
  asked: (Negatable & { readonly types: readonly string[] }) | undefined,
  address: IPBytes | undefined,
): Truth {
  if (asked === undefined) return true;
  const [type, ...others] = asked.types;
  if (others.length === 0 && type === 'LOCAL') {
    return negateIf(asked.negated, address === undefined || host.isLocal(address));
  }
  if (others.length === 0 && type === 'MULTICAST' && address !== undefined) {
    return negateIf(asked.negated, isMulticast(address));
  }
  return unknown(`whether an address has the type ${asked.types.join(',')} depends on the host's routes`);
}

/** True if one of the states is the packet's. DNAT and SNAT are states beside the others. */
function testStates(
  { packet, stage, originalSource }: Scene,
  states: readonly string[],
  module: 'conntrack' | 'state',
  state: State,
): Truth {
  const seen = connectionState(packet, stage.untracked, state);
  if (states.includes(seen)) return true;
  const hasConnection = seen === 'NEW' || seen === 'ESTABLISHED';
  if (!hasConnection || module === 'state') return false;
  if (states.includes('DNAT') && (state.translated || packet.translation?.destination !== undefined))
    return true;
  if (!states.includes('SNAT')) return false;
  const translation = state.translation.kind === 'unchanged' ? packet.translation?.source : state.translation;
  if (translation === undefined || translation.kind === 'unchanged') return false;
  if (state.source !== undefined && !equalIPs(state.source, originalSource)) return true;
  return unknown('whether the new source differs from the old one is unknown');
}

/** Only packets that a bridge hands over have a bridge port; those of the host have none yet. */
function testBridged({ packet, stage }: Scene, { negated }: Negatable): Truth {
  const bridged = packet.arrival.kind === 'host' || stage.input === 'lo' ? false : packet.bridged;
  if (bridged === undefined) return unknown('whether the packet came in by a port of a bridge is unknown');
  return negateIf(negated, bridged);
}

function testSet({ sets, packet }: Scene, match: Extract<SavedMatch, { kind: 'set' }>, state: State): Truth {
  const source = state.source && formatIP(state.source);
  const asked = sets?.(match.set, match.directions, {
    protocol: packet.protocol,
    ...(source === undefined ? {} : { source }),
    ...(state.sourcePort === undefined ? {} : { sourcePort: state.sourcePort }),
    destination: formatIP(state.destination),
    ...(state.destinationPort === undefined ? {} : { destinationPort: state.destinationPort }),
  });
  return asked === undefined
    ? unknown(`what is in the set ${match.set} is unknown`)
    : negateIf(match.negated, asked);
}

/** Whether a rule has nothing that draws at random or remembers. */
export function testRule(scene: Scene, rule: PreparedRule, state: State): Truth {
  let result = testHeader(scene, rule, state);
  for (const match of rule.matches) {
    if (result === false) return false;
    result = both(result, testMatch(scene, match as PlainMatch, state));
  }
  return result;
}

/** A rule as a step of a path names it. */
export function stepOf({ stage }: Scene, rule: SavedRule): { table: string; hook: string; rule: SavedRule } {
  return { table: stage.table, hook: stage.hook, rule };
}
