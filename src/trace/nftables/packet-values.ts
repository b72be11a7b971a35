/**
 * What a packet has for an expression such as `ip daddr . meta l4proto . th dport`. In: the expression, the packet as it is
 * now, the hook. Out: a value for each part. Mirrors `nft_payload`, `nft_meta`, `nft_ct` and `nft_fib`, with the conditions
 * that nft puts in front: `tcp dport` is asked of TCP only, `ip saddr` of IPv4 only.
 */
import type { ListedExpression } from '../../backends/nftables/listed.ts';
import { equalIPs, type IPBytes } from '../../shared/ip.ts';
import { connectionState } from '../connection.ts';
import { inputDevices, isMulticast, outputDevice } from '../hooks.ts';
import type { Packet, PreparedHost } from '../packet.ts';
import type { State } from '../state.ts';
import { type Truth, unknown } from '../truth.ts';
import { addressKey, keyOf, type PacketValue, type ValueType } from './element-index.ts';
import type { Stage } from './stage.ts';

/** What stays the same while a base chain is asked. */
export interface Scene {
  readonly packet: Packet;
  readonly originalDestination: IPBytes;
  readonly originalSource: IPBytes;
  readonly host: PreparedHost;
  readonly stage: Stage;
}

/** A value that the kernel draws. */
export interface Drawing {
  readonly kind: 'drawing';
  readonly modulus: number;
  readonly offset: number;
}

type Expression<Kind extends ListedExpression['kind']> = Extract<ListedExpression, { kind: Kind }>;

const NONE: PacketValue = { kind: 'none' };

function known(type: ValueType, word: string): PacketValue {
  const key = keyOf(type, word);
  return key === undefined ? anything(`${word} is not understood`) : { kind: 'known', key };
}

function anything(reason: string): PacketValue {
  return { kind: 'unknown', reason, mayBe: () => true };
}

/** @param expression a part, no concatenation */
export function readPart(scene: Scene, expression: ListedExpression, state: State): PacketValue | Drawing {
  switch (expression.kind) {
    case 'payload':
      return readPayload(scene, expression, state);
    case 'meta':
      return readMeta(scene, expression, state);
    case 'ct':
      return readConnection(scene, expression, state);
    case 'fib':
      return readRoute(scene, expression, state);
    case 'numgen':
      return { kind: 'drawing', modulus: expression.modulus, offset: expression.offset };
    case 'concat':
      return anything('concatenations within each other are not understood');
    case 'unknown':
      return anything(`${expression.text} is not understood`);
    default:
      return expression satisfies never;
  }
}

function addressValue(address: IPBytes | undefined, side: string): PacketValue {
  if (address === undefined) {
    return anything(`the ${side} has become an address of the host that is not known`);
  }
  return { kind: 'known', key: addressKey(address) };
}

function portValue(port: number | undefined, side: string): PacketValue {
  return port === undefined ? anything(`the ${side} port is unknown`) : known('number', `${port}`);
}

const PORT_PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp'];

function readPayload(
  { packet }: Scene,
  { protocol, field }: Expression<'payload'>,
  state: State,
): PacketValue {
  const family = state.destination.length === 4 ? 'ip' : 'ip6';
  if (protocol === 'ip' || protocol === 'ip6') {
    if (protocol !== family) return NONE;
    if (field === 'saddr') return addressValue(state.source, 'source');
    if (field === 'daddr') return addressValue(state.destination, 'destination');
    if (field === 'protocol' || field === 'nexthdr') return protocolValue(packet);
  }
  if (PORT_PROTOCOLS.includes(protocol) && packet.protocol !== protocol) return NONE;
  if (PORT_PROTOCOLS.includes(protocol) || protocol === 'th') {
    if (packet.protocol === 'other') return anything('the ports are unknown');
    if (field === 'sport') return portValue(state.sourcePort, 'source');
    if (field === 'dport') return portValue(state.destinationPort, 'destination');
  }
  const isOfOther = /^(icmp|icmpv6|udplite|dccp|esp|ah|comp|igmp|gre)$/.test(protocol);
  if (isOfOther && packet.protocol !== 'other') return NONE;
  return anything(`the packet's ${protocol} ${field} is unknown`);
}

function protocolValue({ protocol }: Packet): PacketValue {
  if (protocol !== 'other') return known('protocol', protocol);
  const others = PORT_PROTOCOLS.map((name) => keyOf('protocol', name));
  const reason = "which protocol the packet's is, is unknown";
  return { kind: 'unknown', reason, mayBe: (key) => !others.includes(key) };
}

function readMeta(scene: Scene, { key, mask }: Expression<'meta'>, state: State): PacketValue {
  const { packet, stage, host, originalDestination: original } = scene;
  const isIPv4 = state.destination.length === 4;
  switch (key) {
    case 'mark':
      return known('number', `${(state.mark & (mask ?? 0xffffffff)) >>> 0}`);
    case 'l4proto':
      return protocolValue(packet);
    case 'nfproto':
      return known('word', isIPv4 ? 'ipv4' : 'ipv6');
    case 'protocol':
      return known('word', isIPv4 ? 'ip' : 'ip6');
    case 'iif':
    case 'iifname':
      return deviceValue(inputDevices(stage, packet), 'came in by');
    case 'oif':
    case 'oifname':
      return deviceValue([outputDevice(stage, host, { original, current: state.destination })], 'leaves by');
    default:
      return anything(`the packet's ${key} is unknown`);
  }
}

/** No device is the empty name. */
function deviceValue(names: readonly (string | undefined)[], way: string): PacketValue {
  const [name] = names;
  if (name !== undefined && names.every((each) => each === name)) return known('name', name);
  const reason = `the device that the packet ${way} is unknown`;
  return { kind: 'unknown', reason, mayBe: (key) => names.includes(undefined) || names.includes(key) };
}

function readConnection(scene: Scene, { key }: Expression<'ct'>, state: State): PacketValue {
  const { packet, stage } = scene;
  const seen = connectionState(packet, stage.untracked, state);
  if (key === 'state') return known('word', seen.toLowerCase());
  // Without a connection, there is nothing to ask.
  if (seen === 'INVALID' || seen === 'UNTRACKED') return NONE;
  if (key === 'status') return { kind: 'flags', has: (flag) => hasStatus(scene, flag, state) };
  const asked = /^original (?:(ip6?) )?(saddr|daddr|proto-src|proto-dst)$/.exec(key);
  if (asked === null) return anything(`the connection's ${key} is unknown`);
  const [, family, field] = asked;
  const isOfFamily = family === undefined || (family === 'ip') === (scene.originalSource.length === 4);
  if (!isOfFamily) return NONE;
  if (field === 'saddr') return addressValue(scene.originalSource, 'source');
  if (field === 'daddr') return addressValue(scene.originalDestination, 'destination');
  return field === 'proto-src'
    ? portValue(packet.sourcePort, 'source')
    : portValue(packet.destinationPort, 'destination');
}

function hasStatus({ packet, originalSource }: Scene, flag: string, state: State): Truth {
  if (flag === 'dnat') return state.translated || packet.translation?.destination !== undefined;
  if (flag !== 'snat') return unknown(`whether the connection is ${flag} is unknown`);
  const translation = state.translation.kind === 'unchanged' ? packet.translation?.source : state.translation;
  if (translation === undefined || translation.kind === 'unchanged') return false;
  if (state.source !== undefined && !equalIPs(state.source, originalSource)) return true;
  return unknown('whether the new source differs from the old one is unknown');
}

/** Only whether an address is the host's is certain without its routes, and whether it is one of multicast. */
function readRoute({ host }: Scene, { flags, result }: Expression<'fib'>, state: State): PacketValue {
  const [side, ...conditions] = flags;
  if (result !== 'type' || (side !== 'saddr' && side !== 'daddr')) {
    return anything(`fib ${flags.join(' . ')} ${result} depends on the host's routes`);
  }
  const address = side === 'saddr' ? state.source : state.destination;
  const isLocal = address === undefined || host.isLocal(address);
  const isGroup = !isLocal && isMulticast(address);
  if (conditions.length === 0 && isLocal) return known('word', 'local');
  if (conditions.length === 0 && isGroup && address.length === 4) return known('word', 'multicast');
  const reason = `which type the address has depends on the host's routes`;
  return { kind: 'unknown', reason, mayBe: (key) => key !== 'local' || isLocal };
}
