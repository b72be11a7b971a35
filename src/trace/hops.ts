/**
 * What the rules on a packet's way stand for. In: outcomes, and the node's view where one is known. Out: hops, which are
 * the rules with the service port and the endpoint that they are for.
 */
import { type ChainOwner, chainOwners } from '../backends/iptables/chain-owners.ts';
import type { SavedRule } from '../backends/iptables/saved.ts';
import type { EndpointInfo } from '../proxy/endpoint.ts';
import type { FamilyView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import type { Step } from './outcome.ts';

export interface Hop {
  readonly step: Step;
  readonly servicePort: ServicePortView | undefined;
  readonly endpoint: EndpointInfo | undefined;
}

export type HopReader = (step: Step) => Hop;

/** @param family undefined where only a dump is known: then no hop has an owner. */
export function hopReader(family: FamilyView | undefined): HopReader {
  if (family === undefined) return (step) => ({ step, servicePort: undefined, endpoint: undefined });
  const owners = chainOwners(family);
  const byName = new Map(family.servicePorts.map((view) => [`${view.servicePort.name}`, view]));
  return (step) => {
    const owner = ownerOf(step.rule, owners);
    const servicePort = owner?.servicePort ?? namedInComment(step.rule, byName);
    return { step, servicePort, endpoint: owner?.endpoint };
  };
}

/** The chain that a rule is in, or else the one that it leads to. */
function ownerOf(
  { chain, target }: SavedRule,
  owners: ReadonlyMap<string, ChainOwner>,
): ChainOwner | undefined {
  const led = target?.kind === 'jump' ? owners.get(target.chain) : undefined;
  return led?.endpoint === undefined ? (owners.get(chain) ?? led) : led;
}

/**
 * Rules of shared chains that refuse, such as `"prod/web:http has no endpoints"`. On a host a comment is no proof, but only a
 * rule that leads to no chain of another Service is asked.
 */
function namedInComment(
  { chain, matches }: SavedRule,
  byName: ReadonlyMap<string, ServicePortView>,
): ServicePortView | undefined {
  if (!chain.startsWith('KUBE-')) return undefined;
  for (const match of matches) {
    if (match.kind !== 'comment') continue;
    const view = byName.get(match.text.split(' ')[0] as string);
    if (view !== undefined) return view;
  }
  return undefined;
}
