/**
 * Endpoints as kube-proxy sees them, merged from a Service's EndpointSlices.
 * Mirrors kube-proxy 1.37's EndpointSliceCache and EndpointsMap.
 */
import { HEADLESS_LABEL, SERVICE_NAME_LABEL } from '../apiserver/labels.ts';
import type { EndpointSlice, IPFamily, Endpoint as SliceEndpoint } from '../apiserver/objects.ts';
import { canonicalIP } from '../shared/ip.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { Release } from './release.ts';
import type { ServicePortInfo } from './service-port.ts';

export interface EndpointInfo {
  readonly ip: string;
  readonly port: number;
  /** `10.0.0.1:80`, `[fd00::1]:80`. */
  readonly address: string;
  /** On the node that the rules are for. */
  readonly local: boolean;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/**
 * The slices of one family by `namespace/name` of their Service, each list sorted by the slices' names.
 * Slices without a Service, and those of headless Services, are not in it.
 */
export function slicesByService(
  slices: readonly EndpointSlice[],
  family: IPFamily,
): ReadonlyMap<string, readonly EndpointSlice[]> {
  const byService = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const labels = slice.metadata.labels ?? {};
    const service = labels[SERVICE_NAME_LABEL];
    if (slice.addressType !== family || !service || Object.hasOwn(labels, HEADLESS_LABEL)) continue;
    const key = `${slice.metadata.namespace}/${service}`;
    const known = byService.get(key);
    if (known === undefined) byService.set(key, [slice]);
    else known.push(slice);
  }
  for (const list of byService.values()) {
    list.sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
  }
  return byService;
}

/**
 * The endpoints of one service port, sorted by address as text.
 * Where slices hold the same address and port several times, kube-proxy's choice depends on the order in which it walks
 * the slices, which is random; here they are walked by name.
 */
export function endpointsOfServicePort(
  servicePort: ServicePortInfo,
  slices: readonly EndpointSlice[],
  nodeName: string,
  release: Release,
): readonly EndpointInfo[] {
  const endpoints: EndpointInfo[] = [];
  for (const slice of slices) {
    for (const { name, port, protocol } of slice.ports ?? []) {
      const samePort = (name ?? '') === servicePort.portName && (protocol ?? 'TCP') === servicePort.protocol;
      if (!samePort || port === undefined || port === null || port === 0) continue;
      for (const endpoint of slice.endpoints) {
        const info = endpointInfo(endpoint, port, nodeName, release);
        if (info !== undefined) endpoints.push(info);
      }
    }
  }
  return withoutDuplicates(
    endpoints.sort((a, b) => compareStrings(a.address, b.address)),
    release,
  );
}

/** Of equal neighbours one is kept; they stand in the order in which the slices were walked. */
function withoutDuplicates(sorted: readonly EndpointInfo[], release: Release): readonly EndpointInfo[] {
  if (!sorted.some((endpoint, i) => endpoint.address === sorted[i + 1]?.address)) return sorted;
  const kept: EndpointInfo[] = [];
  for (const endpoint of sorted) {
    if (kept.at(-1)?.address !== endpoint.address) kept.push(endpoint);
    else if (release.duplicatesPreferNonTerminating ? !endpoint.terminating : endpoint.local) {
      kept[kept.length - 1] = endpoint;
    }
  }
  return kept;
}

const NO_HINTS: readonly string[] = [];

function endpointInfo(
  { addresses, conditions, nodeName: hostNode, hints }: SliceEndpoint,
  port: number,
  nodeName: string,
  release: Release,
): EndpointInfo | undefined {
  const first = addresses[0];
  const ip = first === undefined ? undefined : canonicalIP(first);
  if (ip === undefined) return undefined;
  return {
    ip,
    port,
    address: ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`,
    local: nodeName !== '' && hostNode === nodeName,
    ready: conditions?.ready ?? true,
    serving: conditions?.serving ?? true,
    terminating: conditions?.terminating ?? false,
    zoneHints: hints?.forZones?.map((zone) => zone.name) ?? NO_HINTS,
    nodeHints: release.nodeHints ? (hints?.forNodes?.map((node) => node.name) ?? NO_HINTS) : NO_HINTS,
  };
}
