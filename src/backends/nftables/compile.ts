/**
 * Compiles the table `kube-proxy` of mode nftables for one IP family.
 *
 * In: what a node knows of the Services. Out: every chain, set and map that is in the kernel after kube-proxy's first sync
 * on a clean host. Mirrors kube-proxy 1.29 to 1.37.
 */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { NodeView } from '../../proxy/node-view.ts';
import { baseChains } from './base-chains.ts';
import { compileContext } from './context.ts';
import { localhostRejectCounter } from './localhost-node-ports.ts';
import type { Ruleset } from './ruleset.ts';
import { serviceChains, serviceSets } from './service-chains.ts';
import { planServicePort } from './service-plan.ts';
import { sharedChains } from './shared-chains.ts';
import { sharedElements } from './shared-elements.ts';

/** @throws OperationalError for a release without this mode. */
export function compileNftables(view: NodeView, ipFamily: IPFamily): Ruleset {
  const context = compileContext(view, ipFamily);
  const servicePorts = context.family.servicePorts.map(planServicePort);
  const { sets, maps } = sharedElements(servicePorts, context);
  return {
    family: ipFamily,
    word: context.word,
    servicePorts,
    counters: context.rejectedOnLocalhost.map(localhostRejectCounter),
    sets,
    maps,
    chains: [...baseChains(context.features), ...sharedChains(context)],
    ownSets: (port) => serviceSets(port, context),
    ownChains: (port) => serviceChains(port, context),
  };
}
