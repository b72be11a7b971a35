/** What rules of iptables say, in the words that all modes share. In: a rule that differs. Out: its facts. */
import type { SavedRule } from '../../backends/iptables/saved.ts';
import type { LineFacts, PortName } from '../line-facts.ts';
import { capturedSocket, caughtSockets } from './compare-chains.ts';
import { networkKey } from './rule-key.ts';

export function savedRuleLineFacts(rule: SavedRule): LineFacts {
  const { chain, target, matches, source, inInterface, outInterface } = rule;
  const comment = matches.find((match) => match.kind === 'comment');
  const recents = matches.filter((match) => match.kind === 'recent');
  return {
    socket: capturedSocket(rule),
    caught: caughtSockets(rule),
    leadsTo: target?.kind === 'jump' ? target.chain : undefined,
    named: comment && portNamed(comment.text),
    networks: source === undefined ? [] : [networkKey(source.network)],
    devices: [inInterface, outInterface].flatMap((field) =>
      field === undefined || field.name === '+' ? [] : [field.name.replace(/\+$/, '0')],
    ),
    remembers: recents.length > 0,
    seconds: recents.flatMap(({ seconds }) => seconds ?? []),
    establishes: matches.some((match) => match.kind === 'conntrack' && match.states.includes('ESTABLISHED')),
    guards: chain === 'KUBE-PROXY-FIREWALL',
    letsHealthChecksIn: chain === 'KUBE-NODEPORTS' && target?.kind === 'accept',
    purpose: purposeOf(rule),
  };
}

/** Names in comments are anybody's text; only what can be a Service's name is taken for one. */
const NAMED =
  /^([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)(?::([-a-z0-9]{0,63}))?(?= |$)/;

/** `prod/web:http cluster IP` */
export function portNamed(comment: string): PortName | undefined {
  const [, namespace, name, portName = ''] = NAMED.exec(comment) ?? [];
  if (namespace === undefined || name === undefined) return undefined;
  return { namespace, name, portName, isClusterIP: comment.endsWith(' cluster IP') };
}

function purposeOf({ chain, target, matches }: SavedRule): string | undefined {
  const leadsTo = target?.kind === 'jump' ? target.chain : chain;
  switch (leadsTo) {
    case 'KUBE-FIREWALL':
      return "no connection to a Service is affected; others on the node's network can reach what listens on its 127.0.0.1";
    case 'KUBE-FORWARD':
      return matches.some((match) => match.kind === 'conntrack' && match.states.includes('INVALID'))
        ? 'no new connection is affected; packets that connection tracking cannot place are forwarded as they are, and may reset connections'
        : 'no packet that was traced is affected, as long as nothing else in FORWARD drops what Services need';
    default:
      return undefined;
  }
}
