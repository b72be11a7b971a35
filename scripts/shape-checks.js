/**
 * Compiles definitions of a JSON Schema to functions that say only whether a value conforms: one small function per object,
 * list and map, which makes nothing and stops at the first fault. In: definitions by name. Out: JavaScript source.
 *
 * That an object has no field beyond those of its type is found by counting: loading each known field by its name takes a
 * fraction of the time that comparing each name takes. A keyword that is not understood ends the program, so that no demand
 * of the schema is passed over.
 */
const KEYWORDS = [
  '$ref',
  'type',
  'properties',
  'additionalProperties',
  'items',
  'pattern',
  'minimum',
  'maximum',
];

const REFERENCE = '#/definitions/';

/**
 * @param {Record<string, object>} definitions by type, such as `core.v1.Service`
 * @param {Record<string, string>} roots types, by the names under which their functions are to be found
 * @returns source that exports an object `conforms` of functions
 */
export function shapeChecks(definitions, roots) {
  const functions = new Map();

  /** An expression that says whether the variable `value` conforms. */
  function check(schema, value) {
    const unknown = Object.keys(schema).find((keyword) => !KEYWORDS.includes(keyword));
    if (unknown !== undefined) throw new Error(`the keyword ${unknown} is not understood`);
    if (schema.$ref !== undefined) return check(definitions[schema.$ref.slice(REFERENCE.length)], value);
    if (Object.keys(schema).length === 0) return 'true';
    return [schema.type]
      .flat()
      .map((type) => `(${checkOfType(type, schema, value)})`)
      .join('||');
  }

  function checkOfType(type, schema, value) {
    switch (type) {
      case 'string': {
        const pattern = schema.pattern === undefined ? '' : `&&${new RegExp(schema.pattern)}.test(${value})`;
        return `typeof ${value}==='string'${pattern}`;
      }
      case 'boolean':
        return `typeof ${value}==='boolean'`;
      case 'integer':
      case 'number': {
        const { minimum, maximum } = schema;
        const least = minimum === undefined ? '' : `&&${value}>=${minimum}`;
        const most = maximum === undefined ? '' : `&&${value}<=${maximum}`;
        return `Number.${type === 'integer' ? 'isInteger' : 'isFinite'}(${value})${least}${most}`;
      }
      case 'array':
        return `${functionOf(schema, () => listCheck(schema.items))}(${value})`;
      case 'object':
        return `${functionOf(schema, () => objectCheck(schema))}(${value})`;
      default:
        throw new Error(`the type ${type} is not understood`);
    }
  }

  /** The name of the one function for a schema. */
  function functionOf(schema, body) {
    const known = functions.get(schema);
    if (known !== undefined) return known.name;
    const made = { name: `is${functions.size}`, body: '' };
    functions.set(schema, made);
    made.body = body();
    return made.name;
  }

  function listCheck(items) {
    const loop = `for(let i=0;i<d.length;i++){const v=d[i];if(!(${check(items, 'v')}))return false}`;
    return `if(!Array.isArray(d))return false;${loop}return true`;
  }

  function objectCheck({ properties, additionalProperties }) {
    const start = `if(typeof d!=='object'||d===null||Array.isArray(d))return false;`;
    if (properties !== undefined) {
      if (additionalProperties !== false) throw new Error('an object with properties must be closed');
      const fields = Object.entries(properties).map(
        ([key, schema], i) =>
          `const v${i}=d.${key};if(v${i}!==undefined){if(!(${check(schema, `v${i}`)}))return false;n++}`,
      );
      return `${start}let n=0;${fields.join('')}for(const k in d)n--;return n===0`;
    }
    if (additionalProperties === undefined) return `${start}return true`;
    return `${start}for(const k in d){const v=d[k];if(!(${check(additionalProperties, 'v')}))return false}return true`;
  }

  const entries = Object.entries(roots).map(
    ([name, type]) => `${name}:(d)=>${check({ $ref: `${REFERENCE}${type}` }, 'd')}`,
  );
  const bodies = [...functions.values()].map(({ name, body }) => `function ${name}(d){${body}}`);
  return `${bodies.join('\n')}\nexport const conforms={${entries.join(',')}};`;
}
