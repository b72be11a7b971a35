/**
 * Strict decoding: checks that an object has the fields and types of its kind. In: an object as it was parsed. Out: the object
 * without nulls, or faults that name each unknown field and each value of the wrong type.
 *
 * Mirrors the API server's decoder with `fieldValidation=Strict`, as kubectl asks for, and the OpenAPI of Kubernetes 1.37.
 * A null means that the field is absent; in a list or a map it stands for the type's zero value, as in Go.
 */
import type { FieldPath } from '../shared/diagnostic.ts';
import { type Fault, fault, printable, quote } from './fault.ts';
import type { SchemaError, SchemaValidator } from './generated/validators.js';
import * as validators from './generated/validators.js';
import type { Kind } from './kinds.ts';
import { suggest } from './suggestion.ts';

const VALIDATORS: Readonly<Record<Kind, SchemaValidator>> = {
  EndpointSlice: validators.validateEndpointSlice,
  Endpoints: validators.validateEndpoints,
  Namespace: validators.validateNamespace,
  Node: validators.validateNode,
  Pod: validators.validatePod,
  Service: validators.validateService,
  ServiceCIDR: validators.validateServiceCIDR,
};

type PlainObject = Readonly<Record<string, unknown>>;

export interface Decoding {
  /** Has the shape of the kind where there are no faults. The input itself, unless nulls had to go. */
  readonly object: PlainObject;
  readonly faults: readonly Fault[];
}

const NO_FAULTS: readonly Fault[] = [];

/** Checks names and types of the fields of an object of the given kind. */
export function decode(kind: Kind, object: PlainObject): Decoding {
  if (validators.conforms[kind]?.(object)) return { object, faults: NO_FAULTS };
  const validate = VALIDATORS[kind];
  if (validate(object)) return { object, faults: NO_FAULTS };
  const nulls = (validate.errors ?? []).filter(
    (error) => error.keyword === 'type' && isNullAt(object, error),
  );
  if (nulls.length === 0) return { object, faults: describe(kind, object, validate.errors ?? []) };
  const cleaned = withoutNulls(object, nulls);
  return { object: cleaned, faults: validate(cleaned) ? [] : describe(kind, cleaned, validate.errors ?? []) };
}

function isNullAt(object: PlainObject, { instancePath }: SchemaError): boolean {
  let value: unknown = object;
  for (const step of decodePointer(instancePath)) value = (value as Record<string, unknown>)[step];
  return value === null;
}

function decodePointer(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Copies what lies on the way to each null; the rest is shared with the input. */
function withoutNulls(object: PlainObject, errors: readonly SchemaError[]): PlainObject {
  const copies = new Set<object>();
  const root: Record<string, unknown> = { ...object };
  for (const error of errors) {
    const steps = decodePointer(error.instancePath);
    const last = steps.pop();
    if (last === undefined) continue;
    let parent = root;
    for (const step of steps) {
      let child = parent[step] as Record<string, unknown>;
      if (!copies.has(child)) {
        child = (Array.isArray(child) ? [...child] : { ...child }) as Record<string, unknown>;
        copies.add(child);
        define(parent, step, child);
      }
      parent = child;
    }
    if (Array.isArray(parent) || isMapEntry(error)) define(parent, last, zeroValue(error.params.type));
    else delete parent[last];
  }
  return root;
}

/** Assigns even a property whose name the language gives a meaning, such as `__proto__`. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, configurable: true, enumerable: true, writable: true });
}

function isMapEntry({ schemaPath }: SchemaError): boolean {
  return schemaPath.endsWith('/additionalProperties/type');
}

function zeroValue(type: unknown): unknown {
  switch (Array.isArray(type) ? type[0] : type) {
    case 'string':
      return '';
    case 'integer':
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return {};
  }
}

function describe(kind: Kind, object: PlainObject, errors: readonly SchemaError[]): Fault[] {
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const error of errors) {
    const described = describeError(kind, object, error);
    const key = `${described.code} ${described.field} ${described.path.join('/')}`;
    if (seen.has(key)) continue;
    seen.add(key);
    faults.push(described);
  }
  return faults;
}

function describeError(kind: Kind, object: PlainObject, error: SchemaError): Fault {
  const path: (string | number)[] = [];
  let value: unknown = object;
  for (const step of decodePointer(error.instancePath)) {
    path.push(Array.isArray(value) ? Number(step) : step);
    value = (value as Record<string, unknown>)[step];
  }
  if (error.keyword === 'additionalProperties') return unknownField(kind, path, error);
  const field = /\/additionalProperties\/\w+$/.test(error.schemaPath) ? spellMapEntry(path) : undefined;
  switch (error.keyword) {
    case 'minimum':
    case 'maximum':
      return fault(
        'FieldValueTypeInvalid',
        path,
        `${quote(value)} does not fit into its integer type`,
        field,
      );
    case 'pattern':
      return fault('FieldValueTypeInvalid', path, `${quote(value)} is not of its type's form`, field);
    default:
      return fault('FieldValueTypeInvalid', path, expectation(value, error.params.type), field);
  }
}

function unknownField(kind: Kind, parent: FieldPath, error: SchemaError): Fault {
  const name = String(error.params.additionalProperty);
  const type = typeAt(kind, parent);
  const owner = type.slice(type.lastIndexOf('.') + 1);
  const unknown = fault('UnknownField', [...parent, name], `is no field of ${owner}`);
  const meant = suggest(name, Object.keys(validators.fieldTypes[type] ?? {}));
  return meant === undefined ? unknown : { ...unknown, mend: `Did you mean ${meant}?` };
}

/** The name of the type that a path leads to, such as `core.v1.ServicePort`. */
function typeAt(kind: Kind, path: FieldPath): string {
  let type = Object.keys(validators.fieldTypes).find((name) => name.endsWith(`.${kind}`)) ?? kind;
  for (const step of path) {
    if (typeof step === 'string') type = validators.fieldTypes[type]?.[step] ?? '';
  }
  return type;
}

/** `metadata.labels[app]`: the API server spells the keys of maps so. */
function spellMapEntry(path: FieldPath): string {
  const map = path.slice(0, -1).map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`));
  return `${map.join('').slice(1)}[${printable(String(path.at(-1)))}]`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'an integer',
  number: 'a number',
  object: 'a mapping',
  string: 'a string',
};

function expectation(value: unknown, type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  const wanted = types.map((name) => TYPE_NAMES[String(name)] ?? String(name)).join(' or ');
  return `must be ${wanted}, not ${describeType(value)}`;
}

function describeType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  switch (typeof value) {
    case 'object':
      return 'a mapping';
    case 'string':
      return `the string ${quote(value)}`;
    case 'number':
      return `the number ${value}`;
    default:
      return String(value);
  }
}
