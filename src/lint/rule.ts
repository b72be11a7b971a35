/**
 * What a lint rule is: data that people read, and a pure function. In: nothing; this file is a shape.
 */
import type { Severity } from '../shared/diagnostic.ts';
import type { Fault } from './finding.ts';
import type { LintedCluster } from './linted-cluster.ts';

/** A manifest for people who read the docs. Lines that a rule finds fault with end in ` # ✗`. */
export interface RuleExample {
  /** A clause: what is so in this manifest. */
  readonly title: string;
  readonly manifest: string;
  /** What pages show instead of a manifest of thousands of lines. */
  readonly excerpt?: string;
}

/** What a rule is about, for people; the docs are made of it. */
export interface RuleDescription {
  /** In words, stable for ever: people write it into annotations and configurations. */
  readonly id: string;
  readonly title: string;
  /** The worst that it finds. */
  readonly severity: Severity;
  /** What the rule looks for, and when it keeps silent. */
  readonly what: string;
  /** What the control plane or the node will really do. */
  readonly why: string;
  readonly mend: string;
  readonly invalid: readonly RuleExample[];
  readonly valid: readonly RuleExample[];
}

export interface LintRule extends RuleDescription {
  readonly check: (cluster: LintedCluster) => Iterable<Fault>;
}
