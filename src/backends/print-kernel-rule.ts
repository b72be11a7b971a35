/** Prints a rule as `iptables-save` 1.8.9 does: `-s`, `-d`, `-i`, `-p`, then the matches in order, then the target. */
import type { IPFamily } from '../apiserver/objects.ts';
import { formatNtop, parseCIDR, parseIP } from '../shared/ip.ts';
import type { ConntrackState, Match, Rule, Target, TransportProtocol } from './iptables-rule.ts';
import { formatStoredProbability } from './probability.ts';

/** The text after the chain's name, with a leading blank. */
export function printKernelRule(rule: Rule, family: IPFamily): string {
  let text = '';
  if (rule.source !== undefined) {
    text += selector('-s', networkText(rule.source.address), rule.source.negated);
  }
  if (rule.destination !== undefined) {
    text += selector('-d', networkText(rule.destination.address), rule.destination.negated);
  }
  if (rule.inInterface !== undefined) text += selector('-i', rule.inInterface.name, rule.inInterface.negated);
  if (rule.protocol !== undefined) text += ` -p ${rule.protocol}`;
  for (const match of rule.matches) text += ` -m ${printMatch(match, family)}`;
  if (rule.target !== undefined) text += ` -j ${printTarget(rule.target, family)}`;
  return text;
}

/** A network of length 0 that is not negated matches everything and is not printed. */
function selector(flag: string, value: string, negated: boolean | undefined): string {
  if (negated) return ` ! ${flag} ${value}`;
  return value.endsWith('/0') ? '' : ` ${flag} ${value}`;
}

/** Addresses get a mask, host bits are cleared. */
function networkText(address: string): string {
  const cidr = parseCIDR(address);
  if (cidr !== undefined) return `${formatNtop(cidr.network)}/${cidr.prefixLength}`;
  const ip = parseIP(address);
  if (ip === undefined) throw new Error(`not an address: ${JSON.stringify(address)}`);
  return `${formatNtop(ip)}/${ip.length * 8}`;
}

const ALL_ONES: Readonly<Record<IPFamily, string>> = {
  IPv4: '255.255.255.255',
  IPv6: 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
};

function printMatch(match: Match, family: IPFamily): string {
  const not = 'negated' in match && match.negated ? '! ' : '';
  switch (match.kind) {
    case 'comment':
      return `comment --comment ${quote(match.text)}`;
    case 'transport':
      return match.destinationPort === undefined
        ? match.protocol
        : `${match.protocol} --dport ${match.destinationPort}`;
    case 'addrtype':
      return `addrtype ${not}--${match.side === 'source' ? 'src' : 'dst'}-type LOCAL`;
    case 'conntrack':
      return `conntrack ${not}--ctstate ${inKernelOrder(match.states)}`;
    case 'state':
      return `state --state ${inKernelOrder(match.states)}`;
    case 'mark':
      return `mark ${not}--mark ${hex(match.mark)}/${hex(match.mark)}`;
    case 'statistic':
      return `statistic --mode random --probability ${formatStoredProbability(match.oneIn, match.digits)}`;
    case 'recent-check':
      return `recent --rcheck --seconds ${match.seconds} --reap --name ${match.list} --mask ${ALL_ONES[family]} --rsource`;
    case 'recent-set':
      return `recent --set --name ${match.list} --mask ${ALL_ONES[family]} --rsource`;
    case 'nfacct':
      return `nfacct --nfacct-name  ${match.counter}`;
    case 'physdev-is-in':
      return `physdev ${not}--physdev-is-in`;
    case 'set':
      return `set --match-set ${match.set} ${match.dimensions.join(',')}`;
    case 'ipvs':
      return `ipvs --vproto ${PROTOCOL_NUMBER[match.protocol]} --vaddr ${kernelAddress(match.address)} --vport ${match.port}`;
  }
}

const PROTOCOL_NUMBER: Readonly<Record<TransportProtocol, number>> = { tcp: 6, udp: 17, sctp: 132 };

function kernelAddress(address: string): string {
  const ip = parseIP(address);
  if (ip === undefined) throw new Error(`not an address: ${JSON.stringify(address)}`);
  return formatNtop(ip);
}

function printTarget(target: Target, family: IPFamily): string {
  switch (target.kind) {
    case 'jump':
      return target.chain;
    case 'accept':
      return 'ACCEPT';
    case 'drop':
      return 'DROP';
    case 'return':
      return 'RETURN';
    case 'reject':
      return `REJECT --reject-with ${family === 'IPv6' ? 'icmp6' : 'icmp'}-port-unreachable`;
    case 'dnat':
      return `DNAT --to-destination ${family === 'IPv6' ? kernelEndpoint(target.to) : target.to}`;
    case 'redirect':
      return `REDIRECT --to-ports ${target.toPort}`;
    case 'masquerade':
      return target.randomFully ? 'MASQUERADE --random-fully' : 'MASQUERADE';
    case 'mark': {
      const mask = target.operation === 'xor' ? '0x0' : hex(target.mark);
      return `MARK --set-xmark ${hex(target.mark)}/${mask}`;
    }
  }
}

/** `[fd00::1]:80` with the address as the kernel's tools spell it. */
function kernelEndpoint(endpoint: string): string {
  const end = endpoint.lastIndexOf(']');
  const ip = parseIP(endpoint.slice(1, end));
  return ip === undefined ? endpoint : `[${formatNtop(ip)}${endpoint.slice(end)}`;
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

const STATE_ORDER: readonly ConntrackState[] = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'DNAT'];

function inKernelOrder(states: readonly ConntrackState[]): string {
  return STATE_ORDER.filter((state) => states.includes(state)).join(',');
}

/** libxtables quotes whatever has other characters than these. */
function quote(text: string): string {
  return /^[-_0-9A-Za-z]+$/.test(text) ? text : `"${text.replaceAll(/["\\']/g, '\\$&')}"`;
}
