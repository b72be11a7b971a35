/**
 * What a project wants of lint, as `.svcrules.yaml` says it. In: the value of the file. Out: the same with its types, or what is
 * wrong with it.
 *
 *     lint:
 *       failOn: warning
 *       rules:
 *         readiness-probe-missing: off
 *         external-ips: error
 */
import { quote } from '../apiserver/fault.ts';
import { suggest } from '../apiserver/suggestion.ts';
import type { Severity } from '../shared/diagnostic.ts';

export interface LintConfiguration {
  readonly failOn?: Severity;
  /** By id; what is not named is as the rule has it. */
  readonly rules: ReadonlyMap<string, Severity | 'off'>;
}

export type ReadLintConfiguration =
  | { readonly kind: 'configuration'; readonly configuration: LintConfiguration }
  /** One sentence. */
  | { readonly kind: 'refused'; readonly problem: string };

const SEVERITIES: readonly string[] = ['error', 'warning', 'note'];

/** @param ids of all rules */
export function readLintConfiguration(value: unknown, ids: readonly string[]): ReadLintConfiguration {
  const rules = new Map<string, Severity | 'off'>();
  try {
    const { lint = {} } = mapping(value ?? {}, 'the file', ['lint']);
    const { failOn, rules: given = {} } = mapping(lint ?? {}, 'lint', ['failOn', 'rules']);
    for (const [id, wanted] of Object.entries(mapping(given ?? {}, 'lint.rules', ids))) {
      // YAML 1.1 reads a bare `off` as false.
      rules.set(id, oneOf(wanted === false ? 'off' : wanted, `lint.rules.${id}`, [...SEVERITIES, 'off']));
    }
    if (failOn === undefined) return { kind: 'configuration', configuration: { rules } };
    const severity = oneOf<Severity>(failOn, 'lint.failOn', SEVERITIES);
    return { kind: 'configuration', configuration: { failOn: severity, rules } };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { kind: 'refused', problem: error.message };
  }
}

/** Never leaves this file. */
class Refused extends Error {}

function mapping(value: unknown, name: string, keys: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refused(`${name} must be a mapping`);
  }
  for (const key of Object.keys(value)) {
    if (keys.includes(key)) continue;
    const meant = suggest(key, keys);
    throw new Refused(
      `${name} has no ${quote(key)}${meant === undefined ? '' : `; did you mean ${quote(meant)}?`}`,
    );
  }
  return value as Readonly<Record<string, unknown>>;
}

function oneOf<T extends string>(value: unknown, name: string, choices: readonly string[]): T {
  if (typeof value === 'string' && choices.includes(value)) return value as T;
  throw new Refused(`${name} must be one of ${choices.join(', ')}, and is ${quote(value)}`);
}
