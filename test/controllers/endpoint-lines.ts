/**
 * Spells EndpointSlices and Endpoints as lines of text, the same for what the real controllers wrote and what is derived
 * here.
 *
 * What kube-controller-manager leaves to chance is levelled: the order of endpoints, which of them share a slice where one
 * does not hold all, and which endpoint of a zone serves another one (hints are counted, not listed).
 */
import type { EndpointAddress, EndpointSlice, Endpoints } from '../../src/apiserver/objects.ts';

export function endpointLines(slices: readonly EndpointSlice[], endpoints: readonly Endpoints[]): string[] {
  const groups = [...groupByPorts(slices)].sort(([a], [b]) => (a < b ? -1 : 1));
  const objects = endpoints.map((object) => endpointsLines(object)).sort(compareFirst);
  return [...groups.flatMap(([head, group]) => sliceLines(head, group)), ...objects.flat()];
}

/** Slices that differ in nothing but their names and endpoints. */
function groupByPorts(slices: readonly EndpointSlice[]): Map<string, EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const { namespace, labels, annotations } = slice.metadata;
    const service = labels?.['kubernetes.io/service-name'];
    const ports = slice.ports?.length ? slice.ports : 'none';
    const head = `EndpointSlice ${namespace}/${service} ${slice.addressType} ${json({ ports, labels, annotations })}`;
    groups.set(head, [...(groups.get(head) ?? []), slice]);
  }
  return groups;
}

function sliceLines(head: string, slices: readonly EndpointSlice[]): string[] {
  const names = slices.map(({ metadata }) => metadata.name).sort();
  const sizes = slices.map(({ endpoints }) => endpoints?.length ?? 0).sort((a, b) => b - a);
  const endpoints: string[] = [];
  const hints = new Map<string, number>();
  for (const endpoint of slices.flatMap((slice) => slice.endpoints ?? [])) {
    const { addresses, hints: hint, targetRef, zone, nodeName, ...rest } = endpoint;
    const target = targetRef?.name;
    endpoints.push(`  ${addresses.join()} ${json({ ...rest, nodeName, zone, target })}`);
    if (!hint) continue;
    const ownNode = hint.forNodes?.every(({ name }) => name === nodeName) ? ' and its node' : '';
    const zones = hint.forZones?.map(({ name }) => name).join() ?? '-';
    const text = `of zone ${zone ?? '-'} for zone ${zones}${ownNode}`;
    hints.set(text, (hints.get(text) ?? 0) + 1);
  }
  const hintLines = [...hints].map(([text, count]) => `  hints: ${count} ${text}`).sort();
  return [head, `  in ${names.join(', ')} of ${sizes.join(', ')}`, ...endpoints.sort(), ...hintLines];
}

function endpointsLines({ metadata, subsets }: Endpoints): string[] {
  const { namespace, name, labels, annotations } = metadata;
  const lines = (subsets ?? []).map(({ ports, addresses, notReadyAddresses }) => [
    `  subset ${json(ports ?? 'without ports')}`,
    ...(addresses ?? []).map((address) => `    ready ${addressText(address)}`).sort(),
    ...(notReadyAddresses ?? []).map((address) => `    not ready ${addressText(address)}`).sort(),
  ]);
  return [
    `Endpoints ${namespace}/${name} ${json({ labels, annotations })}`,
    ...lines.sort(compareFirst).flat(),
  ];
}

function addressText({ ip, targetRef, ...rest }: EndpointAddress): string {
  return `${ip} ${json({ ...rest, target: targetRef?.name })}`;
}

function compareFirst(a: readonly string[], b: readonly string[]): number {
  return a.join() < b.join() ? -1 : 1;
}

/** With sorted keys, so that the order in which a field was set does not matter. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) =>
    field !== null && typeof field === 'object' && !Array.isArray(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)))
      : field,
  );
}
