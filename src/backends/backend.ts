/** What every mode's backend offers to the rest of the program. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import type { NodeView } from '../proxy/node-view.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';

/** One text that a tool of the host takes or prints; its name is also its file's name. */
export interface Artifact {
  readonly name: string;
  /** Undefined where it holds both. */
  readonly family: IPFamily | undefined;
  /** Computes the text piece by piece. */
  readonly text: () => Iterable<string>;
}

export interface CompiledNode {
  readonly mode: ProxyMode;
  /** All artifacts of both families. */
  readonly artifacts: readonly Artifact[];
  /** Name of the artifact that a person wants to see first. */
  readonly mainArtifact: Readonly<Record<IPFamily, string>>;
  /** What the mode cannot do of what the cluster asks for. */
  readonly notes?: readonly Diagnostic[];
  /** The typed rules of one family as JSON text, piece by piece. */
  readonly json: (family: IPFamily) => Iterable<string>;
}

/** What has become of a chain, or of another part of the rules that has a name. */
export interface RuleChange {
  readonly family: IPFamily | undefined;
  /** A table, or an artifact. */
  readonly table: string;
  /** Empty where the lines are not those of one chain. */
  readonly chain: string;
  /** The lines that differ, in the kernel's spelling; all of them where the chain is new or has gone. */
  readonly before: readonly string[] | undefined;
  readonly after: readonly string[] | undefined;
}

export interface Backend {
  readonly mode: ProxyMode;
  readonly compile: (view: NodeView) => CompiledNode;
  /** As `compile`, for views that follow one another: what has not changed since `previous` is taken over. */
  readonly follow: (view: NodeView, previous: FollowedNode | undefined) => FollowedNode;
}

/** A compilation that the next one can build on. */
export interface FollowedNode extends CompiledNode {
  /** What differs from the compilation before; everything, if this is the first. */
  readonly changes: () => readonly RuleChange[];
}
