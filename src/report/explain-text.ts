/**
 * Shows one Service as a tree. In: an explained Service, and where its objects were written. Out: text for people. The first
 * line is the answer where something keeps the Service from working.
 */
import type { ChalkInstance } from 'chalk';
import type { NodeView } from '../proxy/node-view.ts';
import type { ExplainedEndpoint, ExplainedPort, ExplainedService } from '../trace/explained-service.ts';
import { formatSocket } from '../trace/packet-ends.ts';
import type { ClientOutcomes } from '../trace/service-clients.ts';
import {
  kindPhrase,
  loadBalancerPhrases,
  portPhrases,
  selectorPhrase,
  sharesPhrase,
  unproxiedPhrase,
} from './explain-phrases.ts';
import { formatLine, type ManifestLines } from './manifest-lines.ts';
import { plainText } from './plain-text.ts';
import { alignColumns } from './trace-text.ts';

/** A line of the tree and what hangs below it. The text is safe for a terminal. */
interface Branch {
  readonly text: string;
  readonly below?: readonly Branch[];
}

interface Context {
  readonly explained: ExplainedService;
  readonly view: NodeView;
  readonly lines: ManifestLines;
  readonly chalk: ChalkInstance;
}

export function explainText(
  explained: ExplainedService,
  view: NodeView,
  lines: ManifestLines,
  chalk: ChalkInstance,
): string {
  const context = { explained, view, lines, chalk };
  const { namespace, name } = explained.service.metadata;
  const answer = answerOf(explained);
  const place = formatLine(lines.at(explained.place));
  const head = cells([`${namespace}/${name}`, kindPhrase(explained), place]);
  let text = answer === undefined ? '' : `${chalk.red(plainText(answer))}\n`;
  text += `${chalk.bold(head)}\n`;
  for (const line of drawTree(branches(context, answer))) text += `${line}\n`;
  return text;
}

/** Why nothing works, in one line. */
function answerOf({ service, noEndpoints, ports, problems }: ExplainedService): string | undefined {
  const name = `${service.metadata.namespace}/${service.metadata.name}`;
  if (noEndpoints !== undefined) return `${name} has no endpoints: ${noEndpoints}`;
  const isDead = ports.length > 0 && ports.every(({ view }) => !view.traffic.internal.available);
  return isDead ? problems[0] : undefined;
}

function branches(context: Context, answer: string | undefined): readonly Branch[] {
  const { explained, view, chalk } = context;
  const { service, problems, ports } = explained;
  const found: Branch[] = [];
  const add = (text: string | undefined) => {
    if (text !== undefined) found.push({ text: plainText(text) });
  };
  add(unproxiedPhrase(explained));
  add(selectorPhrase(service));
  for (const phrase of loadBalancerPhrases(explained)) add(phrase);
  const perPort = ports.map((port) => ({ port, below: portBranches(context, port) }));
  if (perPort.length === 1) {
    for (const { port, below } of perPort) found.push({ text: portLine(context, port) }, ...below);
  } else for (const { port, below } of perPort) found.push({ text: portLine(context, port), below });
  if (explained.addresses.length > 0) found.push(heldBranch(context));
  else if (ports.length === 0) found.push(...absentBranches(context, undefined).slice(0, 50));
  for (const problem of problems) {
    if (problem !== answer) found.push({ text: chalk.red(plainText(`wrong: ${problem}`)) });
  }
  if (ports.length > 0)
    add(`as ${view.node.name === '' ? 'a node' : view.node.name} has it, by kube-proxy ${view.release.name}`);
  return found;
}

function portLine({ view, lines }: Context, port: ExplainedPort): string {
  return cells([portPhrases(port, view).join('  '), formatLine(lines.at(port.place))]);
}

function portBranches(context: Context, port: ExplainedPort): readonly Branch[] {
  const used = port.endpoints.filter(({ isUsed }) => isUsed).length;
  const absent = absentBranches(context, port.family);
  const all = port.endpoints.length + absent.length;
  const rows = endpointRows(context, port.endpoints);
  const title =
    all === 0
      ? 'no endpoints'
      : `${used} of ${all} ${all === 1 ? 'endpoint' : 'endpoints'} ${used === 1 ? 'gets' : 'get'} traffic`;
  const below = { text: title, below: [...rows, ...absent] };
  if (port.clients === undefined) {
    return [
      below,
      { text: 'who gets what is not computed: packets cannot be followed through rules of this mode' },
    ];
  }
  const carried =
    port.chains.length > 0 ? `carried by ${port.chains.join(', ')}` : 'carried by no chain of its own';
  return [
    below,
    { text: 'new connections', below: clientRows(port, port.clients) },
    { text: plainText(carried) },
  ];
}

function heldBranch(context: Context): Branch {
  const { addresses } = context.explained;
  const used = addresses.filter(({ isUsed }) => isUsed).length;
  return {
    text: `${used} of ${addresses.length} ${addresses.length === 1 ? 'address is' : 'addresses are'} given to clients`,
    below: [...endpointRows(context, addresses), ...absentBranches(context, undefined)],
  };
}

/** A Service with more endpoints than this is not read to the end. */
const MOST_ROWS = 200;

function endpointRows({ lines, chalk }: Context, endpoints: readonly ExplainedEndpoint[]): readonly Branch[] {
  const shown = endpoints.slice(0, MOST_ROWS);
  const rows = alignColumns(
    shown.map(({ address, pod, nodeName, place, isUsed, why }) =>
      [
        isUsed ? '✓' : '✗',
        address,
        pod ?? '',
        nodeName,
        isUsed && why === 'ready' ? '' : why,
        formatLine(lines.at(place)),
      ].map(plainText),
    ),
  );
  const painted = rows.map((row, i) => ({ text: shown[i]?.isUsed ? row : chalk.yellow(row) }));
  const hidden = endpoints.length - shown.length;
  return hidden === 0 ? painted : [...painted, { text: `… and ${hidden} more (-o json has all)` }];
}

function absentBranches({ explained, lines, chalk }: Context, family: string | undefined): readonly Branch[] {
  const rows = explained.absentPods
    .filter((absent) => family === undefined || absent.family === family)
    .map(({ pod, why, place }) => cells([`✗ ${pod}`, why, formatLine(lines.at(place))]));
  return [...new Set(rows)].map((row) => ({ text: chalk.yellow(row) }));
}

/** Clients that fare alike stand in one line. */
function clientRows(port: ExplainedPort, clients: readonly ClientOutcomes[]): readonly Branch[] {
  const groups = new Map<string, { readonly clients: ClientOutcomes[]; readonly shares: string }>();
  for (const client of clients) {
    const shares = sharesPhrase(client, port);
    const key = `${formatSocket(client.door)} ${shares}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { clients: [client], shares });
    else group.clients.push(client);
  }
  const rows = [...groups.values()].map(({ clients, shares }) => {
    const [{ door }] = clients as [ClientOutcomes];
    const from = clients.map(({ client }) => client).join(', ');
    return [`from ${from}`, `to ${formatSocket(door)}`, shares].map(plainText);
  });
  const lines = alignColumns(rows).map((text) => ({ text }));
  const { nodePort } = port.view.servicePort;
  const isTried = nodePort === 0 || clients.some(({ door }) => door.way === 'node port');
  const why = `node port ${nodePort} is not tried: no ${port.family} address of the node is known (--node-address)`;
  return isTried ? lines : [...lines, { text: why }];
}

function cells(texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .map(plainText)
    .join('  ');
}

function* drawTree(tree: readonly Branch[], indent = ''): Generator<string> {
  for (const [i, { text, below = [] }] of tree.entries()) {
    const isLast = i === tree.length - 1;
    yield `${indent}${isLast ? '└─ ' : '├─ '}${text}`;
    const next = `${indent}${isLast ? '   ' : '│  '}`;
    if (below.some((branch) => branch.below !== undefined)) yield* drawTree(below, next);
    else for (const leaf of below) yield `${next} ${leaf.text}`;
  }
}
