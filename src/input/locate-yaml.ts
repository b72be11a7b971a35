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
  /** Of the mappings that have been looked into their entries by key. */
  readonly entries: Map<number, ReadonlyMap<string, Child>>;
}

/**
 * @param start the position of the first character within the file
 * @throws RefusedYaml
 */
export function indexYaml(source: string, start: Position): YamlIndex {
  const tree = readYamlTree(source);
  const lineStarts = [start.line === 1 && start.column === 1 && source.startsWith('\ufeff') ? 1 : 0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { tree, ends: findEnds(tree.events), lineStarts, start, items: new Map(), entries: new Map() };
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

function findEntry(index: YamlIndex, node: number, name: string): Child | undefined {
  const mapping = resolve(index, node);
  return index.tree.events[mapping]?.type === EVENT_ID.MAPPING
    ? entriesOf(index, mapping).get(name)
    : undefined;
}

/** The last of equal keys counts, whether it is merged or not. */
function entriesOf(index: YamlIndex, mapping: number): ReadonlyMap<string, Child> {
  const known = index.entries.get(mapping);
  if (known !== undefined) return known;
  const { events, text } = index.tree;
  const entries = new Map<string, Child>();
  for (let at = mapping + 1; (events[at] as Event).type !== EVENT_ID.POP; ) {
    const value = index.ends[at] as number;
    if (isMergeKey(text, events[at] as Event)) {
      for (const merged of mergedMappings(index, value)) {
        for (const [name, child] of entriesOf(index, merged)) entries.set(name, child);
      }
    } else {
      const key = events[resolve(index, at)] as Event;
      const name = key.type === EVENT_ID.SCALAR ? keyOf(text, key) : undefined;
      if (name?.kind === 'value') entries.set(String(name.value), { at, value });
    }
    at = index.ends[value] as number;
  }
  index.entries.set(mapping, entries);
  return entries;
}

/** What `<<` merges; of a list the first has precedence and therefore comes last. */
function mergedMappings(index: YamlIndex, node: number): readonly number[] {
  if (index.tree.events[node]?.type !== EVENT_ID.SEQUENCE) return [resolve(index, node)];
  return [...itemsOf(index, node)].reverse().map((item) => resolve(index, item));
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
