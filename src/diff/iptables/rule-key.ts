/**
 * When two rules are the same. In: a rule as a host has it. Out: a text that is equal for rules that every kernel treats
 * alike: comments, counters, nfacct and the spellings of masks, protocols, defaults and older iptables do not count.
 */
import type {
  Negatable,
  PortRange,
  SavedMatch,
  SavedRule,
  SavedTarget,
} from '../../backends/iptables/saved.ts';
import { printMatch } from '../../backends/iptables/saved-matches.ts';
import { printTarget } from '../../backends/iptables/saved-targets.ts';
import { formatCIDR, formatIP, parseIP } from '../../shared/ip.ts';

/** Without the rule's chain. */
export function ruleKey(rule: SavedRule): string {
  let key = '';
  if (rule.source !== undefined) key += networkField('-s', rule.source);
  if (rule.destination !== undefined) key += networkField('-d', rule.destination);
  if (rule.inInterface !== undefined) key += interfaceField('-i', rule.inInterface);
  if (rule.outInterface !== undefined) key += interfaceField('-o', rule.outInterface);
  if (rule.protocol !== undefined) key += protocolField(rule.protocol);
  if (rule.fragment !== undefined) key += not(rule.fragment, '-f');
  return key + matchesKey(rule) + targetKey(rule.target);
}

function not({ negated }: Negatable, text: string): string {
  return negated === true ? ` ! ${text}` : ` ${text}`;
}

function networkField(flag: string, field: Negatable & { readonly network: string }): string {
  const network = networkKey(field.network);
  if (field.negated !== true && network.endsWith('/0')) return '';
  return not(field, `${flag} ${network}`);
}

/** `10.0.0.1` for `10.0.0.1/32` and `10.0.0.1/255.255.255.255`; RFC 5952 for IPv6. */
export function networkKey(network: string): string {
  if (network.endsWith('/32') && !network.includes(':')) return network.slice(0, -3);
  const slash = network.indexOf('/');
  const ip = parseIP(slash < 0 ? network : network.slice(0, slash));
  if (ip === undefined) return network;
  const bits = 8 * ip.length;
  const prefixLength = slash < 0 ? bits : readPrefix(network.slice(slash + 1), bits);
  if (prefixLength === undefined) return network;
  return prefixLength === bits ? formatIP(ip) : formatCIDR({ network: ip, prefixLength });
}

/** Undefined for masks that are no prefix. */
function readPrefix(text: string, bits: number): number | undefined {
  if (/^\d{1,3}$/.test(text)) return Number(text) <= bits ? Number(text) : undefined;
  const mask = parseIP(text);
  if (mask === undefined || 8 * mask.length !== bits) return undefined;
  const binary = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return /^1*0*$/.test(binary) ? binary.replaceAll('0', '').length : undefined;
}

function interfaceField(flag: string, field: Negatable & { readonly name: string }): string {
  return field.name === '+' && field.negated !== true ? '' : not(field, `${flag} ${field.name}`);
}

const PROTOCOL_NAMES: ReadonlyMap<string, string> = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['132', 'sctp'],
]);

export function protocolName(name: string): string {
  return PROTOCOL_NAMES.get(name) ?? name;
}

function protocolField(field: Negatable & { readonly name: string }): string {
  if (field.negated !== true && (field.name === 'all' || field.name === '0')) return '';
  return not(field, `-p ${protocolName(field.name)}`);
}

/** The order of matches counts only where one of them remembers what it saw. */
function matchesKey(rule: SavedRule): string {
  const keys: string[] = [];
  let remembers = false;
  for (const match of rule.matches) {
    const key = matchKey(match, rule);
    if (key !== undefined) keys.push(key);
    if (match.kind === 'recent' && match.operation !== 'rcheck') remembers = true;
  }
  if (keys.length > 1 && !remembers) keys.sort();
  return keys.length === 0 ? '' : ` -m ${keys.join(' -m ')}`;
}

/** Undefined for a match that every packet passes. */
function matchKey(match: SavedMatch, { protocol }: SavedRule): string | undefined {
  switch (match.kind) {
    case 'comment':
    case 'nfacct':
      return undefined;
    case 'transport': {
      const { sourcePort, destinationPort } = match;
      const isSaid = protocol !== undefined && protocolName(protocol.name) === match.protocol;
      const ports = portField('--sport', sourcePort) + portField('--dport', destinationPort);
      return ports === '' && isSaid && protocol.negated !== true ? undefined : match.protocol + ports;
    }
    case 'conntrack':
      return not(match, `ctstate ${[...match.states].sort().join(',')}`);
    case 'random':
      return not(match, `random ${match.parts}`);
    case 'mark':
      return not(match, `mark ${match.value >>> 0}/${match.mask >>> 0}`);
    case 'recent': {
      const { operation, seconds, list, side, mask } = match;
      const ofMask =
        mask === undefined || /^(255\.255\.255\.255|(ffff:){7}ffff)$/.test(mask) ? '' : ` ${mask}`;
      return not(match, `recent ${operation} ${seconds ?? ''} ${list} ${side}${ofMask}`);
    }
    case 'unknown':
      return match.module === 'comment' ? undefined : printMatch(match);
    default:
      return printMatch(match);
  }
}

function portField(flag: string, ports: (Negatable & PortRange) | undefined): string {
  if (ports === undefined || (ports.first === 0 && ports.last === 65535 && ports.negated !== true)) return '';
  return not(ports, `${flag} ${ports.first}:${ports.last}`);
}

function targetKey(target: SavedTarget | undefined): string {
  if (target === undefined) return '';
  switch (target.kind) {
    case 'jump':
      return target.goto === true ? ` -g ${target.chain}` : ` -j ${target.chain}`;
    case 'reject':
      return ` -j REJECT ${target.with === undefined ? 'port-unreachable' : target.with.replace(/^icmp6?-/, '')}`;
    case 'dnat':
      return ` -j DNAT ${socketKey(target.to)} ${target.flags.join()}`;
    case 'masquerade':
      // Whether kube-proxy may ask for random ports depends on the host's iptables.
      return ` -j MASQUERADE ${target.arguments.replace(/(^|\s)--random(-fully)?(?=\s|$)/g, '').trim()}`;
    case 'mark':
      return ` -j MARK ${target.value >>> 0}/${target.mask >>> 0}`;
    default:
      return ` ${printTarget(target)}`;
  }
}

function socketKey(to: string): string {
  const bracket = /^\[([0-9a-f:.]+)\](.*)$/.exec(to);
  const ip = bracket === null ? undefined : parseIP(bracket[1] as string);
  return ip === undefined ? to : `[${formatIP(ip)}]${bracket?.[2]}`;
}
