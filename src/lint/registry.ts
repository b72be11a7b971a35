/** All rules, in the order of the docs: a line each. */
import type { LintRule } from './rule.ts';
import { admission } from './rules/admission.ts';
import { duplicateObject } from './rules/duplicate-object.ts';
import { serviceSelectorMatchesNothing } from './rules/service-selector-matches-nothing.ts';
import { serviceWithoutEndpoints } from './rules/service-without-endpoints.ts';
import { targetPortNameMissing } from './rules/target-port-name-missing.ts';
import { unreadableManifest } from './rules/unreadable-manifest.ts';

export const RULES: readonly LintRule[] = [
  unreadableManifest,
  admission,
  duplicateObject,
  serviceSelectorMatchesNothing,
  targetPortNameMissing,
  serviceWithoutEndpoints,
];
