/** What rules, elements and headings of nftables say, in the words that all modes share. In: a line that differs. Out: its facts. */
import type {
  ListedElement,
  ListedExpression,
  ListedRule,
  ListedStatement,
  ListedValue,
} from '../../backends/nftables/listed.ts';
import { printListedElement } from '../../backends/nftables/print-listed-rule.ts';
import { listedRuleText } from '../../trace/nftables/step-facts.ts';
import { formatSocket } from '../../trace/packet-ends.ts';
import { portNamed } from '../iptables/line-facts.ts';
import { type LineFacts, NO_FACTS, type PortName } from '../line-facts.ts';
import type { ListedHeading } from './lines.ts';

export type NftablesLine = ListedRule | ListedElement | ListedHeading;

export function nftablesLineText(line: NftablesLine): string {
  switch (line.kind) {
    case 'nft-rule':
      return listedRuleText(line);
    case 'nft-element':
      return printListedElement(line, [], []);
    case 'nft-heading':
      return line.text;
    default:
      return line satisfies never;
  }
}

export function nftablesLineFacts(line: NftablesLine): LineFacts {
  switch (line.kind) {
    case 'nft-rule':
      return ruleFacts(line);
    case 'nft-element':
      return elementFacts(line);
    case 'nft-heading':
      return line.seconds === undefined
        ? NO_FACTS
        : { ...NO_FACTS, remembers: true, seconds: [line.seconds] };
    default:
      return line satisfies never;
  }
}

/** What sends packets to endpoints; all other maps and sets decide who may come, and what is refused. */
const LEADING_MAPS: ReadonlySet<string> = new Set(['service-ips', 'service-nodeports']);

function elementFacts({ set, key, verdict, comment }: ListedElement): LineFacts {
  const words = key.map(wordOf);
  const leadsTo = verdict !== undefined && 'chain' in verdict ? verdict.chain : undefined;
  const socket = socketOf(words);
  const isConnection = words.length === 4 && words[0] === words[1];
  const isFirewalled = words.length === 4 && !isConnection;
  return {
    ...NO_FACTS,
    socket: isFirewalled ? socketOf(words.slice(0, 3)) : socket,
    caught: socket === undefined ? [] : [socket],
    ...(words.length === 1 ? { address: words[0] as string } : {}),
    ...(isConnection
      ? { endpoint: formatSocket({ address: words[1] as string, port: Number(words[3]) }) }
      : {}),
    leadsTo,
    named: namedBy(leadsTo, comment),
    networks: isFirewalled ? [words[3] as string] : [],
    guards: !LEADING_MAPS.has(set),
  };
}

function wordOf(value: ListedValue): string {
  switch (value.kind) {
    case 'word':
      return value.word;
    case 'prefix':
      return value.text;
    case 'range':
      return `${value.first}-${value.last}`;
    default:
      return value satisfies never;
  }
}

/** `10.96.0.10 . tcp . 80`, or for node ports `tcp . 30080`. */
function socketOf(words: readonly string[]): string | undefined {
  if (words.length === 2) return `* ${words.join(' ')}`;
  return words.length === 3 ? words.join(' ') : undefined;
}

function namedBy(leadsTo: string | undefined, comment: string | undefined): PortName | undefined {
  const byChain = leadsTo === undefined ? undefined : namedByChain(leadsTo);
  return byChain ?? (comment === undefined ? undefined : portNamed(comment));
}

/** `external-2QRHZV4L-default/kubernetes/tcp/https`; the port's name may be cut. */
function namedByChain(chain: string): PortName | undefined {
  const parts =
    /^(?:service|local|external|firewall)-[A-Z2-7]{8}-([^/]+)\/([^/]+)\/(?:tcp|udp|sctp)\/(.*)$/.exec(chain);
  const [, namespace = '', name = '', portName = ''] = parts ?? [];
  return parts === null
    ? undefined
    : portNamed(`${namespace}/${name}${portName === '' ? '' : `:${portName}`}`);
}

function ruleFacts({ statements, chain }: ListedRule): LineFacts {
  const verdict = statements.at(-1);
  const leadsTo =
    verdict?.kind === 'verdict' && 'chain' in verdict.verdict ? verdict.verdict.chain : undefined;
  const matches = statements.filter((statement) => statement.kind === 'match');
  const valuesOf = (is: (expression: ListedExpression) => boolean) =>
    matches.flatMap(({ left, right }) =>
      is(left) && right.kind === 'values' ? right.values.flat().map(wordOf) : [],
    );
  return {
    ...NO_FACTS,
    leadsTo,
    networks: valuesOf((left) => left.kind === 'payload' && left.field === 'saddr'),
    devices: valuesOf((left) => left.kind === 'meta' && /^[io]ifname$/.test(left.key)).map((name) =>
      name.replace(/\*$/, '0'),
    ),
    remembers: statements.some(remembers),
    establishes: valuesOf((left) => left.kind === 'ct' && left.key === 'state').includes('established'),
    purpose: PURPOSES[leadsTo ?? chain],
  };
}

function remembers(statement: ListedStatement): boolean {
  if (statement.kind === 'set-update') return true;
  return (
    statement.kind === 'match' &&
    statement.right.kind === 'set' &&
    statement.right.name.startsWith('affinity-')
  );
}

const PURPOSES: Readonly<Record<string, string>> = {
  'cluster-ips-check':
    'no connection to a port of a Service is affected; those to other ports of cluster IPs hang instead of being refused',
};
