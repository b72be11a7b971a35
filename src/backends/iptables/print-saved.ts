/**
 * Prints a `SavedDump` as `iptables-save` does. In: what `parse.ts` made, or typed rules in its shape. Out: the text, byte for
 * byte the one that was read.
 *
 * Mirrors iptables-save 1.8; the differences of other releases are in the dump itself.
 */
import type { Counters, Negatable, SavedChain, SavedDump, SavedRule, SavedTable } from './saved.ts';
import { printMatch } from './saved-matches.ts';
import { printTarget } from './saved-targets.ts';

export function printSaved(dump: SavedDump): string {
  let text = '';
  for (const part of dump.parts) text += part.kind === 'text' ? `${part.text}\n` : printTable(part);
  return dump.unterminated ? text.slice(0, -1) : text;
}

function printTable({ name, entries, committed, tail = '', commitTail = '' }: SavedTable): string {
  let text = `*${name}${tail}\n`;
  for (const entry of entries) {
    if (entry.kind === 'rule') text += `${printSavedRule(entry)}\n`;
    else if (entry.kind === 'chain') text += `${printChain(entry)}\n`;
    else text += `${entry.text}\n`;
  }
  return committed ? `${text}COMMIT${commitTail}\n` : text;
}

function printChain({ name, policy = '-', counters, tail = '' }: SavedChain): string {
  return `:${name} ${policy}${counters === undefined ? '' : ` ${printCounters(counters)}`}${tail}`;
}

/** The rule's line, without the newline. */
export function printSavedRule(rule: SavedRule): string {
  let text = rule.counters === undefined ? '-A ' : `${printCounters(rule.counters)} -A `;
  text += rule.chain;
  if (rule.source !== undefined) text += `${option('-s', rule.source)} ${rule.source.network}`;
  if (rule.destination !== undefined) text += `${option('-d', rule.destination)} ${rule.destination.network}`;
  if (rule.inInterface !== undefined) text += `${option('-i', rule.inInterface)} ${rule.inInterface.name}`;
  if (rule.outInterface !== undefined) text += `${option('-o', rule.outInterface)} ${rule.outInterface.name}`;
  if (rule.protocol !== undefined) text += `${option('-p', rule.protocol)} ${rule.protocol.name}`;
  if (rule.fragment !== undefined) text += option('-f', rule.fragment);
  for (const match of rule.matches) text += ` -m ${printMatch(match)}`;
  if (rule.target !== undefined) text += ` ${printTarget(rule.target)}`;
  return rule.tail === undefined ? text : text + rule.tail;
}

function option(flag: string, { negated }: Negatable): string {
  return negated ? ` ! ${flag}` : ` ${flag}`;
}

function printCounters({ packets, bytes }: Counters): string {
  return `[${packets}:${bytes}]`;
}
