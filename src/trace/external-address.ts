/**
 * An address that stands for the outside. In: the cluster. Out: an address of the blocks for documentation (RFC 5737, RFC
 * 3849) that is none of the cluster's: no Pod, node or Service has it, and no network of Pods or Services contains it.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { podAddresses } from '../controllers/pod-status.ts';
import { containsIP, parseCIDR, parseIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { TracedCluster } from './resolve-destination.ts';

const BLOCKS: Readonly<Record<IPFamily, readonly string[]>> = {
  IPv4: ['203.0.113.', '198.51.100.', '192.0.2.'],
  IPv6: ['2001:db8::', '2001:db8:1::', '2001:db8:2::'],
};

/**
 * @param taken further addresses that will not do
 * @throws OperationalError where the cluster has all of them.
 */
export function externalAddress(
  cluster: TracedCluster | undefined,
  family: IPFamily,
  taken: readonly string[],
): string {
  const addresses = new Set([...taken, ...(cluster === undefined ? [] : addressesOf(cluster))]);
  const networks = (cluster === undefined ? [] : networksOf(cluster)).map(parseCIDR);
  for (const block of BLOCKS[family]) {
    for (let host = 10; host < 250; host++) {
      const address = `${block}${host}`;
      const ip = parseIP(address);
      if (ip === undefined || addresses.has(address)) continue;
      if (!networks.some((network) => network !== undefined && containsIP(network, ip))) return address;
    }
  }
  throw new OperationalError(
    'every address for documentation is one of the cluster: name a source with --from IP',
  );
}

function addressesOf({ state, view }: TracedCluster): readonly string[] {
  return [
    ...view.node.interfaceAddresses,
    ...state.nodes.flatMap(({ status }) => (status?.addresses ?? []).map(({ address }) => address)),
    ...state.pods.flatMap(podAddresses),
    ...state.endpointSlices.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses)),
    ...state.services.flatMap(({ spec, status }) => [
      ...(spec.clusterIPs ?? []),
      ...(spec.externalIPs ?? []),
      ...(status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []),
    ]),
  ];
}

/** Those that cover everything would leave nothing outside. */
function networksOf({ state, view }: TracedCluster): readonly string[] {
  return [
    ...view.configuration.clusterCIDRs,
    ...state.nodes.flatMap(({ spec }) => spec?.podCIDRs ?? []),
    ...state.serviceCIDRs.flatMap(({ spec }) => spec?.cidrs ?? []),
    ...state.services.flatMap(({ spec }) => spec.loadBalancerSourceRanges ?? []),
  ].filter((text) => !text.trim().endsWith('/0'));
}
