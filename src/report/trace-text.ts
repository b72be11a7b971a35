/**
 * Shows what becomes of a packet. In: a traced packet, and where its objects were written. Out: text for people: the question,
 * the chains up to where the ways part, then each outcome with its share, its endpoint and the line of its manifest.
 */
import type { ChalkInstance } from 'chalk';
import { flatten } from '../trace/effective-steps.ts';
import { formatFraction } from '../trace/fraction.ts';
import type { Outcome } from '../trace/outcome.ts';
import { formatSocket } from '../trace/packet-ends.ts';
import type { Parting } from '../trace/parting.ts';
import { chainOf, ruleText, type Step } from '../trace/step.ts';
import type { TracedPacket, TracedSide } from '../trace/traced-packet.ts';
import { formatLine, type ManifestLines } from './manifest-lines.ts';
import { plainText } from './plain-text.ts';
import { chainPath, commonLength, reasonOf, tellingSteps, verdictPhrases } from './trace-phrases.ts';

export interface TraceStyle {
  readonly chalk: ChalkInstance;
  /** Each rule in full, and all outcomes. */
  readonly rules: boolean;
}

/** More are shown only where the rules are asked for. */
const MOST_OUTCOMES = 20;

export function* traceText(
  traced: TracedPacket,
  lines: ManifestLines | undefined,
  style: TraceStyle,
): Generator<string> {
  const context: Context = { traced, lines, style };
  yield `${style.chalk.bold(plainText(question(context)))}\n`;
  const [first, second] = traced.sides;
  if (first === undefined) return;
  if (second === undefined) return yield* sideText(context, first, 0);
  if (traced.parting !== undefined) return yield* partingText(context, traced.parting);
  yield `${plainText(`${first.name} and ${second.name} do the same`)}\n`;
  yield* sideText(context, first, 0);
}

interface Context {
  readonly traced: TracedPacket;
  readonly lines: ManifestLines | undefined;
  readonly style: TraceStyle;
}

/** `TCP 203.0.113.10 (a client outside) → 192.0.2.10:30080, node port of prod/web:http (web.yaml:12), on worker-1` */
function question({ traced, lines }: Context): string {
  const { protocol, packet, who, service, node } = traced;
  const from = `${packet.source}${who === '' ? '' : ` (${who})`}`;
  const to = formatSocket({ address: packet.destination, port: packet.destinationPort });
  let text = `${protocol} ${from} → ${to}`;
  if (service !== undefined) {
    const { servicePort } = service.view;
    const line = formatLine(lines?.servicePort(servicePort));
    text += `, ${service.way} of ${servicePort.name}${line === '' ? '' : ` (${line})`}`;
  }
  return node === '' ? text : `${text}, on ${node}`;
}

/** @param skipped how many of the first steps have been shown. */
function* sideText(context: Context, { outcomes }: TracedSide, skipped: number): Generator<string> {
  const { rules } = context.style;
  const paths = outcomes.map((outcome) => (rules ? outcome.path : flatten(tellingSteps(outcome))));
  const common = commonLength(paths);
  const shared = (paths[0] as readonly Step[]).slice(0, common);
  if (skipped === 0) yield pathLine(context, outcomes, shared);
  if (rules) for (const step of shared.slice(skipped)) yield ruleLine(context, step, '    ');
  const shown = rules ? outcomes : outcomes.slice(0, MOST_OUTCOMES);
  const rows = alignColumns(shown.map((outcome) => outcomeCells(context, outcome)));
  for (const [i, outcome] of shown.entries()) {
    yield `  ${paint(context, outcome, rows[i] as string)}\n`;
    if (skipped === 0 && outcome.verdict.kind === 'cannot-tell' && outcome.verdict.step !== undefined) {
      yield ruleLine(context, outcome.verdict.step, '    ');
    }
    const own = paths[i] as readonly Step[];
    if (rules)
      for (const step of own.slice(Math.max(common, skipped))) yield ruleLine(context, step, '         ');
  }
  const hidden = outcomes.length - shown.length;
  if (hidden > 0) yield `  … and ${hidden} more outcomes (--rules shows all)\n`;
}

function pathLine({ traced }: Context, outcomes: readonly Outcome[], shared: readonly Step[]): string {
  const telling = outcomes.map((outcome) => flatten(tellingSteps(outcome)));
  const common = (telling[0] as readonly Step[]).slice(0, commonLength(telling));
  const path = chainPath(common);
  if (path !== '') return `${plainText(path)}\n`;
  const hook = traced.packet.arrival.kind === 'host' ? 'OUTPUT' : 'PREROUTING';
  const isOpen = outcomes.some(({ verdict }) => verdict.kind === 'cannot-tell');
  return isOpen || shared.length > 0 || telling.some((steps) => steps.length > 0)
    ? `${hook}\n`
    : `${hook}: no rule has anything to do with it\n`;
}

/** Where both sides part: the path before, then for each side its next rule and what comes of it. */
function* partingText(context: Context, parting: Parting): Generator<string> {
  const { traced, style } = context;
  const [intended, actual] = traced.sides as readonly [TracedSide, TracedSide];
  const next = parting.intended ?? parting.actual;
  const place = next === undefined ? 'at the end' : `in ${chainOf(next)} of table ${next.table}`;
  const isCertain = [parting.outcomes.intended, parting.outcomes.actual].every(
    ({ verdict }) => verdict.kind !== 'cannot-tell',
  );
  const sides = `${intended.name} and ${actual.name}`;
  const title = isCertain
    ? `${sides} part ${place}`
    : `nobody can tell whether ${sides} do the same: that is open ${place}`;
  yield `${style.chalk.red(plainText(title))}\n`;
  const path = chainPath(parting.before);
  if (path !== '') yield `${plainText(path)}\n`;
  if (style.rules) for (const step of parting.before) yield ruleLine(context, step, '    ');
  for (const [side, step] of [
    [intended, parting.intended],
    [actual, parting.actual],
  ] as const) {
    yield `${style.chalk.bold(plainText(`${side.name}:`))}\n`;
    yield step === undefined ? '    no further rule\n' : ruleLine(context, step, '    ');
    yield* sideText(context, side, parting.before.length || 1);
  }
}

/** A rule in full, with whose it is. */
function ruleLine({ traced, lines, style }: Context, step: Step, indent: string): string {
  const { servicePort, endpoint } = traced.hop(step);
  const notes: string[] = [];
  if (servicePort !== undefined) {
    const info = servicePort.servicePort;
    const facts = endpoint && lines?.endpoint(info, traced.family, endpoint.address);
    const line = formatLine(facts === undefined ? lines?.servicePort(info) : facts.line);
    notes.push(`${info.name}${endpoint === undefined ? '' : ` → ${endpoint.address}`}`);
    if (facts?.pod !== undefined) notes.push(`Pod ${facts.pod}`);
    if (line !== '') notes.push(line);
  }
  const table = step.table === 'nat' || step.rule.kind === 'virtual-server' ? '' : `-t ${step.table} `;
  const rule = plainText(`${table}${ruleText(step.rule).trimEnd()}`);
  const owner = notes.length === 0 ? '' : style.chalk.dim(`  # ${plainText(notes.join('  '))}`);
  const realServer = step.realServer === undefined ? '' : `${indent}${plainText(step.realServer.text)}\n`;
  return `${indent}${rule}${owner}\n${realServer}`;
}

/** Share, what happens, what becomes of the source, whose it is, where that is written. */
function outcomeCells({ traced, lines }: Context, outcome: Outcome): readonly string[] {
  const share = formatFraction(outcome.fraction);
  const [what, more] = verdictPhrases(outcome.verdict, traced.packet);
  const { text, line } = owner(traced, lines, outcome);
  return [share === '1' ? 'always' : share, what, more, text, line].map(plainText);
}

function owner(
  traced: TracedPacket,
  lines: ManifestLines | undefined,
  outcome: Outcome,
): { readonly text: string; readonly line: string } {
  const { verdict, path } = outcome;
  if (verdict.kind !== 'delivered') return { text: quoted(reasonOf(outcome)), line: '' };
  const view = path.map((step) => traced.hop(step).servicePort).findLast((found) => found !== undefined);
  const socket = formatSocket(verdict.destination);
  if (
    view === undefined ||
    lines === undefined ||
    socket === formatSocket({ address: traced.packet.destination, port: traced.packet.destinationPort })
  ) {
    return { text: '', line: '' };
  }
  const facts = lines.endpoint(view.servicePort, traced.family, socket);
  if (facts === undefined) return { text: `no endpoint of ${view.servicePort.name}`, line: '' };
  const pod = facts.pod === undefined ? '' : `Pod ${facts.pod}`;
  const node = facts.nodeName === '' ? '' : `on ${facts.nodeName}`;
  return { text: [pod, node].filter((part) => part !== '').join(' '), line: formatLine(facts.line) };
}

function quoted(text: string): string {
  return text === '' ? '' : `"${text}"`;
}

function paint({ style }: Context, { verdict }: Outcome, row: string): string {
  switch (verdict.kind) {
    case 'delivered':
      return row;
    case 'rejected':
    case 'dropped':
      return style.chalk.red(row);
    case 'cannot-tell':
      return style.chalk.yellow(row);
    default:
      return verdict satisfies never;
  }
}

/** Columns stand two blanks apart. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) =>
    row
      .map((cell, i) => (widths[i] === 0 ? '' : `${cell.padEnd(widths[i] as number)}  `))
      .join('')
      .trimEnd(),
  );
}
