/**
 * In: the names given with `-f`, and standard input. Out: the objects that they hold, each with its origin.
 *
 * Mirrors how kubectl 1.37 reads `-f`, except that a document that is refused does not keep it from reading the others.
 */
import { type Diagnostic, type FieldPath, formatFieldPath, type Origin } from '../shared/diagnostic.ts';
import { limits, raising } from './limits.ts';
import { listInputs, STDIN } from './list-inputs.ts';
import { type LocatedDocument, type LocatedInput, Locator } from './locate.ts';
import { FILE_START, PositionCounter } from './positions.ts';
import { quote } from './quote.ts';
import { type DocumentContent, readDocuments } from './read-documents.ts';
import type { Source } from './source.ts';
import { keepInput, openInput, type StoredInput } from './stored-input.ts';
import { type TakenApart, takeApart } from './take-apart.ts';

/** The kinds that decide what a node does with a Service. */
export const DEFAULT_KINDS: ReadonlySet<string> = new Set([
  'Service',
  'EndpointSlice',
  'Endpoints',
  'Node',
  'Namespace',
  'ServiceCIDR',
  'KubeProxyConfiguration',
  'Pod',
]);

export interface InputRequest {
  /** Files, directories, patterns, and `-` for standard input. */
  readonly filenames: readonly string[];
  /** Whether directories are read with all that is below them. */
  readonly recursive: boolean;
  /** Read only if `-` is among the names. */
  readonly stdin: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /** Kinds that are kept; all others are counted. */
  readonly kinds: ReadonlySet<string>;
}

/**
 * Reads all inputs, in the order of their names.
 *
 * @throws OperationalError when a name leads to nothing that can be read
 */
export async function readInput(request: InputRequest): Promise<Source> {
  const result: TakenApart = { objects: [], passedOver: new Map(), diagnostics: [] };
  const inputs = new Map<string, LocatedInput>();
  for (const name of listInputs(request.filenames, request.recursive)) {
    const input = await (name === STDIN ? keepInput(STDIN, request.stdin) : openInput(name));
    if (input === undefined) result.diagnostics.push(fileTooLarge(name));
    else inputs.set(name, readOne(input, request.kinds, result));
  }
  const locator = new Locator(inputs);
  return { ...result, locate: (origin, path) => locator.locate(origin, path) };
}

function readOne(input: StoredInput, kinds: ReadonlySet<string>, result: TakenApart): LocatedInput {
  const documents = new Map<number, LocatedDocument>();
  /** Where text starts that kubectl ignores, by document. */
  const rests = new Map<number, number>();
  for (const { number, span, content } of readDocuments(input)) {
    const origin: Origin = { file: input.name, document: number, path: [] };
    if (documents.size >= limits().documents) {
      result.diagnostics.push(tooManyDocuments(origin));
      break;
    }
    if (content.kind === 'refused') {
      documents.set(number, { span, fault: content.offset });
      result.diagnostics.push(refused(content, origin));
      continue;
    }
    documents.set(number, { span, fault: undefined });
    for (const path of content.duplicates) result.diagnostics.push(duplicateKey(origin, path));
    if (content.rest !== undefined) rests.set(number, content.rest);
    if (content.value !== null) takeApart(content.value, origin, kinds, result);
  }
  if (rests.size > 0) addIgnoredText(input, rests, result);
  return { input, documents };
}

function fileTooLarge(name: string): Diagnostic {
  return {
    severity: 'error',
    code: 'FileTooLarge',
    message: `the input is larger than ${limits().fileBytes} bytes and is not read`,
    mend: `split it, leave out what is not needed, or ${raising('file-bytes')}`,
    origin: { file: name, document: 1, path: [] },
  };
}

function tooManyDocuments(origin: Origin): Diagnostic {
  return {
    severity: 'error',
    code: 'TooManyDocuments',
    message: `the input has more than ${limits().documents} documents; from here on they are not read`,
    mend: `split it, leave out what is not needed, or ${raising('documents')}`,
    origin,
  };
}

type Refusal = DocumentContent & { readonly kind: 'refused' };

function refused({ code, reason }: Refusal, origin: Origin): Diagnostic {
  return { severity: 'error', code, message: reason, ...REMARKS[code], origin, path: [] };
}

const NEITHER_KUBECTL = { why: 'kubectl does not read the document either' };

const REMARKS: Readonly<Record<Refusal['code'], Pick<Diagnostic, 'why' | 'mend'>>> = {
  JSONSyntax: NEITHER_KUBECTL,
  YAMLSyntax: NEITHER_KUBECTL,
  ExcessiveAliasing: NEITHER_KUBECTL,
  TooManyAliases: { mend: `write out what they stand for, or ${raising('aliases')}` },
  TooManyMergeKeys: { mend: `write out what "<<" brings, or ${raising('merge-keys')}` },
  NestingTooDeep: {
    why: 'no object of Kubernetes goes that deep',
    mend: raising('nesting'),
  },
  DocumentTooLarge: { mend: `give it as JSON, as several documents, or ${raising('yaml-bytes')}` },
};

function duplicateKey(document: Origin, path: FieldPath): Diagnostic {
  const { origin, rest } = enterLists(document, path);
  const parent = formatFieldPath(rest.slice(0, -1));
  return {
    severity: 'warning',
    code: 'DuplicateKey',
    message: `the key ${quote(String(rest.at(-1)))} stands more than once${parent === '' ? '' : ` in ${quote(parent)}`}`,
    why: 'kubectl takes the last value and drops the others',
    mend: 'remove all but one',
    field: formatFieldPath(rest),
    origin,
    path: rest,
  };
}

/** Splits a path at the innermost item of a List: the origin leads to the object, the rest is within it. */
function enterLists(
  document: Origin,
  path: FieldPath,
): { readonly origin: Origin; readonly rest: FieldPath } {
  let length = 0;
  while (path[length] === 'items' && typeof path[length + 1] === 'number' && path.length > length + 2)
    length += 2;
  return { origin: { ...document, path: path.slice(0, length) }, rest: path.slice(length) };
}

function addIgnoredText(input: StoredInput, rests: ReadonlyMap<number, number>, result: TakenApart): void {
  const counter = new PositionCounter(input.read(0), FILE_START);
  for (const [number, offset] of rests) {
    result.diagnostics.push({
      severity: 'warning',
      code: 'TextIgnored',
      message: `the text from line ${counter.advance(offset).line} on is not part of the document`,
      why: 'kubectl reads up to the end of the first value, or to "...", and drops the rest without a word',
      mend: 'begin a new document with a line "---"',
      origin: { file: input.name, document: number, path: [] },
      path: [],
    });
  }
}
