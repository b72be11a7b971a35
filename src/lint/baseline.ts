/**
 * Findings that a project knows of and leaves for later. In: findings, and the text of a baseline. Out: those that it does not
 * know, or a new baseline. It holds fingerprints, so lines may move; each has its rule and object beside it for people.
 */
import { formatObjectReference } from '../shared/diagnostic.ts';
import type { Finding } from './finding.ts';
import { fieldsOf, listOf, textOf } from './raw-fields.ts';

export interface Compared {
  readonly unknown: readonly Finding[];
  readonly known: number;
}

/** @returns undefined for a value that is no baseline. */
export function readBaseline(value: unknown): ReadonlySet<string> | undefined {
  const { version, findings } = fieldsOf(value);
  if (version !== 1 || !Array.isArray(findings)) return undefined;
  return new Set(listOf(findings).flatMap((finding) => textOf(fieldsOf(finding).fingerprint) ?? []));
}

export function compareWithBaseline(findings: readonly Finding[], baseline: ReadonlySet<string>): Compared {
  const unknown = findings.filter(({ fingerprint }) => !baseline.has(fingerprint));
  return { unknown, known: findings.length - unknown.length };
}

export function makeBaseline(findings: readonly Finding[]): unknown {
  return {
    version: 1,
    findings: findings.map(({ fingerprint, code, object }) => ({
      fingerprint,
      rule: code,
      ...(object === undefined ? {} : { object: formatObjectReference(object) }),
    })),
  };
}
