/**
 * Annotations that keep rules from speaking of an object: `svcrules.dev/ignore.<rule>: "reason"`. In: findings, and the
 * objects that they are about. Out: what is left, and what is wrong with the annotations themselves.
 */
import { quote } from '../apiserver/fault.ts';
import type { SourceObject } from '../input/source.ts';
import type { Draft, Fault } from './finding.ts';
import { type LintedCluster, placeInSource } from './linted-cluster.ts';
import { fieldsOf } from './raw-fields.ts';
import { RULES } from './registry.ts';

export const IGNORE_PREFIX = 'svcrules.dev/ignore.';

interface Suppression {
  readonly source: SourceObject;
  readonly key: string;
  readonly rule: string;
  readonly reason: unknown;
}

export interface Suppressed {
  readonly kept: Draft[];
  readonly suppressed: readonly Draft[];
  readonly faults: readonly Fault[];
}

/** @param isWanted whether a rule was run; annotations for one that was not are nobody's fault */
export function suppress(
  found: readonly Draft[],
  cluster: LintedCluster,
  isWanted: (id: string) => boolean,
): Suppressed {
  const byPlace = new Map<string, Suppression>();
  for (const source of cluster.input.objects) {
    for (const [key, reason] of Object.entries(fieldsOf(fieldsOf(source.object.metadata).annotations))) {
      if (!key.startsWith(IGNORE_PREFIX)) continue;
      const rule = key.slice(IGNORE_PREFIX.length);
      byPlace.set(placeKey(source.origin, rule), { source, key, rule, reason });
    }
  }
  const used = new Set<Suppression>();
  const kept: Draft[] = [];
  const suppressed: Draft[] = [];
  for (const draft of found) {
    const match = draft.origin === undefined ? undefined : byPlace.get(placeKey(draft.origin, draft.code));
    if (match !== undefined) used.add(match);
    if (match === undefined || !hasReason(match)) kept.push(draft);
    else suppressed.push(draft);
  }
  const faults = [...byPlace.values()].flatMap((each) => faultsOf(each, used.has(each), isWanted));
  return { kept, suppressed, faults };
}

function placeKey({ file, document, path }: SourceObject['origin'], rule: string): string {
  return JSON.stringify([file, document, path, rule]);
}

function hasReason({ reason }: Suppression): boolean {
  return typeof reason === 'string' && reason.trim() !== '';
}

function faultsOf(each: Suppression, isUsed: boolean, isWanted: (id: string) => boolean): Fault[] {
  const place = placeInSource(each.source, ['metadata', 'annotations', each.key]);
  if (!RULES.some(({ id }) => id === each.rule)) {
    return [{ message: `${quote(each.rule)} is no rule`, mend: '"lint rules" lists them', place }];
  }
  if (!isWanted(each.rule)) return [];
  if (!hasReason(each)) {
    const message = `the annotation for ${each.rule} gives no reason and has no effect`;
    return [{ message, mend: 'write why the rule does not matter here', place }];
  }
  if (isUsed) return [];
  return [{ message: `${each.rule} finds nothing here`, mend: 'take the annotation out', place }];
}
