/**
 * In: one YAML document. Out: the JSON value that kubectl makes of it.
 *
 * Mirrors how go.yaml.in/yaml/v2 2.4.4 decodes into an untyped value and how sigs.k8s.io/yaml 1.6.0 turns that into
 * JSON, as kubectl 1.37 uses them: tags of mappings and lists mean nothing, the last of two equal keys wins, and `<<`
 * overrides the keys before it.
 */
import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE, type ScalarEvent } from 'js-yaml';
import type { FieldPath } from '../../shared/diagnostic.ts';
import { isExcessiveAliasing, limits } from '../limits.ts';
import { readBlockYaml } from './read-block-yaml.ts';
import { resolveKey, resolveScalar, type ScalarResult } from './resolve-scalar.ts';
import { readYamlTree, startOfNode, type YamlTree } from './yaml-tree.ts';
import { RefusedYaml } from './yaml11-cursor.ts';

export interface ParsedYaml {
  /** Null for a document without content. */
  readonly value: unknown;
  /** Paths of the keys that stand in their mapping before, in the order of the document. */
  readonly duplicates: readonly FieldPath[];
  /** Where in the source stands text behind the end of the document, which kubectl ignores. */
  readonly rest: number | undefined;
}

/** @throws RefusedYaml with an offset in `source` */
export function parseYaml(source: string): ParsedYaml {
  const value = readBlockYaml(source);
  return value === undefined ? decodeYaml(source) : { value, duplicates: [], rest: undefined };
}

/**
 * Like `parseYaml`, by way of js-yaml for every document.
 *
 * @throws RefusedYaml with an offset in `source`
 */
export function decodeYaml(source: string): ParsedYaml {
  const tree = readYamlTree(source);
  const decoder = new YamlDecoder(tree);
  const value = tree.events.length === 0 ? null : decoder.decode();
  return { value, duplicates: decoder.duplicates, rest: tree.rest };
}

const MERGE_TAG = 'tag:yaml.org,2002:merge';

/** The full tag of a scalar, `''` where it has none. */
export function tagOf(text: string, { tagStart, tagEnd }: ScalarEvent): string {
  if (tagStart < 0) return '';
  const tag = text.slice(tagStart, tagEnd);
  if (tag.startsWith('!<')) return decodeTag(tag.slice(2, -1));
  return decodeTag(tag.startsWith('!!') ? `tag:yaml.org,2002:${tag.slice(2)}` : tag);
}

function decodeTag(tag: string): string {
  if (!tag.includes('%')) return tag;
  try {
    return decodeURIComponent(tag);
  } catch {
    return tag;
  }
}

/** Whether a key is `<<` with its special meaning. */
export function isMergeKey(text: string, event: Event): boolean {
  if (event.type !== EVENT_ID.SCALAR || getScalarValue(text, event) !== '<<') return false;
  const tag = tagOf(text, event);
  return tag === '' ? event.style === SCALAR_STYLE.PLAIN : tag === '!' || tag === MERGE_TAG;
}

/** The text of a scalar as a key. */
export function keyOf(text: string, event: ScalarEvent): ScalarResult {
  return resolveKey(getScalarValue(text, event), tagOf(text, event), event.style === SCALAR_STYLE.PLAIN);
}

/** An object under construction. */
interface Target {
  readonly object: Record<string, unknown>;
  /** Keys that only `<<` has set so far. */
  merged: Set<string> | undefined;
}

class YamlDecoder {
  readonly duplicates: FieldPath[] = [];
  private readonly text: string;
  private readonly events: readonly Event[];
  private readonly tree: YamlTree;
  /** The index of the next event. */
  private at = 1;
  private readonly path: (string | number)[] = [];
  private depth = 0;
  /** Indexes of the aliases that are being followed. */
  private readonly following = new Set<number>();
  private nodes = 1;
  private aliased = 0;
  private mergeKeys = 0;
  private readonly limits = limits();

  constructor(tree: YamlTree) {
    this.tree = tree;
    this.text = tree.text;
    this.events = tree.events;
  }

  decode(): unknown {
    return this.readNode();
  }

  private readNode(): unknown {
    const event = this.nextEvent();
    switch (event.type) {
      case EVENT_ID.SCALAR: {
        this.at++;
        const isPlain = event.style === SCALAR_STYLE.PLAIN;
        const text = getScalarValue(this.text, event);
        return this.accept(resolveScalar(text, tagOf(this.text, event), isPlain), event);
      }
      case EVENT_ID.SEQUENCE:
        return this.readSequence();
      case EVENT_ID.MAPPING: {
        const target: Target = { object: {}, merged: undefined };
        this.readMapping(target, false);
        return target.object;
      }
      case EVENT_ID.ALIAS:
        return this.follow(() => this.readNode());
      case EVENT_ID.DOCUMENT:
      case EVENT_ID.POP:
        throw new Error('an event of js-yaml stands where a node is due');
      default:
        return event satisfies never;
    }
  }

  /** The event at hand, counted as a node. */
  private nextEvent(): Event {
    const event = this.events[this.at] as Event;
    this.nodes++;
    if (this.following.size > 0) this.aliased++;
    if (isExcessiveAliasing(this.nodes, this.aliased)) {
      this.refuse('aliases repeat too much of the document', event, 'aliasing');
    }
    return event;
  }

  private accept<T>(result: ScalarResult & { value?: T }, event: Event): T {
    if (result.kind === 'refused') return this.refuse(result.reason, event);
    return result.value as T;
  }

  private refuse(reason: string, event: Event, offends?: RefusedYaml['offends']): never {
    // An empty node has no place of its own: the one before it is close.
    let at = this.events.indexOf(event);
    let start = startOfNode(this.text, event);
    while (start === undefined && at > 0) start = startOfNode(this.text, this.events[--at] as Event);
    throw new RefusedYaml(reason, this.tree.toOriginal(start ?? 0), offends);
  }

  /** Reads the node that an alias stands for, and goes on behind the alias. */
  private follow<T>(read: () => T): T {
    const alias = this.at;
    if (this.following.has(alias)) {
      this.refuse('the alias stands for something that it is part of', this.events[alias] as Event);
    }
    this.following.add(alias);
    this.at = this.tree.anchored.get(alias) as number;
    const result = read();
    this.following.delete(alias);
    this.at = alias + 1;
    return result;
  }

  private enter(): void {
    const event = this.events[this.at++] as Event;
    const { nesting } = this.limits;
    if (++this.depth > nesting) this.refuse(`more than ${nesting} levels`, event, 'nesting');
  }

  private isAtEnd(): boolean {
    return this.events[this.at]?.type === EVENT_ID.POP;
  }

  private leave(): void {
    this.at++;
    this.depth--;
  }

  private readSequence(): unknown[] {
    this.enter();
    const items: unknown[] = [];
    while (!this.isAtEnd()) {
      this.path.push(items.length);
      items.push(this.readNode());
      this.path.pop();
    }
    this.leave();
    return items;
  }

  /** Sets the entries of the mapping at hand, which is the value of `<<` if `isMerged`. */
  private readMapping(target: Target, isMerged: boolean): void {
    this.enter();
    while (!this.isAtEnd()) {
      if (isMergeKey(this.text, this.events[this.at] as Event)) {
        this.at++;
        this.readMerge(target);
        continue;
      }
      const key = this.readKey();
      if (isMerged) this.countMergeKey();
      this.path.push(key);
      const value = this.readNode();
      if (isMerged) {
        target.merged ??= new Set();
        target.merged.add(key);
      } else this.noteDuplicate(target, key);
      this.path.pop();
      setField(target.object, key, value);
    }
    this.leave();
  }

  private countMergeKey(): void {
    const { mergeKeys } = this.limits;
    if (++this.mergeKeys <= mergeKeys) return;
    this.refuse(`"<<" brings more than ${mergeKeys} keys`, this.events[this.at] as Event, 'mergeKeys');
  }

  private noteDuplicate({ object, merged }: Target, key: string): void {
    if (merged?.delete(key) || !Object.hasOwn(object, key)) return;
    // What an alias repeats has been noted at its anchor.
    if (this.following.size === 0) this.duplicates.push([...this.path]);
  }

  private readKey(): string {
    const event = this.nextEvent();
    if (event.type === EVENT_ID.ALIAS) return this.follow(() => this.readKey());
    if (event.type !== EVENT_ID.SCALAR) this.refuse('a mapping or list cannot be a key', event);
    this.at++;
    return this.accept<string>(keyOf(this.text, event) as ScalarResult & { value?: string }, event);
  }

  /** The value of `<<`: a mapping, an alias of one, or a list of these of which the first has precedence. */
  private readMerge(target: Target): void {
    const event = this.events[this.at] as Event;
    if (event.type !== EVENT_ID.SEQUENCE) {
      this.mergeOne(target);
      return;
    }
    this.at++;
    const items: number[] = [];
    while (!this.isAtEnd()) {
      items.push(this.at);
      this.at = endOfNode(this.events, this.at);
    }
    const end = this.at + 1;
    for (const item of items.reverse()) {
      this.at = item;
      this.mergeOne(target);
    }
    this.at = end;
  }

  private mergeOne(target: Target): void {
    const event = this.nextEvent();
    if (event.type === EVENT_ID.MAPPING) this.readMapping(target, true);
    else if (event.type === EVENT_ID.ALIAS) {
      this.follow(() => {
        const anchored = this.nextEvent();
        if (anchored.type !== EVENT_ID.MAPPING) this.refuse('"<<" takes mappings only', event);
        this.readMapping(target, true);
      });
    } else this.refuse('"<<" takes mappings only', event);
  }
}

/** The index of the event behind a node. */
export function endOfNode(events: readonly Event[], index: number): number {
  let depth = 0;
  let at = index;
  do {
    const { type } = events[at++] as Event;
    if (type === EVENT_ID.SEQUENCE || type === EVENT_ID.MAPPING) depth++;
    else if (type === EVENT_ID.POP) depth--;
  } while (depth > 0);
  return at;
}

/** `__proto__` is a key like any other. */
function setField(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, configurable: true, enumerable: true, writable: true });
  } else object[key] = value;
}
