/**
 * A comparison for people. In: what differs, and what was compared. Out: text, the answer first, then a paragraph for each
 * service port. Names and rules of a host are anybody's text and made safe.
 */
import type { ChalkInstance } from 'chalk';
import type { ForeignRule, NodeDiff, ServiceChanges, StaleChain, Unknown } from '../diff/change.ts';
import type { Leftover } from '../diff/leftovers.ts';
import { plainText } from './plain-text.ts';

export interface DiffHead {
  /** Empty where none is named. */
  readonly node: string;
  readonly mode: string;
  readonly release: string;
  /** With which the intended rules are compared, such as `the dump web.save`. */
  readonly against: string;
}

export interface DiffStyle {
  readonly chalk: ChalkInstance;
  readonly showStale: boolean;
  /** Show all, however many there are. */
  readonly all: boolean;
}

/** So many service ports, rules and chains are shown where not all are wanted. */
const MOST_SERVICES = 20;
const MOST_RULES = 10;
const MOST_CHANGES = 6;
const MOST_LINES = 6;

export function diffText(diff: NodeDiff, head: DiffHead, style: DiffStyle): string {
  const { foreign, unknown, services, leftovers } = diff;
  const most = (count: number) => (style.all ? Number.POSITIVE_INFINITY : count);
  const parts = [`${headline(diff, head, style.chalk)}\n`];
  if (foreign.length + services.length + leftovers.length > 0) parts.push('\n');
  const { chalk } = style;
  parts.push(
    ...shown(
      alike(foreign),
      most(MOST_RULES),
      (rules) => foreignText(rules, most(MOST_LINES), chalk),
      'rules',
    ),
  );
  parts.push(
    ...shown(
      services,
      most(MOST_SERVICES),
      (each) => serviceText(each, most(MOST_CHANGES), style.chalk),
      'service ports',
    ),
  );
  for (const each of leftovers) parts.push(leftoverText(each, most(MOST_LINES), chalk));
  if (unknown.length > 0)
    parts.push(...shown(unknown, most(MOST_RULES), (each) => unknownText(each, chalk), 'doubts'));
  parts.push(summary(diff, style));
  return parts.join('');
}

function shown<T>(items: readonly T[], most: number, print: (item: T) => string, what: string): string[] {
  const texts = items.slice(0, most).map(print);
  if (items.length > most) texts.push(`… and ${items.length - most} more ${what} (-v shows all)\n`);
  return texts;
}

export function differingServices({ services }: NodeDiff): number {
  return new Set(services.map(({ namespace, name }) => `${namespace}/${name}`)).size;
}

/** What the comparison comes to, in a few words. */
export function answer(diff: NodeDiff): string {
  const { equal, unknown, foreign, leftovers, compared } = diff;
  const differing = differingServices(diff);
  if (differing > 0) {
    const services = compared === 1 ? 'Service' : 'Services';
    return `${differing} of ${compared} ${services} ${differing === 1 ? 'differs' : 'differ'}`;
  }
  if (equal)
    return compared === 1
      ? 'the rules of the one Service are right'
      : `the rules of all ${compared} Services are right`;
  if (foreign.length > 0) return 'no Service differs, but rules that they share do';
  if (leftovers.length > 0) return `no Service differs, but ${leftModes(diff)} left something behind`;
  return unknown.some(({ open }) => open) ? 'whether the rules are right cannot be told' : 'rules differ';
}

function leftModes({ leftovers }: NodeDiff): string {
  const modes = [...new Set(leftovers.map(({ mode }) => mode))];
  return modes.length === 1 ? `mode ${modes[0]} has` : `modes ${modes.join(' and ')} have`;
}

/** In a few words; the commands stand below it. */
export function leftoverTitle({ mode, what }: Leftover): string {
  return `left behind by mode ${mode}: ${what}`;
}

/** Completes the title. */
export const LEFTOVER_EFFECT =
  'it can still catch traffic; these commands would remove it, none has been run';

function leftoverText(left: Leftover, most: number, chalk: ChalkInstance): string {
  const { commands } = left;
  const lines = commands.slice(0, most).map((command) => `    ${plainText(command)}\n`);
  if (commands.length > most)
    lines.push(`    … and ${commands.length - most} more commands (-v shows all)\n`);
  return `${chalk.red('✗')} ${chalk.bold(plainText(leftoverTitle(left)))}\n  → ${LEFTOVER_EFFECT}:\n${lines.join('')}`;
}

function headline(diff: NodeDiff, { node, mode, release, against }: DiffHead, chalk: ChalkInstance): string {
  const names = [node, mode, `kube-proxy ${release}`, against].filter((name) => name !== '').map(plainText);
  const paint = diff.equal ? chalk.green : chalk.red;
  return `${names.join(' · ')}: ${paint(answer(diff))}`;
}

/** Where a service port is found: `TCP 10.96.14.7:80, node port 30080`. */
export function portPlace({ port, protocol, family, clusterIP, nodePort }: ServiceChanges): string {
  const host = clusterIP?.includes(':') ? `[${clusterIP}]` : clusterIP;
  const where = host === undefined ? `${protocol} ${port} (${family})` : `${protocol} ${host}:${port}`;
  return nodePort === 0 ? where : `${where}, node port ${nodePort}`;
}

function serviceText(each: ServiceChanges, most: number, chalk: ChalkInstance): string {
  const { namespace, name, portName, changes } = each;
  const title = portName === '' ? `${namespace}/${name}` : `${namespace}/${name}:${portName}`;
  const lines = changes
    .slice(0, most)
    .map(({ kind, consequence }) => `    ${chalk.dim(kind)}  ${plainText(consequence)}\n`);
  if (changes.length > most) lines.push(`    … and ${changes.length - most} more changes (-v shows all)\n`);
  return `${chalk.red('✗')} ${chalk.bold(plainText(title))}   ${plainText(portPlace(each))}\n${lines.join('')}`;
}

/** What a line of a table is called. */
function nounOf({ table, rule }: ForeignRule): readonly [one: string, several: string] {
  switch (table) {
    case 'ipvs':
      return ['a virtual server', 'virtual servers'];
    case 'ipset':
      return rule.startsWith('create ')
        ? ['an ipset', 'ipsets']
        : ['an entry of an ipset', 'entries of ipsets'];
    case 'addresses':
      return ['an address', 'addresses'];
    default:
      return ['a rule', 'rules'];
  }
}

/** Of several, without their number. */
function titlesOf(rule: ForeignRule): readonly [one: string, several: string] {
  const [noun, nouns] = nounOf(rule);
  switch (rule.kind) {
    case 'foreign-rule':
      return [
        "a rule of somebody else's catches Service traffic",
        "rules of somebody else's catch Service traffic",
      ];
    case 'missing-rule':
      return [`${noun} that Services share is missing`, `${nouns} that Services share are missing`];
    case 'missing-table':
      return ["kube-proxy's table is missing", "tables of kube-proxy's are missing"];
    case 'extra-rule':
      return noun === 'a rule'
        ? ["a rule in kube-proxy's chains is not its own", "rules in kube-proxy's chains are not its own"]
        : [`${noun} belongs to no Service`, `${nouns} belong to no Service`];
    case 'declaration':
      return [
        'a table, chain or set of kube-proxy is declared otherwise',
        'tables, chains or sets of kube-proxy are declared otherwise',
      ];
    case 'order':
      return [
        "kube-proxy's rules stand in another order",
        "chains in which kube-proxy's rules stand in another order",
      ];
    case 'policy':
      return ['the policy of a chain drops Service traffic', 'policies of chains drop Service traffic'];
    default:
      return rule.kind satisfies never;
  }
}

export type AlikeRules = readonly [ForeignRule, ...ForeignRule[]];

/** What rules with the same consequence are, in a few words. */
export function alikeTitle(rules: AlikeRules): string {
  const [one, several] = titlesOf(rules[0]);
  return rules.length === 1 ? one : `${rules.length} ${several}`;
}

/** Rules with the same consequence are one paragraph. */
export function alike(rules: readonly ForeignRule[]): readonly AlikeRules[] {
  const groups = new Map<string, [ForeignRule, ...ForeignRule[]]>();
  for (const rule of rules) {
    const key = `${titlesOf(rule)[0]} ${rule.family} ${rule.consequence}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [rule]);
    else known.push(rule);
  }
  return [...groups.values()];
}

/** The rule, or the chain where it is no single rule. */
export function foreignPlace({ table, chain, rule }: ForeignRule): string {
  if (chain === '') return rule === '' ? `table ${table}` : `table ${table}: ${rule}`;
  if (rule === '') return `${table}: chain ${chain}`;
  // Only what nft prints does not name its place.
  return table.includes(' ') ? `${table} ${chain}: ${rule}` : `${table}: ${rule}`;
}

function foreignText(rules: AlikeRules, most: number, chalk: ChalkInstance): string {
  const [{ family, consequence }] = rules;
  const title = alikeTitle(rules);
  const lines = rules.slice(0, most).map((rule) => `    ${chalk.dim(plainText(foreignPlace(rule)))}\n`);
  if (rules.length > most) lines.push(`    … and ${rules.length - most} more (-v shows all)\n`);
  return `${chalk.red('✗')} ${chalk.bold(title)}   ${family}\n${lines.join('')}  → ${plainText(consequence)}\n`;
}

function unknownText({ rule, consequence, table, chain, open }: Unknown, chalk: ChalkInstance): string {
  const place = table === undefined ? '' : `   table ${table}, chain ${chain}`;
  const mark = open ? chalk.yellow('?') : '·';
  const shownRule = rule === undefined ? '' : `    ${chalk.dim(plainText(rule))}\n`;
  return `${mark} cannot tell${plainText(place)}\n${shownRule}  → ${plainText(consequence)}\n`;
}

/** `6 Services are the same.`; empty where all are, or none is. */
export function sameServices(diff: NodeDiff): string {
  const same = diff.compared - Math.min(diff.compared, differingServices(diff));
  if (diff.equal || same === 0) return '';
  return same === 1 ? '1 Service is the same.' : `${same} Services are the same.`;
}

/** `2 stale chains that nothing refers to`. */
export function staleTitle({ stale }: NodeDiff): string {
  return `${stale.length === 1 ? '1 stale chain' : `${stale.length} stale chains`} that nothing refers to`;
}

export function stalePlace({ family, table, chain, rules }: StaleChain): string {
  return `${chain}  ${family}, table ${table}, ${rules} ${rules === 1 ? 'rule' : 'rules'}`;
}

function summary(diff: NodeDiff, { showStale, chalk }: DiffStyle): string {
  const { stale } = diff;
  const lines = [sameServices(diff)].filter((line) => line !== '');
  if (stale.length > 0) lines.push(`${staleTitle(diff)}${showStale ? ':' : ' (--show-stale).'}`);
  let text = lines.length === 0 ? '' : `${lines.join(' ')}\n`;
  if (showStale) for (const each of stale) text += `    ${chalk.dim(plainText(stalePlace(each)))}\n`;
  return text;
}
