/** `explain` as a function. In: a compilation and a Service's name. Out: the Service as the node has it. */
import { type ExplainedService, explainService } from '../trace/explained-service.ts';
import { findService } from '../trace/resolve-destination.ts';
import type { Compilation } from './compile.ts';
import { compiledRules, isFollowed } from './compiled-rules.ts';

/** @throws OperationalError where the cluster has no such Service. */
export function explain(
  cluster: Compilation,
  service: { readonly namespace: string; readonly name: string },
): ExplainedService {
  const { compiled, state } = cluster;
  return explainService(findService(state, service.namespace, service.name), cluster, (family) =>
    isFollowed(compiled.mode) ? compiledRules(compiled, family) : undefined,
  );
}
