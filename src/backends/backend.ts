/** What every mode's backend offers to the rest of the program. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { ProxyMode } from '../proxy/configuration.ts';
import type { NodeView } from '../proxy/node-view.ts';

/** One text that a tool of the host takes or prints; its name is also its file's name. */
export interface Artifact {
  readonly name: string;
  /** Computes the text piece by piece. */
  readonly text: () => Iterable<string>;
}

export interface CompiledNode {
  readonly mode: ProxyMode;
  /** All artifacts of both families. */
  readonly artifacts: readonly Artifact[];
  /** Name of the artifact that a person wants to see first. */
  readonly mainArtifact: Readonly<Record<IPFamily, string>>;
  /** The typed rules of one family as JSON text, piece by piece. */
  readonly json: (family: IPFamily) => Iterable<string>;
}

export interface Backend {
  readonly mode: ProxyMode;
  readonly compile: (view: NodeView) => CompiledNode;
}
