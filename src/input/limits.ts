/** What an input may cost. Anything beyond is reported as a diagnostic and not read. */
import { constants } from 'node:buffer';

/** Bytes of one file: 512 MiB, a little less where the JavaScript engine's strings end before. */
export const MAX_FILE_BYTES = Math.min(512 * 1024 * 1024, constants.MAX_STRING_LENGTH);

/** Documents of one file. */
export const MAX_DOCUMENTS = 1_000_000;

/**
 * Bytes of one YAML document: its nodes take some twenty times as much memory, and as much again while places in it are
 * looked up. A JSON document may be as large as its file.
 */
export const MAX_YAML_BYTES = 64 * 1024 * 1024;

/** Mappings and lists within each other, aliases followed. */
export const MAX_NESTING = 100;

/** Nodes that aliases repeat in one document: up to here they are free, beyond `isExcessiveAliasing` decides. */
export const FREE_ALIASED_NODES = 100;

/**
 * Whether too many of a document's nodes come from aliases: 99 % in documents up to 400,000 nodes, falling to 10 % at
 * 4,000,000. The rule of go.yaml.in/yaml/v2, so that kubectl's documents are read and its bombs are not.
 *
 * @param nodes how many nodes have been read, repeated ones included
 * @param aliased how many of them stand for an alias
 */
export function isExcessiveAliasing(nodes: number, aliased: number): boolean {
  if (aliased <= FREE_ALIASED_NODES || nodes <= 1000) return false;
  const share = Math.min(Math.max((nodes - 400_000) / 3_600_000, 0), 1);
  return aliased / nodes > 0.99 - 0.89 * share;
}

/** Whether a value has more than `MAX_NESTING` objects and arrays within each other. */
export function isTooDeep(value: unknown, levels = MAX_NESTING): boolean {
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
