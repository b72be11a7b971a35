/**
 * Labels that come close to a selector. In: the templates of a namespace. Out: for a selector that matches none of them, the
 * one that it was probably meant for.
 */
import type { StringMap } from '../apiserver/decoded.ts';
import type { PodTemplate } from './pod-templates.ts';

export interface NearMiss {
  readonly template: PodTemplate;
  /** The key of the selector that does not fit. */
  readonly key: string;
  /** The label that the template has instead. */
  readonly instead: { readonly key: string; readonly value: string } | undefined;
  /** The two look so much alike that one was meant for the other. */
  readonly isSlip: boolean;
}

/** More templates with one label than this are not looked through, so that the time stays linear. */
const MAX_CANDIDATES = 100;

/** Keys that people use for the same thing: the name of the application. */
const NAME_KEYS: ReadonlySet<string> = new Set([
  'app',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/name',
  'component',
  'k8s-app',
  'name',
  'role',
  'run',
  'service',
]);

export class NearLabels {
  private readonly byPair = new Map<string, PodTemplate[]>();
  private readonly byValue = new Map<string, PodTemplate[]>();
  private readonly valuesByKey = new Map<string, Map<string, PodTemplate>>();

  constructor(templates: readonly PodTemplate[]) {
    for (const template of templates) {
      for (const [key, value] of Object.entries(template.pod.metadata.labels ?? {})) {
        add(this.byPair, pairKey(key, value), template);
        if (NAME_KEYS.has(key)) add(this.byValue, value, template);
        const values = this.valuesByKey.get(key) ?? new Map<string, PodTemplate>();
        this.valuesByKey.set(key, values);
        if (values.size < MAX_CANDIDATES && !values.has(value)) values.set(value, template);
      }
    }
  }

  /** A template that fits but for one label of the selector; of several, one that looks like a slip. */
  find(selector: StringMap): NearMiss | undefined {
    const entries = Object.entries(selector);
    if (entries.length === 1) return this.findSingle(entries[0] as [string, string]);
    const fits = new Map<PodTemplate, number>();
    for (const [key, value] of entries) {
      for (const template of (this.byPair.get(pairKey(key, value)) ?? []).slice(0, MAX_CANDIDATES)) {
        fits.set(template, (fits.get(template) ?? 0) + 1);
      }
    }
    let other: NearMiss | undefined;
    for (const [template, count] of fits) {
      if (count !== entries.length - 1) continue;
      const labels = template.pod.metadata.labels ?? {};
      const [key, value] = entries.find(([k, v]) => labels[k] !== v) as [string, string];
      const near = Object.entries(labels).find(([k, v]) => isNear(key, value, k, v));
      const own = labels[key];
      const instead =
        near === undefined ? (own === undefined ? undefined : { key, value: own }) : toPair(near);
      const miss = { template, key, instead, isSlip: near !== undefined };
      if (miss.isSlip) return miss;
      other ??= miss;
    }
    return other;
  }

  private findSingle([key, value]: [string, string]): NearMiss | undefined {
    for (const [other, template] of this.valuesByKey.get(key) ?? []) {
      if (isNear(key, value, key, other))
        return { template, key, instead: { key, value: other }, isSlip: true };
    }
    const [template] = NAME_KEYS.has(key) ? (this.byValue.get(value) ?? []) : [];
    if (template === undefined) return undefined;
    const near = Object.entries(template.pod.metadata.labels ?? {}).find(
      ([k, v]) => NAME_KEYS.has(k) && v === value,
    );
    return { template, key, instead: near && toPair(near), isSlip: true };
  }
}

function toPair([key, value]: [string, string]): { readonly key: string; readonly value: string } {
  return { key, value };
}

function add(map: Map<string, PodTemplate[]>, key: string, template: PodTemplate): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [template]);
  else list.push(template);
}

function pairKey(key: string, value: string): string {
  return `${key}\n${value}`;
}

/** The same key with a value that is a slip away, or the same value under another key for it. */
function isNear(key: string, value: string, otherKey: string, otherValue: string): boolean {
  if (key === otherKey) return value !== otherValue && isSlip(value, otherValue);
  return value === otherValue && NAME_KEYS.has(key) && NAME_KEYS.has(otherKey);
}

/** One letter more, less or other, two swapped, or only the case. `web-1` and `web-2` are not: people number things. */
export function isSlip(a: string, b: string): boolean {
  if (a.toLowerCase() === b.toLowerCase()) return true;
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const [x, y] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  if (/[0-9]/.test(x + y)) return false;
  if (x.length <= 1 && y.length <= 1) return true;
  return x.length === 2 && y.length === 2 && x[0] === y[1] && x[1] === y[0];
}
