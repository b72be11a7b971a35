/**
 * Nothing that stands in a Service, an Endpoints, an EndpointSlice, a Node or a configuration can inject a rule: 1,000
 * hostile strings in every string field either are refused with the field named, or leave the rules as they are.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { compile, type Diagnostic, type SourceObject } from '../../src/index.ts';
import { hostileStrings } from '../support/hostile-strings.ts';
import { CLEAN_OBJECTS, type PlainObject, stringFields, withValue } from './clean-objects.ts';

const STRINGS = hostileStrings(20_261_123, 1000);
const NODE = 'node-0';

function asSource(object: PlainObject): SourceObject {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    object,
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  };
}

/** The lines of all artifacts. Refused objects are left out; undefined where nothing at all can be compiled. */
async function compileLines(
  objects: readonly PlainObject[],
): Promise<{ lines: ReadonlySet<string> | undefined; refusals: readonly Diagnostic[] }> {
  const { compiled, diagnostics } = await compile({
    objects: objects.map(asSource),
    node: NODE,
    skipInvalid: true,
  });
  const refusals = diagnostics.filter(({ severity }) => severity === 'error');
  if (compiled === undefined) return { lines: undefined, refusals };
  const lines = new Set<string>();
  for (const artifact of compiled.artifacts)
    for (const line of [...artifact.text()].join('').split('\n')) lines.add(`${artifact.name} ${line}`);
  return { lines, refusals };
}

/** All lines that may come out: those of the clean cluster, and of the cluster without some of its objects. */
async function allowedLines(): Promise<Set<string>> {
  const allowed = new Set<string>();
  const removable = CLEAN_OBJECTS.filter(({ kind }) => kind !== 'Node' && kind !== 'KubeProxyConfiguration');
  for (let mask = 0; mask < 2 ** removable.length; mask++) {
    const gone = new Set(removable.filter((_, i) => mask & (1 << i)));
    const { lines } = await compileLines(CLEAN_OBJECTS.filter((object) => !gone.has(object)));
    for (const line of lines ?? []) allowed.add(line);
  }
  return allowed;
}

describe('the clean cluster', () => {
  it('is accepted as it is', async () => {
    const { lines, refusals } = await compileLines(CLEAN_OBJECTS);
    expect(refusals).toEqual([]);
    expect(lines?.size).toBeGreaterThan(50);
  });
});

const FIELDS = CLEAN_OBJECTS.flatMap((object) =>
  stringFields(object).map((field) => ({ object, field, label: `${object.kind} ${field.label}` })),
);

describe('1,000 hostile strings', () => {
  let allowed: ReadonlySet<string>;
  beforeAll(async () => {
    allowed = await allowedLines();
  });

  it('are 1,000 different strings', () => {
    expect(new Set(STRINGS).size).toBe(1000);
  });

  it.each(FIELDS)('in $label add no rule', async ({ object, field }) => {
    for (const text of STRINGS) {
      const changed = withValue(object, field, text);
      const { lines, refusals } = await compileLines(
        CLEAN_OBJECTS.map((other) => (other === object ? changed : other)),
      );
      const context = JSON.stringify(text);
      for (const line of lines ?? []) {
        if (!allowed.has(line)) expect.fail(`${context} adds ${JSON.stringify(line)}`);
      }
      for (const refusal of refusals) {
        expect(refusal.message, context).not.toBe('');
        expect(refusal.field ?? '', `${context}: ${refusal.message}`).not.toBe('');
      }
      if (refusals.length > 0) {
        const fields = refusals.map((refusal) => refusal.field ?? '');
        expect(
          fields.some((name) => field.names.some((pattern) => pattern.test(name))),
          `${context}: ${fields}`,
        ).toBe(true);
      }
    }
  });
});
