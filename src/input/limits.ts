/**
 * What an input may cost. Anything beyond is reported as a diagnostic, or as an error where nothing else can be read, and is
 * not read. `SVCRULES_LIMITS` changes them for one run of the program; see docs/limits.md.
 */
import { constants } from 'node:buffer';
import { OperationalError } from '../shared/operational-error.ts';

export interface Limits {
  /** Bytes of one file, standard input, or one tool's output. */
  readonly fileBytes: number;
  /** Bytes of all files of a bundle, unpacked. */
  readonly bundleBytes: number;
  /**
   * Bytes of one YAML document: its nodes take some twenty times as much memory, and as much again while places in it are
   * looked up. A JSON document may be as large as its file.
   */
  readonly yamlBytes: number;
  /** Documents of one file. */
  readonly documents: number;
  /** Mappings and lists within each other, aliases followed. */
  readonly nesting: number;
  /** Places of one YAML document where `*name` stands. */
  readonly aliases: number;
  /** Keys that `<<` brings into the mappings of one YAML document. */
  readonly mergeKeys: number;
}

/** JavaScript's strings end a little before 512 MiB on some engines. */
export const DEFAULT_LIMITS: Limits = {
  fileBytes: Math.min(512 * 1024 * 1024, constants.MAX_STRING_LENGTH),
  bundleBytes: 1024 * 1024 * 1024,
  yamlBytes: 64 * 1024 * 1024,
  documents: 1_000_000,
  nesting: 100,
  aliases: 100,
  mergeKeys: 10_000,
};

/** The names in `SVCRULES_LIMITS`, and how far each may be raised. */
const NAMED: ReadonlyMap<string, { readonly limit: keyof Limits; readonly most: number }> = new Map([
  ['file-bytes', { limit: 'fileBytes', most: constants.MAX_STRING_LENGTH }],
  ['bundle-bytes', { limit: 'bundleBytes', most: Number.MAX_SAFE_INTEGER }],
  ['yaml-bytes', { limit: 'yamlBytes', most: constants.MAX_STRING_LENGTH }],
  ['documents', { limit: 'documents', most: 10_000_000 }],
  // What walks through a document calls itself once a level.
  ['nesting', { limit: 'nesting', most: 1000 }],
  ['aliases', { limit: 'aliases', most: 10_000_000 }],
  ['merge-keys', { limit: 'mergeKeys', most: 10_000_000 }],
]);

let inForce: Limits = DEFAULT_LIMITS;

/** The limits in force. Like those of `ulimit` they hold for the whole process. */
export function limits(): Limits {
  return inForce;
}

export function setLimits(changed: Limits): void {
  inForce = changed;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/**
 * Reads `SVCRULES_LIMITS`, such as `file-bytes=1Mi,nesting=200`.
 * @throws OperationalError for what is no limit.
 */
export function readLimits(text: string): Limits {
  const changed: Partial<Record<keyof Limits, number>> = {};
  for (const part of text.split(',').filter((each) => each.trim() !== '')) {
    const [, name = '', digits = '', unit = ''] = /^\s*([a-z-]+)=([0-9]{1,15})([KMG]i)?\s*$/.exec(part) ?? [];
    const named = NAMED.get(name);
    if (named === undefined) {
      const known = [...NAMED.keys()].join(', ');
      throw new OperationalError(
        `SVCRULES_LIMITS: ${JSON.stringify(part)} is no limit such as file-bytes=1Mi; there are ${known}`,
      );
    }
    const value = Number(digits) * (UNITS[unit] as number);
    if (value < 1 || value > named.most) {
      throw new OperationalError(`SVCRULES_LIMITS: ${name} must be between 1 and ${named.most}`);
    }
    changed[named.limit] = value;
  }
  return { ...DEFAULT_LIMITS, ...changed };
}

/** How to get past a limit, for a diagnostic. */
export function raising(name: string): string {
  return `raise the limit with SVCRULES_LIMITS=${name}=N where the input is trusted`;
}

/** Nodes that aliases repeat in one document: up to here they are free, beyond `isExcessiveAliasing` decides. */
const FREE_ALIASED_NODES = 100;

/**
 * Whether too many of a document's nodes come from aliases: 99 % in documents up to 400,000 nodes, falling to 10 % at
 * 4,000,000. The rule of go.yaml.in/yaml/v2, so that kubectl's bombs are not read.
 *
 * @param nodes how many nodes have been read, repeated ones included
 * @param aliased how many of them stand for an alias
 */
export function isExcessiveAliasing(nodes: number, aliased: number): boolean {
  if (aliased <= FREE_ALIASED_NODES || nodes <= 1000) return false;
  const share = Math.min(Math.max((nodes - 400_000) / 3_600_000, 0), 1);
  return aliased / nodes > 0.99 - 0.89 * share;
}

/** Whether a value has more than that many objects and arrays within each other. */
export function isTooDeep(value: unknown, levels = inForce.nesting): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object' && isTooDeep(item, levels - 1)) return true;
    return false;
  }
  const object = value as Record<string, unknown>;
  // `Object.values` would allocate as much as the document itself.
  for (const key in object) {
    const field = object[key];
    if (typeof field === 'object' && isTooDeep(field, levels - 1)) return true;
  }
  return false;
}
