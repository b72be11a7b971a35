/**
 * In: a YAML document and a path. Out: the line and column of the field, or of its closest ancestor that exists. Aliases
 * are followed to their anchors, and `<<` to the mappings that it merges.
 */
import { EVENT_ID, type Event } from 'js-yaml';
import type { FieldPath, Position } from '../shared/diagnostic.ts';
import { isMergeKey, keyOf } from './yaml/parse-yaml.ts';
import { lastAtMost } from './yaml/rewrite-yaml11.ts';
import { readYamlTree, startOfNode, type YamlTree } from './yaml/yaml-tree.ts';

export interface YamlIndex {
  readonly tree: YamlTree;
  /** Of each node the index behind its last event. */
  readonly ends: Int32Array;
  /** Of each line of the source its first character. */
  readonly lineStarts: readonly number[];
  readonly start: Position;
  /** Of the lists that have been looked into the indexes of their items. */
  readonly items: Map<number, Int32Array>;
}

/**
 * @param start the position of the first character within the file
 * @throws RefusedYaml
 */
export function indexYaml(source: string, start: Position): YamlIndex {
  const tree = readYamlTree(source);
  const lineStarts = [start.line === 1 && start.column === 1 && source.startsWith('\ufeff') ? 1 : 0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { tree, ends: findEnds(tree.events), lineStarts, start, items: new Map() };
}

function findEnds(events: readonly Event[]): Int32Array {
  const ends = new Int32Array(events.length);
  const open: number[] = [];
  for (let index = 0; index < events.length; index++) {
    const { type } = events[index] as Event;
    if (type === EVENT_ID.POP) ends[open.pop() as number] = index + 1;
    else if (type === EVENT_ID.SCALAR || type === EVENT_ID.ALIAS) ends[index] = index + 1;
    else open.push(index);
  }
  return ends;
}

/** The position of the field that `path` leads to. */
export function locateInYaml(index: YamlIndex, path: FieldPath): Position {
  const { tree } = index;
  let node = 1;
  let offset = 0;
  if (tree.events.length > 1) offset = startOfNode(tree.text, tree.events[1] as Event) ?? 0;
  for (const step of path) {
    const child = typeof step === 'string' ? findEntry(index, node, step) : findItem(index, node, step);
    if (child === undefined) break;
    node = child.value;
    // An empty item has no place of its own.
    offset = startOfNode(tree.text, tree.events[child.at] as Event) ?? offset;
  }
  return toPosition(index, tree.toOriginal(offset));
}

function toPosition({ lineStarts, start }: YamlIndex, offset: number): Position {
  const line = lastAtMost(lineStarts, offset);
  const column = Math.max(0, offset - (lineStarts[line] as number));
  return { line: start.line + line, column: (line === 0 ? start.column : 1) + column };
}

interface Child {
  /** The event of the key or, in a list, of the item. */
  readonly at: number;
  readonly value: number;
}

/** The last of equal keys counts, whether it is merged or not. */
function findEntry(index: YamlIndex, node: number, name: string): Child | undefined {
  const { events, text } = index.tree;
  const mapping = resolve(index, node);
  if (events[mapping]?.type !== EVENT_ID.MAPPING) return undefined;
  let found: Child | undefined;
  for (let at = mapping + 1; (events[at] as Event).type !== EVENT_ID.POP; ) {
    const value = index.ends[at] as number;
    if (isMergeKey(text, events[at] as Event)) found = findMerged(index, value, name) ?? found;
    else {
      const key = events[resolve(index, at)] as Event;
      const isNamed = key.type === EVENT_ID.SCALAR && hasText(text, key, name);
      if (isNamed) found = { at, value };
    }
    at = index.ends[value] as number;
  }
  return found;
}

function hasText(text: string, key: Parameters<typeof keyOf>[1], name: string): boolean {
  const result = keyOf(text, key);
  return result.kind === 'value' && result.value === name;
}

/** Of a list of merged mappings the first has precedence. */
function findMerged(index: YamlIndex, node: number, name: string): Child | undefined {
  if (index.tree.events[node]?.type !== EVENT_ID.SEQUENCE) return findEntry(index, node, name);
  for (const item of itemsOf(index, node)) {
    const found = findEntry(index, item, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function findItem(index: YamlIndex, node: number, step: number): Child | undefined {
  const sequence = resolve(index, node);
  if (index.tree.events[sequence]?.type !== EVENT_ID.SEQUENCE) return undefined;
  const at = itemsOf(index, sequence)[step];
  return at === undefined ? undefined : { at, value: at };
}

function itemsOf({ tree, ends, items }: YamlIndex, sequence: number): Int32Array {
  const known = items.get(sequence);
  if (known !== undefined) return known;
  const indexes: number[] = [];
  for (let at = sequence + 1; (tree.events[at] as Event).type !== EVENT_ID.POP; at = ends[at] as number) {
    indexes.push(at);
  }
  const result = Int32Array.from(indexes);
  items.set(sequence, result);
  return result;
}

/** The node behind an alias. */
function resolve({ tree }: YamlIndex, node: number): number {
  return tree.anchored.get(node) ?? node;
}
