/**
 * Prints listed tables. In: what was read of a listing. Out: the text in nft's form, with one element a line, without
 * handles and counters' values; `nft -f` takes it where it takes what has been read. Lines that were not understood are
 * left as comments.
 */

import type {
  ListedChain,
  ListedProblem,
  ListedRuleset,
  ListedSet,
  ListedTable,
  TableFamily,
} from './listed.ts';
import { printHook } from './listed-hook.ts';
import { styleOfType } from './listed-values.ts';
import { printListedElement, printSeconds } from './print-listed-rule.ts';

export function printListed({ tables, problems }: ListedRuleset): string {
  return [...tables.map(printTable), ...problems.map((problem) => printUnread(problem, ''))].join('');
}

function printTable(table: ListedTable): string {
  const { family, name, comment, flags, counters, others, sets, chains } = table;
  const head = [
    ...(comment === undefined ? [] : [`\tcomment "${comment}"\n`]),
    ...(flags.length === 0 ? [] : [`\tflags ${flags.join(',')}\n`]),
  ].join('');
  // In nft's order: rules and elements follow what they name.
  const blocks = [
    ...counters.map((counter) => `\tcounter ${counter} {\n\t}\n`),
    ...others.map((other) => (other.object === undefined ? printUnread(other, '\t') : `\t${other.text}\n`)),
    ...sets.map(printSet),
    ...chains.map((chain) => printChain(chain, family)),
  ];
  return `table ${family} ${name} {\n${[head, ...blocks].filter((text) => text !== '').join('\n')}}\n`;
}

function printUnread({ text }: ListedProblem, indent: string): string {
  return text
    .split('\n')
    .map((line) => `${indent}# ${line}\n`)
    .join('');
}

function printSet(set: ListedSet): string {
  const {
    kind,
    name,
    isTypeof,
    type,
    value,
    flags,
    size,
    timeoutSeconds,
    options = [],
    comment,
    elements,
  } = set;
  const lines: string[] = [];
  if (type.length > 0) {
    const data = value === undefined ? '' : ` : ${value.join(' . ')}`;
    lines.push(`${isTypeof ? 'typeof' : 'type'} ${type.join(' . ')}${data}`);
  }
  if (size !== undefined) lines.push(`size ${size}`);
  if (flags.length > 0) lines.push(`flags ${flags.join(',')}`);
  if (timeoutSeconds !== undefined) lines.push(`timeout ${printSeconds(timeoutSeconds)}`);
  lines.push(...options);
  if (comment !== undefined) lines.push(`comment "${comment}"`);
  let text = `\t${kind} ${name} {\n${lines.map((line) => `\t\t${line}\n`).join('')}`;
  if (elements.length > 0) {
    const styles = type.map(styleOfType);
    const valueStyles = (value ?? []).map(styleOfType);
    text += '\t\telements = {\n';
    for (const element of elements) text += `\t\t\t${printListedElement(element, styles, valueStyles)},\n`;
    text += '\t\t}\n';
  }
  return `${text}\t}\n`;
}

function printChain({ name, hook, comment, rules }: ListedChain, family: TableFamily): string {
  let text = `\tchain ${name} {\n`;
  if (hook !== undefined) text += `\t\t${printHook(hook, family)}\n`;
  if (comment !== undefined) text += `\t\tcomment "${comment}"\n`;
  for (const rule of rules) {
    text += `\t\t${rule.text}${rule.comment === undefined ? '' : ` comment "${rule.comment}"`}\n`;
  }
  return `${text}\t}\n`;
}
