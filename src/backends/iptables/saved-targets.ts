/**
 * Targets as `iptables-save` prints them: for each kind, how it is read and how it is printed, side by side.
 * In: the text behind ` -j `, or a target. Out: the other of the two, without loss.
 *
 * Mirrors the extensions' `save` functions of iptables 1.8. What would not be printed back as it came stays text in a target
 * of kind `unknown`. Jumps to chains are not read here: what a bare name means depends on the table's chains.
 */
import { areOwnOptions, isExtensionName, readOptions, readWords } from './parse-words.ts';
import type { SavedTarget } from './saved.ts';
import { parseHex, printHex } from './saved-matches.ts';

export type TargetKind = SavedTarget['kind'];
type TargetOf<K extends TargetKind> = Extract<SavedTarget, { readonly kind: K }>;

export interface TargetFormat<T extends SavedTarget> {
  /** The names behind `-j`. */
  readonly names: readonly string[];
  /** Undefined for what is not understood. May be lenient: what is not printed back alike is dropped. */
  readonly parse: (text: string, name: string) => T | undefined;
  /** With `-j ` or `-g ` before it. */
  readonly print: (target: T) => string;
}

export const TARGET_FORMATS: { readonly [K in TargetKind]: TargetFormat<TargetOf<K>> } = {
  jump: {
    names: [],
    parse: () => undefined,
    print: ({ chain, goto }) => `${goto ? '-g' : '-j'} ${chain}`,
  },
  accept: { names: ['ACCEPT'], parse: () => ({ kind: 'accept' }), print: () => '-j ACCEPT' },
  drop: { names: ['DROP'], parse: () => ({ kind: 'drop' }), print: () => '-j DROP' },
  return: { names: ['RETURN'], parse: () => ({ kind: 'return' }), print: () => '-j RETURN' },
  reject: {
    names: ['REJECT'],
    parse: (text) => {
      const how = readOptions(text)?.[0]?.values[0];
      return how === undefined ? { kind: 'reject' } : { kind: 'reject', with: how };
    },
    print: (target) => (target.with === undefined ? '-j REJECT' : `-j REJECT --reject-with ${target.with}`),
  },
  dnat: {
    names: ['DNAT'],
    parse: (text) => {
      const from = '--to-destination '.length;
      const blank = text.indexOf(' ', from);
      const to = text.slice(from, blank < 0 ? undefined : blank);
      if (!isAddressRange(to)) return undefined;
      if (blank < 0) return { kind: 'dnat', to, flags: NO_FLAGS };
      const flags = text.slice(blank + ' --'.length).split(' --');
      return flags.every(isNatFlag) ? { kind: 'dnat', to, flags } : undefined;
    },
    print: ({ to, flags }) => `-j DNAT --to-destination ${to}${flags.map((flag) => ` --${flag}`).join('')}`,
  },
  snat: {
    names: ['SNAT'],
    parse: (text) => {
      const [option, to, ...rest] = text.split(' ');
      if (option !== '--to-source' || to === undefined || !isAddressRange(to)) return undefined;
      const flags = rest.join(' ');
      return areFlags(flags) ? { kind: 'snat', to, arguments: flags } : undefined;
    },
    print: (target) => `-j SNAT --to-source ${withArguments(target.to, target.arguments)}`,
  },
  masquerade: {
    names: ['MASQUERADE'],
    parse: (text) => (areFlags(text) ? { kind: 'masquerade', arguments: text } : undefined),
    print: (target) => `-j ${withArguments('MASQUERADE', target.arguments)}`,
  },
  mark: {
    names: ['MARK'],
    parse: (text) => {
      const [value, mask] = (readOptions(text)?.[0]?.values[0]?.split('/') ?? []).map(parseHex);
      return value === undefined || mask === undefined ? undefined : { kind: 'mark', value, mask };
    },
    print: ({ value, mask }) => `-j MARK --set-xmark ${printHex(value)}/${printHex(mask)}`,
  },
  unknown: {
    names: [],
    parse: (text, name) => {
      const words = readWords(text);
      return words && areOwnOptions(words) ? { kind: 'unknown', name, arguments: text } : undefined;
    },
    print: (target) => `-j ${withArguments(target.name, target.arguments)}`,
  },
};

const FORMAT_OF_NAME: ReadonlyMap<string, TargetFormat<SavedTarget>> = new Map(
  Object.values(TARGET_FORMATS).flatMap((format) =>
    format.names.map((name) => [name, format as unknown as TargetFormat<SavedTarget>] as const),
  ),
);

/** @returns undefined for text that is not one target. */
export function parseTarget(text: string): SavedTarget | undefined {
  const blank = text.indexOf(' ');
  const name = blank < 0 ? text : text.slice(0, blank);
  if (!isExtensionName(name)) return undefined;
  const rest = blank < 0 ? '' : text.slice(blank + 1);
  const target = FORMAT_OF_NAME.get(name)?.parse(rest, name);
  if (target !== undefined && prints(target, text)) return target;
  const unknown = TARGET_FORMATS.unknown.parse(rest, name);
  return unknown !== undefined && prints(unknown, text) ? unknown : undefined;
}

/** With `-j ` or `-g ` before it. */
export function printTarget(target: SavedTarget): string {
  return (TARGET_FORMATS[target.kind] as unknown as TargetFormat<SavedTarget>).print(target);
}

function prints(target: SavedTarget, text: string): boolean {
  const printed = printTarget(target);
  return printed.length === text.length + '-j '.length && printed.endsWith(text);
}

/** Addresses and ports, in brackets or as ranges; whether they make sense is not decided here. */
function isAddressRange(text: string): boolean {
  return /^[0-9a-f.:[\]/-]+$/.test(text);
}

const NO_FLAGS: readonly [] = [];

function isNatFlag(text: string): text is 'random' | 'persistent' {
  return text === 'random' || text === 'persistent';
}

const FLAGS: ReadonlySet<string> = new Set(['--to-ports', '--random', '--random-fully', '--persistent']);

/** Options of SNAT and MASQUERADE; anything else, such as `[unsupported revision]`, changes what the target does. */
function areFlags(text: string): boolean {
  return readOptions(text)?.every(({ name, negated }) => FLAGS.has(name) && !negated) ?? false;
}

function withArguments(text: string, rest: string): string {
  return rest === '' ? text : `${text} ${rest}`;
}
