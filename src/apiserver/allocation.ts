/**
 * Chooses the cluster IPs and node ports that the input left to the API server. In: accepted Services, sorted, and what they
 * hold already. Out: the Services with every value, and the list of choices.
 *
 * The API server chooses at random. Here the choice is a hash of the Service's name, so that the same objects give the same
 * values in any order, and a Service that is added moves another only where their hashes meet. As in the API server (Kubernetes
 * 1.37, pkg/registry/core/service/ipallocator and portallocator) the lower end of each range is left to those who choose
 * themselves, unless the rest is full; network and broadcast address are never given.
 */
import { type CIDR, formatIP, parseCIDR } from '../shared/ip.ts';
import type { Allocation } from './cluster-state.ts';
import type { DecodedService, DecodedServicePort, DecodedServiceSpec } from './decoded.ts';
import { type Fault, fault } from './fault.ts';
import type { NodePortRange } from './node-ports.ts';
import type { IPFamily } from './objects.ts';
import type { Reservations } from './reservations.ts';
import { needsHealthCheckNodePort } from './validation/service.ts';

/** A Service that is accepted, with the groups of ports that are each to get one node port. */
export interface AllocationRequest {
  readonly service: DecodedService;
  readonly namespace: string;
  readonly name: string;
  readonly pending: readonly (readonly number[])[];
  /** No health-check node port is chosen. */
  readonly withoutHealthCheck: boolean;
}

export interface AllocationResult {
  readonly service: DecodedService;
  readonly allocations: readonly Allocation[];
  /** Set where a range is full. */
  readonly fault?: Fault;
}

/** A run of numbers to choose from; `reserved` at its start go last. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly reserved: number;
}

interface AddressRange {
  readonly cidr: CIDR;
  readonly offsets: NumberRange;
}

/** Gives every request its values. The order of `requests` decides where hashes meet. */
export function allocate(
  requests: readonly AllocationRequest[],
  serviceCIDRs: readonly string[],
  nodePortRange: NodePortRange,
  reservations: Reservations,
): readonly AllocationResult[] {
  const addressRanges = new Map<IPFamily, AddressRange>();
  for (const text of serviceCIDRs) {
    const cidr = parseCIDR(text);
    if (cidr === undefined) continue;
    // In every cluster the first address of the primary CIDR is that of Service default/kubernetes.
    const first = addressRanges.size === 0 ? 2 : 1;
    addressRanges.set(cidr.network.length === 4 ? 'IPv4' : 'IPv6', describeAddressRange(cidr, first));
  }
  const ports = describePortRange(nodePortRange);
  const withIPs = requests.map((request) => allocateClusterIPs(request, addressRanges, reservations));
  return withIPs.map((result, i) => {
    if (result.fault !== undefined) return result;
    return allocateNodePorts(requests[i] as AllocationRequest, result, ports, reservations);
  });
}

function describeAddressRange(cidr: CIDR, first: number): AddressRange {
  const isIPv4 = cidr.network.length === 4;
  // More than 2^31 addresses are as good as 2^31.
  const hostBits = Math.min(31, cidr.network.length * 8 - cidr.prefixLength);
  const size = 2 ** hostBits;
  const reserved = size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256);
  return { cidr, offsets: { first, last: size - (isIPv4 ? 2 : 1), reserved } };
}

function describePortRange({ first, last }: NodePortRange): NumberRange {
  const size = last - first + 1;
  return { first, last, reserved: size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128) };
}

/** Whether nothing is left to choose. */
export function isComplete({ service, pending, withoutHealthCheck }: AllocationRequest): boolean {
  const spec = service.spec ?? {};
  return !lacksClusterIP(spec) && pending.length === 0 && !lacksHealthCheck(spec, withoutHealthCheck);
}

function lacksClusterIP({ type, clusterIPs = [], ipFamilies = [] }: DecodedServiceSpec): boolean {
  return type !== 'ExternalName' && clusterIPs[0] !== 'None' && clusterIPs.length < ipFamilies.length;
}

function lacksHealthCheck(spec: DecodedServiceSpec, withoutHealthCheck: boolean): boolean {
  return needsHealthCheckNodePort(spec) && !spec.healthCheckNodePort && !withoutHealthCheck;
}

function allocateClusterIPs(
  { service, namespace, name }: AllocationRequest,
  ranges: ReadonlyMap<IPFamily, AddressRange>,
  reservations: Reservations,
): AllocationResult {
  const { clusterIPs: given = [], ipFamilies = [] } = service.spec ?? {};
  if (!lacksClusterIP(service.spec ?? {})) return { service, allocations: [] };
  const clusterIPs = [...given];
  const allocations: Allocation[] = [];
  for (let i = given.length; i < ipFamilies.length; i++) {
    const field = `spec.clusterIPs[${i}]`;
    const value = chooseAddress(ranges.get(ipFamilies[i] as IPFamily), `${namespace}/${name}`, reservations);
    if (value === undefined) {
      const problem = `cannot be chosen: no ${ipFamilies[i]} address of the service CIDR is free`;
      return { service, allocations: [], fault: fault('InternalError', ['spec', 'clusterIPs', i], problem) };
    }
    clusterIPs.push(value);
    allocations.push({ namespace, name, field, value });
  }
  const spec = { ...service.spec, clusterIP: clusterIPs[0] as string, clusterIPs };
  return { service: { ...service, spec }, allocations };
}

function chooseAddress(
  range: AddressRange | undefined,
  key: string,
  reservations: Reservations,
): string | undefined {
  if (range === undefined) return undefined;
  const { clusterIPs } = reservations;
  const addressAt = (offset: number) => addOffset(range.cidr, offset);
  const offset = choose(range.offsets, key, (candidate) => clusterIPs.has(addressAt(candidate)));
  if (offset === undefined) return undefined;
  const address = addressAt(offset);
  clusterIPs.set(address, key);
  return address;
}

/** The host bits of a network are zero, so that nothing is carried past them. */
function addOffset({ network }: CIDR, offset: number): string {
  const bytes = network.slice();
  let rest = offset;
  for (let i = bytes.length - 1; rest > 0; i--) {
    bytes[i] = (bytes[i] as number) | (rest & 0xff);
    rest = Math.floor(rest / 256);
  }
  return formatIP(bytes);
}

function allocateNodePorts(
  { namespace, name, pending, withoutHealthCheck }: AllocationRequest,
  result: AllocationResult,
  range: NumberRange,
  { nodePorts }: Reservations,
): AllocationResult {
  const spec = result.service.spec ?? {};
  const holder = `${namespace}/${name}`;
  const allocations = [...result.allocations];
  const ports = [...(spec.ports ?? [])];
  const take = (key: string): number | undefined => {
    const value = choose(range, key, (candidate) => nodePorts.has(candidate));
    if (value !== undefined) nodePorts.set(value, holder);
    return value;
  };
  const problem = `cannot be chosen: every node port of ${range.first}-${range.last} is taken`;
  for (const group of pending) {
    const first = group[0] as number;
    const portName = ports[first]?.name;
    const value = take(portName === undefined ? holder : `${holder}/${portName}`);
    if (value === undefined) {
      return { ...result, fault: fault('InternalError', ['spec', 'ports', first, 'nodePort'], problem) };
    }
    for (const i of group) {
      ports[i] = { ...(ports[i] as DecodedServicePort), nodePort: value };
      allocations.push({ namespace, name, field: `spec.ports[${i}].nodePort`, value });
    }
  }
  let healthCheckNodePort = spec.healthCheckNodePort;
  if (lacksHealthCheck(spec, withoutHealthCheck)) {
    healthCheckNodePort = take(`${holder}#healthCheckNodePort`);
    if (healthCheckNodePort === undefined) {
      return { ...result, fault: fault('InternalError', ['spec', 'healthCheckNodePort'], problem) };
    }
    allocations.push({ namespace, name, field: 'spec.healthCheckNodePort', value: healthCheckNodePort });
  }
  if (allocations.length === result.allocations.length) return result;
  const changed = { ...spec, ports, ...(healthCheckNodePort ? { healthCheckNodePort } : {}) };
  return { service: { ...result.service, spec: changed }, allocations };
}

const REHASHES = 8;

/** A free number of the range that depends on `key` and, where that is taken, on little else. */
export function choose(
  { first, last, reserved }: NumberRange,
  key: string,
  isTaken: (candidate: number) => boolean,
): number | undefined {
  const parts = [
    { from: first + reserved, to: last },
    { from: first, to: Math.min(last, first + reserved - 1) },
  ];
  for (const { from, to } of parts) {
    const size = to - from + 1;
    if (size <= 0) continue;
    for (let i = 0; i < REHASHES; i++) {
      const candidate = from + (hash(i === 0 ? key : `${key}#${i}`) % size);
      if (!isTaken(candidate)) return candidate;
    }
    const start = hash(key) % size;
    for (let step = 1; step < size; step++) {
      const candidate = from + ((start + step) % size);
      if (!isTaken(candidate)) return candidate;
    }
  }
  return undefined;
}

/** FNV-1a over UTF-16 code units, its bits mixed once more; 0 to 2^32 - 1. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
