/**
 * Cuts the OpenAPI documents of a Kubernetes release down to the kinds that this project reads, as one JSON Schema file.
 *
 *     node scripts/prune-openapi.js FOLDER
 *
 * FOLDER is `api/openapi-spec/v3` of the Kubernetes source tree at the wanted release. The result is
 * `src/apiserver/schema/kubernetes-1.37.json`, which is committed; `scripts/generate-validators.js` compiles it.
 *
 * What stays is what strict decoding checks: the names and types of fields. Descriptions, defaults, `required` and
 * enumerations go; values are the business of semantic validation. Of a Pod only the types in `POD_TYPES` are kept: any
 * other type that a Pod refers to becomes opaque.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const OUTPUT = new URL('../src/apiserver/schema/kubernetes-1.37.json', import.meta.url);

const COMMENT =
  'Derived from the OpenAPI documents of Kubernetes 1.37.2 (api/openapi-spec/v3), ' +
  'Copyright The Kubernetes Authors, Apache License 2.0. Made by scripts/prune-openapi.js: do not edit.';

const CORE = 'io.k8s.api.core.v1.';

/** Documents of the specification, and the kinds that are taken from each. */
const DOCUMENTS = [
  {
    file: 'api__v1_openapi.json',
    roots: ['Service', 'Endpoints', 'Node', 'Namespace', 'Pod'].map((kind) => CORE + kind),
  },
  { file: 'apis__discovery.k8s.io__v1_openapi.json', roots: ['io.k8s.api.discovery.v1.EndpointSlice'] },
  { file: 'apis__networking.k8s.io__v1_openapi.json', roots: ['io.k8s.api.networking.v1.ServiceCIDR'] },
];

const POD_TYPES = new Set(
  [
    'PodSpec',
    'PodStatus',
    'PodCondition',
    'PodIP',
    'HostIP',
    'PodReadinessGate',
    'Container',
    'ContainerPort',
  ].map((name) => CORE + name),
);

function main() {
  const folder = process.argv[2];
  if (folder === undefined) {
    console.error('usage: node scripts/prune-openapi.js FOLDER');
    process.exitCode = 2;
    return;
  }
  const definitions = {};
  for (const { file, roots } of DOCUMENTS) {
    const { schemas } = JSON.parse(readFileSync(join(folder, file), 'utf8')).components;
    for (const root of roots) prune(root, schemas, definitions);
  }
  const sorted = Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
  const text = JSON.stringify({ $comment: COMMENT, definitions: sorted });
  writeFileSync(OUTPUT, `${text}\n`);
  console.log(`${Object.keys(sorted).length} types, ${text.length} bytes`);
}

/** Copies the type `name` and all that it refers to into `definitions`. */
function prune(name, schemas, definitions) {
  const key = shortName(name);
  if (definitions[key] !== undefined) return;
  definitions[key] = {};
  const isPodType = name === `${CORE}Pod` || POD_TYPES.has(name);
  const refer = (target) => {
    if (isPodType && target.startsWith(CORE) && !POD_TYPES.has(target)) return {};
    prune(target, schemas, definitions);
    return { $ref: `#/definitions/${shortName(target)}` };
  };
  definitions[key] = simplify(schemas[name], refer);
}

/** `io.k8s.api.core.v1.ServicePort` is `core.v1.ServicePort`: short, and unique among the kinds that are read. */
function shortName(name) {
  return name.split('.').slice(-3).join('.');
}

function simplify(schema, refer) {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) return refer(reference.slice('#/components/schemas/'.length));
  if (schema.oneOf !== undefined) {
    return { type: schema.oneOf.map(({ type }) => type), ...(schema.format && { format: schema.format }) };
  }
  switch (schema.type) {
    case 'object':
      return simplifyObject(schema, refer);
    case 'array':
      return { type: 'array', items: simplify(schema.items, refer) };
    case 'string':
      return schema.format === 'date-time' ? { type: 'string', format: 'date-time' } : { type: 'string' };
    case 'integer':
      return { type: 'integer', format: schema.format };
    case 'boolean':
      return { type: 'boolean' };
    default:
      throw new Error(`a schema that this script does not know: ${JSON.stringify(schema)}`);
  }
}

function simplifyObject(schema, refer) {
  if (schema.properties !== undefined) {
    const properties = Object.entries(schema.properties).map(([name, value]) => [
      name,
      simplify(value, refer),
    ]);
    return { type: 'object', properties: Object.fromEntries(properties), additionalProperties: false };
  }
  if (schema.additionalProperties !== undefined) {
    return { type: 'object', additionalProperties: simplify(schema.additionalProperties, refer) };
  }
  return { type: 'object' };
}

main();
