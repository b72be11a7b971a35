/**
 * Nothing that stands in an object can inject a rule: 1,000 hostile strings in every field either are refused with the
 * field named, or leave the rules as they are. The test files beside this one each take some of the kinds.
 */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type CompileResult, compile, type Diagnostic, type SourceObject } from '../../src/index.ts';
import { hostileStrings } from '../support/hostile-strings.ts';
import {
  CLEAN_OBJECTS,
  type PlainObject,
  type StringField,
  stringFields,
  withValue,
} from './clean-objects.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const STRINGS = hostileStrings(20_261_123, 1000);

/** So many of the strings are also compiled from what is left when the refused object is passed over. */
const PASSED_OVER = 25;

function asSource(object: PlainObject): SourceObject {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    object,
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  };
}

function compileObjects(objects: readonly PlainObject[], skipInvalid: boolean): Promise<CompileResult> {
  return compile({ objects: objects.map(asSource), node: 'node-0', skipInvalid });
}

/** The lines of all artifacts; none where nothing is compiled. */
function linesOf({ compiled }: CompileResult): Set<string> {
  const lines = new Set<string>();
  for (const artifact of compiled?.artifacts ?? [])
    for (const line of [...artifact.text()].join('').split('\n')) lines.add(`${artifact.name} ${line}`);
  return lines;
}

function refusalsOf({ diagnostics }: CompileResult): Diagnostic[] {
  return diagnostics.filter(({ severity }) => severity === 'error');
}

/** All lines that may come out: those of the clean cluster, and of the cluster without some of its objects. */
async function findAllowedLines(): Promise<Set<string>> {
  const allowed = new Set<string>();
  const removable = CLEAN_OBJECTS.filter(({ kind }) => kind !== 'Node' && kind !== 'KubeProxyConfiguration');
  for (let mask = 0; mask < 2 ** removable.length; mask++) {
    const gone = new Set(removable.filter((_, i) => mask & (1 << i)));
    const result = await compileObjects(
      CLEAN_OBJECTS.filter((object) => !gone.has(object)),
      false,
    );
    for (const line of linesOf(result)) allowed.add(line);
  }
  return allowed;
}

/** An interface may be called anything that Linux allows; iptables takes such a name as one word. */
function withoutInterface(line: string, { label }: StringField, text: string): string {
  const isName =
    label === 'detectLocal.bridgeInterface' && /^[!-~]{1,15}$/.test(text) && !/["'\\/]/.test(text);
  return isName ? line.replaceAll(`-i ${text}`, '-i cbr0') : line;
}

/** The tests of every field of the clean objects of some kinds. */
export function describeHostileStrings(...kinds: readonly string[]): void {
  const fields = CLEAN_OBJECTS.filter(({ kind }) => kinds.includes(kind)).flatMap((object) =>
    stringFields(object).map((field) => ({ object, field, label: `${object.kind} ${field.label}` })),
  );

  describe('1,000 hostile strings', () => {
    let allowed: ReadonlySet<string>;
    beforeAll(async () => {
      allowed = await findAllowedLines();
    });

    it('stand against a cluster that is accepted', async () => {
      const result = await compileObjects(CLEAN_OBJECTS, false);
      expect(refusalsOf(result)).toEqual([]);
      expect(linesOf(result).size).toBeGreaterThan(50);
      expect(new Set(STRINGS).size).toBe(1000);
      expect(fields.length).toBeGreaterThan(5);
    });

    it.each(fields)('in $label add no rule', async ({ object, field }) => {
      for (const [i, text] of STRINGS.entries()) {
        const changed = withValue(object, field, text);
        const objects = CLEAN_OBJECTS.map((other) => (other === object ? changed : other));
        const results = [await compileObjects(objects, false)];
        if (i < PASSED_OVER) results.push(await compileObjects(objects, true));
        for (const result of results) {
          for (const line of linesOf(result))
            if (!allowed.has(withoutInterface(line, field, text)))
              expect.fail(`${JSON.stringify(text)} adds ${JSON.stringify(line)}`);
          expectNamed(refusalsOf(result), field, text);
        }
      }
    });
  });
}

/** Every refusal names a field, and one of them the field that is at fault. */
function expectNamed(refusals: readonly Diagnostic[], { names }: StringField, text: string): void {
  if (refusals.length === 0) return;
  const fields = refusals.map(({ field = '' }) => field);
  const named = fields.some((field) => names.some((name) => name.test(field)));
  if (!named || fields.includes(''))
    expect.fail(`${JSON.stringify(text)} is refused without the field: ${JSON.stringify(refusals)}`);
}
