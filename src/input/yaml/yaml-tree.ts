/**
 * In: one YAML document. Out: its nodes as the events of js-yaml, with every alias resolved as kubectl's YAML library
 * (go.yaml.in/yaml/v2 2.4.4) resolves it, or why kubectl refuses the document.
 */
import { type AliasEvent, EVENT_ID, type Event, parseEvents, SCALAR_STYLE, YAMLException } from 'js-yaml';
import { limits } from '../limits.ts';
import { quote } from '../quote.ts';
import { rewriteYaml11 } from './rewrite-yaml11.ts';
import { RefusedYaml } from './yaml11-cursor.ts';

export interface YamlTree {
  /** What the offsets of the events point into. */
  readonly text: string;
  /** Begins with the document's event, unless the document is empty. */
  readonly events: readonly Event[];
  /** From the index of an alias to the index of the node that it stands for. */
  readonly anchored: ReadonlyMap<number, number>;
  /** From an offset in `text` to the offset in the source. */
  readonly toOriginal: (offset: number) => number;
  /** Where in the source stands text behind the end of the document, which kubectl ignores. */
  readonly rest: number | undefined;
}

/** A control character: YAML allows it nowhere, quoted or not. */
const CONTROL = /[^\t\n\r -~\u0085\u00a0-\ufffd]/;

/** @throws RefusedYaml with an offset in `source` */
export function readYamlTree(source: string): YamlTree {
  const control = CONTROL.exec(source);
  if (control !== null) {
    throw new RefusedYaml(`the character ${quote(control[0])} is not allowed in YAML`, control.index);
  }
  const { text, toOriginal, rest } = rewriteYaml11(source);
  const events = parse(text, toOriginal);
  refuseInnerMark(source, events);
  return { text, events, anchored: resolveAliases(text, events, toOriginal), toOriginal, rest };
}

/** js-yaml lets a byte order mark and `---` begin another document, of which nobody would hear. */
function refuseInnerMark(source: string, events: readonly Event[]): void {
  const mark = source.indexOf('\n\ufeff') + 1;
  if (mark > 0 && events.filter(({ type }) => type === EVENT_ID.DOCUMENT).length > 1) {
    throw new RefusedYaml('a byte order mark stands within the document', mark);
  }
}

function parse(text: string, toOriginal: (offset: number) => number): readonly Event[] {
  try {
    // A scalar takes a level of its own.
    return parseEvents(text, { maxDepth: limits().nesting + 1 });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const isTooDeep = error.reason.startsWith('nesting exceeded');
    throw new RefusedYaml(
      error.reason,
      toOriginal(error.mark?.position ?? 0),
      isTooDeep ? 'nesting' : 'syntax',
    );
  }
}

/** An alias stands for the last node of its name before it, which may be one that it is part of. */
function resolveAliases(
  text: string,
  events: readonly Event[],
  toOriginal: (offset: number) => number,
): ReadonlyMap<number, number> {
  const anchors = new Map<string, number>();
  const anchored = new Map<number, number>();
  const { aliases } = limits();
  for (let index = 0; index < events.length; index++) {
    const event = events[index] as Event;
    if (event.type === EVENT_ID.ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      const target = anchors.get(name);
      if (target === undefined) {
        throw new RefusedYaml(`there is no anchor ${quote(name)}`, toOriginal(event.anchorStart - 1));
      }
      anchored.set(index, target);
      if (anchored.size > aliases) {
        throw new RefusedYaml(`more than ${aliases} aliases`, toOriginal(event.anchorStart - 1), 'aliases');
      }
    } else if (event.type !== EVENT_ID.DOCUMENT && event.type !== EVENT_ID.POP && event.anchorStart >= 0) {
      anchors.set(text.slice(event.anchorStart, event.anchorEnd), index);
    }
  }
  return anchored;
}

/** Where a node starts in the text of the tree, its tag and anchor included; undefined for an empty node. */
export function startOfNode(text: string, event: Event): number | undefined {
  switch (event.type) {
    case EVENT_ID.ALIAS:
      return beforeName(event);
    case EVENT_ID.SCALAR:
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING: {
      const content = event.type === EVENT_ID.SCALAR ? startOfScalar(text, event) : event.start;
      const starts = [event.tagStart, event.anchorStart < 0 ? -1 : beforeName(event), content];
      const present = starts.filter((start) => start >= 0);
      return present.length === 0 ? undefined : Math.min(...present);
    }
    case EVENT_ID.DOCUMENT:
    case EVENT_ID.POP:
      return undefined;
    default:
      return event satisfies never;
  }
}

/** The `*` or `&`. */
function beforeName({ anchorStart }: Pick<AliasEvent, 'anchorStart'>): number {
  return anchorStart - 1;
}

function startOfScalar(text: string, { style, valueStart }: Extract<Event, { valueStart: number }>): number {
  switch (style) {
    case SCALAR_STYLE.PLAIN:
      return valueStart;
    case SCALAR_STYLE.SINGLE_QUOTED:
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return valueStart - 1;
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK: {
      const headerEnd = text.lastIndexOf('\n', valueStart - 1);
      const headerStart = text.lastIndexOf('\n', headerEnd - 1) + 1;
      const header = /[|>][-+0-9]*[ \t]*(?:#.*)?$/.exec(
        text.slice(headerStart, Math.max(headerEnd, headerStart)).trimEnd(),
      );
      return header === null ? valueStart : headerStart + header.index;
    }
    default:
      return style satisfies never;
  }
}
