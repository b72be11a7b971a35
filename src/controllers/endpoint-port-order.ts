/**
 * The order of ports within an EndpointSlice or an Endpoints subset. In: ports of one slice or subset. Out: the same,
 * sorted. Mirrors k8s.io/endpointslice 0.37 and the Endpoints controller of kube-controller-manager 1.37, which sort by a
 * hash over Go's spelling of the port.
 */
import type { EndpointPort, EndpointSubset } from '../apiserver/objects.ts';
import { compareStrings } from '../shared/ordering.ts';
import { fnv128a } from './fnv128a.ts';

export type SubsetPort = NonNullable<EndpointSubset['ports']>[number];

export function sortSlicePorts(ports: readonly EndpointPort[]): readonly EndpointPort[] {
  return sortByHash(ports, ({ name, protocol, port, appProtocol }) => {
    const pointers = [
      `Name:${pointer('string', name)}`,
      `Protocol:${pointer('v1.Protocol', protocol)}`,
      `Port:${pointer('int32', port)}`,
      `AppProtocol:${pointer('string', appProtocol)}`,
    ];
    return `(v1.EndpointPort){${pointers.join(' ')}}`;
  });
}

export function sortSubsetPorts(ports: readonly SubsetPort[]): readonly SubsetPort[] {
  return sortByHash(ports, ({ name, port, protocol, appProtocol }) => {
    const values = `Name:(string)${name ?? ''} Port:(int32)${port} Protocol:(v1.Protocol)${protocol}`;
    return `(v1.EndpointPort){${values} AppProtocol:${pointer('string', appProtocol)}}`;
  });
}

/** A text by which the slices of a Service are ordered and numbered; it tells sets of ports apart. */
export function portSetOrder(ports: readonly EndpointPort[]): string {
  if (ports.length === 0) return 'null';
  const texts = ports.map(({ appProtocol, name, port, protocol }) =>
    JSON.stringify({ ...(appProtocol === undefined ? {} : { appProtocol }), name, port, protocol }),
  );
  return `[${texts.join()}]`;
}

function pointer(type: string, value: string | number | null | undefined): string {
  return `(*${type})${value ?? '<nil>'}`;
}

function sortByHash<Port>(ports: readonly Port[], text: (port: Port) => string): readonly Port[] {
  if (ports.length < 2) return ports;
  return ports
    .map((port) => ({ port, hash: fnv128a(text(port)) }))
    .sort((a, b) => compareStrings(a.hash, b.hash))
    .map(({ port }) => port);
}
