/** In: the documents of all inputs. Out: the lines and columns of their fields. */
import type { FieldPath, Origin, Position } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { indexJson, type JsonIndex, locateInJson } from './locate-json.ts';
import { indexYaml, locateInYaml, type YamlIndex } from './locate-yaml.ts';
import { FILE_START, PositionCounter } from './positions.ts';
import { type DocumentSpan, decodeChunk } from './read-documents.ts';
import type { StoredInput } from './stored-input.ts';

/** What is remembered of a document to find a place in it again. */
export interface LocatedDocument {
  readonly span: DocumentSpan;
  /** The byte of the file that is at fault in a document that is refused. */
  readonly fault: number | undefined;
}

export interface LocatedInput {
  readonly input: StoredInput;
  /** By their number, in the order of the file. */
  readonly documents: ReadonlyMap<number, LocatedDocument>;
}

type DocumentIndex =
  | { readonly kind: 'json'; readonly index: JsonIndex }
  | { readonly kind: 'yaml'; readonly index: YamlIndex };

/**
 * Keeps the nodes of the document that was asked for last, so that its findings cost no more than one further parse.
 * Files are read again; a position is undefined where the file has gone or has changed meanwhile.
 */
export class Locator {
  private readonly inputs: ReadonlyMap<string, LocatedInput>;
  /** Of each document its first character, or what is at fault in it. */
  private readonly positions = new Map<LocatedInput, ReadonlyMap<number, Position>>();
  private lastDocument: LocatedDocument | undefined;
  private lastIndex: DocumentIndex | undefined;

  /** @param inputs by name */
  constructor(inputs: ReadonlyMap<string, LocatedInput>) {
    this.inputs = inputs;
  }

  locate(origin: Origin, path: FieldPath): Position | undefined {
    const located = this.inputs.get(origin.file);
    const document = located?.documents.get(origin.document);
    if (located === undefined || document === undefined) return undefined;
    try {
      const start = this.positionsOf(located).get(origin.document);
      if (start === undefined || document.fault !== undefined) return start;
      const { kind, index } = this.indexDocument(located, document, start);
      const steps = [...origin.path, ...path];
      if (kind === 'yaml') return locateInYaml(index, steps);
      const read = (from: number, to: number) =>
        located.input.read(document.span.start + from, document.span.start + to);
      return locateInJson(index, read, steps);
    } catch (error) {
      if (error instanceof OperationalError) return undefined;
      throw error;
    }
  }

  private indexDocument(located: LocatedInput, document: LocatedDocument, start: Position): DocumentIndex {
    if (this.lastIndex === undefined || this.lastDocument !== document) {
      this.lastIndex = undefined;
      const { span } = document;
      const bytes = located.input.read(span.start, span.end);
      this.lastIndex =
        span.format === 'json'
          ? { kind: 'json', index: indexJson(bytes, start) }
          : { kind: 'yaml', index: indexYaml(decodeChunk(bytes), start) };
      this.lastDocument = document;
    }
    return this.lastIndex;
  }

  /** The positions of all documents of an input, found in one go. */
  private positionsOf(located: LocatedInput): ReadonlyMap<number, Position> {
    const known = this.positions.get(located);
    if (known !== undefined) return known;
    const positions = new Map<number, Position>();
    const places = [...located.documents].map(
      ([number, { span, fault }]) => [number, fault ?? span.start] as const,
    );
    const bytes = located.input.read(0, Math.max(0, ...places.slice(-1).map(([, offset]) => offset)));
    const counter = new PositionCounter(bytes, FILE_START);
    for (const [number, offset] of places) positions.set(number, counter.advance(offset));
    this.positions.set(located, positions);
    return positions;
  }
}
