/**
 * In: the value of a document. Out: its objects, Lists taken apart.
 *
 * Mirrors how kubectl 1.37 decodes objects that it has no Go type for and how it flattens Lists: what has `items` is a
 * List, and items with neither `kind` nor `apiVersion` get both from it.
 */
import type { Diagnostic, Origin } from '../shared/diagnostic.ts';
import { quote } from './quote.ts';
import type { SourceObject } from './source.ts';

export interface TakenApart {
  readonly objects: SourceObject[];
  /** How many objects of each kind that is not kept. */
  readonly passedOver: Map<string, number>;
  readonly diagnostics: Diagnostic[];
}

/** Adds the objects of one document to `result`. */
export function takeApart(
  value: unknown,
  origin: Origin,
  kinds: ReadonlySet<string>,
  result: TakenApart,
): void {
  if (!isObject(value)) {
    result.diagnostics.push(notAnObject(value, origin));
    return;
  }
  const kind = own(value, 'kind');
  if (typeof kind !== 'string' || kind === '') {
    result.diagnostics.push(kindMissing(value, origin));
  } else if (Object.hasOwn(value, 'items') || kind.endsWith('List')) {
    takeListApart(value, kind, origin, kinds, result);
  } else if (kinds.has(kind)) {
    result.objects.push({ apiVersion: apiVersionOf(value), kind, object: value, origin });
  } else result.passedOver.set(kind, (result.passedOver.get(kind) ?? 0) + 1);
}

function takeListApart(
  list: Readonly<Record<string, unknown>>,
  kind: string,
  origin: Origin,
  kinds: ReadonlySet<string>,
  result: TakenApart,
): void {
  const items = own(list, 'items') ?? [];
  if (!Array.isArray(items)) {
    result.diagnostics.push({
      severity: 'error',
      code: 'ItemsInvalid',
      message: `items of ${quote(kind)} is ${describe(items)} and no list`,
      why: 'kubectl takes everything with items for a List',
      field: 'items',
      origin,
      path: ['items'],
    });
    return;
  }
  const inherited = { apiVersion: apiVersionOf(list), kind: kind.replace(/List$/, '') };
  const { file, document } = origin;
  const itemsPath = [...origin.path, 'items'];
  for (let index = 0; index < items.length; index++) {
    const item: unknown = items[index];
    const itemOrigin = { file, document, path: [...itemsPath, index] };
    takeApart(withType(item, inherited), itemOrigin, kinds, result);
  }
}

/** An item of a typed List leaves out what is the same for all. */
function withType(item: unknown, inherited: { readonly apiVersion: string; readonly kind: string }): unknown {
  if (!isObject(item) || inherited.kind === '') return item;
  return isText(own(item, 'apiVersion')) || isText(own(item, 'kind')) ? item : { ...item, ...inherited };
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function own(object: Readonly<Record<string, unknown>>, field: string): unknown {
  return Object.hasOwn(object, field) ? object[field] : undefined;
}

function apiVersionOf(object: Readonly<Record<string, unknown>>): string {
  const apiVersion = own(object, 'apiVersion');
  return typeof apiVersion === 'string' ? apiVersion : '';
}

function notAnObject(value: unknown, origin: Origin): Diagnostic {
  return {
    severity: 'error',
    code: 'NotAnObject',
    message: `${describe(value)} stands where a Kubernetes object is expected`,
    why: 'an object is a mapping with apiVersion and kind',
    origin,
    path: [],
  };
}

function kindMissing(object: Readonly<Record<string, unknown>>, origin: Origin): Diagnostic {
  const kind = own(object, 'kind');
  const isAbsent = kind === undefined || kind === null || kind === '';
  return {
    severity: 'error',
    code: 'KindMissing',
    message: isAbsent ? 'the object has no kind' : `kind is ${describe(kind)} and no string`,
    why: 'without its kind nobody knows what the object is',
    mend: 'set apiVersion and kind',
    field: 'kind',
    origin,
    path: ['kind'],
  };
}

/** `a list`, `the string "web"` */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return `the ${typeof value} ${typeof value === 'string' ? quote(value) : String(value)}`;
}
