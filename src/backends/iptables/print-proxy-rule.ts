/**
 * Prints a rule as kube-proxy hands it to iptables-restore. The order of arguments is kube-proxy's: matches first, the
 * destination between a protocol's match and its port, sources and interfaces last, but before conntrack and nfacct.
 */
import { formatProbability } from './probability.ts';
import type { AddressMatch, InterfaceMatch, Match, Rule, Target } from './rule.ts';

/** The text after the chain's name, with a leading blank. */
export function printProxyRule(rule: Rule): string {
  let text = '';
  let destination = rule.destination === undefined ? '' : selector('-d', rule.destination);
  let source = rule.source === undefined ? '' : selector('-s', rule.source);
  if (rule.inInterface !== undefined) source += selector('-i', rule.inInterface);
  for (const match of rule.matches) {
    if (match.kind === 'transport') {
      text += ` -m ${match.protocol} -p ${match.protocol}${destination}`;
      destination = '';
      if (match.destinationPort !== undefined) text += ` --dport ${match.destinationPort}`;
      continue;
    }
    if (match.kind === 'conntrack' || match.kind === 'nfacct') {
      text += destination + source;
      destination = '';
      source = '';
    }
    text += ` ${printMatch(match)}`;
  }
  text += destination + source;
  return rule.target === undefined ? text : `${text} -j ${printTarget(rule.target)}`;
}

function selector(flag: string, match: AddressMatch | InterfaceMatch): string {
  return `${match.negated ? ' !' : ''} ${flag} ${'address' in match ? match.address : match.name}`;
}

function printMatch(match: Exclude<Match, { kind: 'transport' }>): string {
  const not = 'negated' in match && match.negated ? '! ' : '';
  switch (match.kind) {
    case 'comment':
      return `-m comment --comment ${match.text.includes(' ') ? `"${match.text}"` : match.text}`;
    case 'addrtype':
      return `-m addrtype ${not}--${match.side === 'source' ? 'src' : 'dst'}-type LOCAL`;
    case 'conntrack':
      return `-m conntrack ${not}--ctstate ${match.states.join(',')}`;
    case 'mark':
      return `-m mark ${not}--mark ${hex(match.mark)}/${hex(match.mark)}`;
    case 'statistic':
      return `-m statistic --mode random --probability ${formatProbability(match.oneIn, match.digits)}`;
    case 'recent-check':
      return `-m recent --name ${match.list} --rcheck --seconds ${match.seconds} --reap`;
    case 'recent-set':
      return `-m recent --name ${match.list} --set`;
    case 'nfacct':
      return `-m nfacct --nfacct-name ${match.counter}`;
    case 'physdev-is-in':
      return `-m physdev ${not}--physdev-is-in`;
  }
}

function printTarget(target: Target): string {
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
      return 'REJECT';
    case 'dnat':
      return `DNAT --to-destination ${target.to}`;
    case 'masquerade':
      return target.randomFully ? 'MASQUERADE --random-fully' : 'MASQUERADE';
    case 'mark':
      return target.operation === 'set'
        ? `MARK --set-xmark ${hex(target.mark)}/${hex(target.mark)}`
        : `MARK --${target.operation}-mark ${hex(target.mark)}`;
  }
}

/** Eight digits, as Go's `%#08x`. */
function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
