/**
 * What the rules on a packet's way stand for. In: outcomes, and the node's view where one is known. Out: hops, which are
 * the rules with the service port and the endpoint that they are for.
 */
import { chainOwners as iptablesChainOwners } from '../backends/iptables/chain-owners.ts';
import { serverOwner, serverOwners } from '../backends/ipvs/server-owners.ts';
import { chainOwners as nftablesChainOwners } from '../backends/nftables/chain-owners.ts';
import type { EndpointInfo } from '../proxy/endpoint.ts';
import type { FamilyView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { lazily } from '../shared/lazily.ts';
import type { NodeRules } from './node-rules.ts';
import { formatSocket } from './packet-ends.ts';
import { chainOf, type MetRule, type Step, stepFacts } from './step.ts';

export interface Hop {
  readonly step: Step;
  readonly servicePort: ServicePortView | undefined;
  readonly endpoint: EndpointInfo | undefined;
}

export type HopReader = (step: Step) => Hop;

export interface Owner {
  readonly servicePort: ServicePortView;
  readonly endpoint?: EndpointInfo;
}

const OWNERS: Readonly<Record<MetRule['kind'], (family: FamilyView) => ReadonlyMap<string, Owner>>> = {
  rule: iptablesChainOwners,
  'nft-rule': nftablesChainOwners,
  'virtual-server': serverOwners,
};

/** Whose the chains with hashed names are. */
export function chainOwners(rules: NodeRules, family: FamilyView): ReadonlyMap<string, Owner> {
  switch (rules.kind) {
    case 'iptables':
      return iptablesChainOwners(family);
    // Its chains have no Services of their own.
    case 'ipvs':
      return new Map();
    case 'nftables':
      return nftablesChainOwners(family);
    default:
      return rules satisfies never;
  }
}

/** @param family undefined where only a dump is known: then no hop has an owner. */
export function hopReader(family: FamilyView | undefined): HopReader {
  if (family === undefined) return (step) => ({ step, servicePort: undefined, endpoint: undefined });
  const owners = lazily(Object.keys(OWNERS) as MetRule['kind'][], (kind) => OWNERS[kind](family));
  const byName = new Map(family.servicePorts.map((view) => [`${view.servicePort.name}`, view]));
  return (step) => {
    const owner = ownerOf(step, owners[step.rule.kind]);
    const servicePort = owner?.servicePort ?? namedInComment(step, byName);
    return { step, servicePort, endpoint: owner?.endpoint };
  };
}

/** The chain that a rule is in, or else the one that it leads to. */
function ownerOf(step: Step, owners: ReadonlyMap<string, Owner>): Owner | undefined {
  if (step.rule.kind === 'virtual-server') {
    const owner = serverOwner(step.rule.service, owners);
    const taken = step.realServer && formatSocket(step.realServer.socket);
    const endpoint = owner?.servicePort.endpoints.find(({ address }) => address === taken);
    return owner && { ...owner, ...(endpoint && { endpoint }) };
  }
  const { leadsTo } = stepFacts(step);
  const led = leadsTo === undefined ? undefined : owners.get(leadsTo);
  return led?.endpoint === undefined ? (owners.get(chainOf(step)) ?? led) : led;
}

/**
 * Rules of shared chains that refuse, such as `"prod/web:http has no endpoints"`. On a host a comment is no proof, but only a
 * rule that leads to no chain of another Service is asked.
 */
function namedInComment(
  step: Step,
  byName: ReadonlyMap<string, ServicePortView>,
): ServicePortView | undefined {
  return isKubeProxys(step) ? byName.get(stepFacts(step).comment.split(' ')[0] as string) : undefined;
}

function isKubeProxys({ rule, table }: Step): boolean {
  return rule.kind === 'rule' ? rule.chain.startsWith('KUBE-') : /^ip6? kube-proxy$/.test(table);
}
