/**
 * Compiles `src/apiserver/schema/kubernetes-1.37.json` to one validator per kind, ahead of time: the product neither ships nor
 * starts a schema compiler. Runs as `npm run generate`; writes `src/apiserver/generated/validators.js` and its types.
 *
 *     node scripts/generate-validators.js
 *
 * The validators collect all errors. That an object has none is told in a fraction of the time by the functions of `conforms`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { shapeChecks } from './shape-checks.js';

const SCHEMA = new URL('../src/apiserver/schema/kubernetes-1.37.json', import.meta.url);
const FOLDER = new URL('../src/apiserver/generated/', import.meta.url);

/** Exported validators and the types that they check. */
const VALIDATORS = {
  validateEndpointSlice: 'discovery.v1.EndpointSlice',
  validateEndpoints: 'core.v1.Endpoints',
  validateNamespace: 'core.v1.Namespace',
  validateNode: 'core.v1.Node',
  validatePod: 'core.v1.Pod',
  validateService: 'core.v1.Service',
  validateServiceCIDR: 'networking.v1.ServiceCIDR',
};

const INT32 = { minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };

/** What a format of the OpenAPI documents demands, in keywords that need no code at run time. */
const FORMATS = {
  int32: INT32,
  'int-or-string': INT32,
  int64: { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
  // RFC 3339 as Go's time.Parse reads it.
  'date-time': {
    pattern:
      '^\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\\d|3[01])T([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d([.,]\\d+)?(Z|[+-]([01]\\d|2[0-3]):[0-5]\\d)$',
  },
};

/** A resource quantity: digits with a binary, decimal or exponent suffix. */
const QUANTITY = {
  pattern: '^[+-]?(\\d+\\.?\\d*|\\.\\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\\d+)?$',
};

function expandFormats(schema) {
  if (Array.isArray(schema)) return schema.map(expandFormats);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { format, ...rest } = schema;
  const expanded = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, expandFormats(value)]),
  );
  return typeof format === 'string' ? { ...expanded, ...FORMATS[format] } : expanded;
}

function main() {
  const { $comment, definitions } = JSON.parse(readFileSync(SCHEMA, 'utf8'));
  const expanded = expandFormats(definitions);
  Object.assign(expanded['api.resource.Quantity'], QUANTITY);
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    messages: false,
    unicodeRegExp: false,
    code: { source: true, esm: true, lines: false, optimize: 2 },
  });
  ajv.addSchema({ $id: 'kubernetes', definitions: expanded });
  for (const [name, type] of Object.entries(VALIDATORS)) {
    ajv.addSchema({ $id: name, $ref: `kubernetes#/definitions/${type}` });
  }
  const references = Object.fromEntries(Object.keys(VALIDATORS).map((name) => [name, name]));
  const code = standaloneCode(ajv, references);
  if (/\brequire\(/.test(code)) throw new Error('the generated code needs a library at run time');
  mkdirSync(FOLDER, { recursive: true });
  const names = `export const fieldTypes = ${JSON.stringify(fieldTypes(definitions))};`;
  const roots = Object.values(VALIDATORS).map((type) => [type.slice(type.lastIndexOf('.') + 1), type]);
  const checks = shapeChecks(expanded, Object.fromEntries(roots));
  writeFileSync(new URL('validators.js', FOLDER), `// ${$comment}\n${code}\n${checks}\n${names}\n`);
  writeFileSync(new URL('validators.d.ts', FOLDER), typings());
}

/** The fields of each type with their types, to name the type where a field is not known, and to suggest another. */
function fieldTypes(definitions) {
  const typeOf = ({ $ref, items }) => ($ref ?? items?.$ref ?? '').slice('#/definitions/'.length);
  const entries = Object.entries(definitions).filter(([, { properties }]) => properties !== undefined);
  return Object.fromEntries(
    entries.map(([type, { properties }]) => [
      type,
      Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, typeOf(schema)])),
    ]),
  );
}

function typings() {
  const lines = [
    '/** Made by scripts/generate-validators.js: do not edit. */',
    'export interface SchemaError {',
    '  /** JSON Pointer to the value at fault. */',
    '  readonly instancePath: string;',
    '  readonly schemaPath: string;',
    '  readonly keyword: string;',
    '  readonly params: Readonly<Record<string, unknown>>;',
    '}',
    'export interface SchemaValidator {',
    '  (data: unknown): boolean;',
    '  /** Of the last call. */',
    '  readonly errors?: readonly SchemaError[] | null;',
    '}',
    '/** By type, such as `core.v1.ServicePort`: its fields, and of each the type of it or its items, `` where that has no fields. */',
    'export declare const fieldTypes: Readonly<Record<string, Readonly<Record<string, string>>>>;',
    '/** By kind: true only where the validator finds no error; it may be false where it finds none. */',
    'export declare const conforms: Readonly<Record<string, (data: unknown) => boolean>>;',
    ...Object.keys(VALIDATORS).map((name) => `export declare const ${name}: SchemaValidator;`),
  ];
  return `${lines.join('\n')}\n`;
}

main();
