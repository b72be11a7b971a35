/**
 * Takes objects one after the other through decoding, defaulting and validation, and remembers what the accepted ones hold.
 * In: an object of the input. Out: what is wrong with it, or the object as far as it is settled without allocation.
 */
import type { SourceObject } from '../input/source.ts';
import type { ObjectReference } from '../shared/diagnostic.ts';
import { type CIDR, containsIP, equalIPs, type IPBytes, lastAddress, parseIP } from '../shared/ip.ts';
import { NamespacedNames } from '../shared/namespaced-names.ts';
import { type AdmissionOptions, parseServiceCIDRs } from './admission-options.ts';
import { type AllocationRequest, isComplete } from './allocation.ts';
import type { Allocation } from './cluster-state.ts';
import type { DecodedMeta, DecodedObject, DecodedService } from './decoded.ts';
import {
  defaultEndpointSlice,
  defaultEndpoints,
  defaultNamespace,
  defaultNode,
  defaultPod,
} from './defaults/objects.ts';
import { defaultService, dropUnread } from './defaults/service.ts';
import { type Fault, type Faults, fault, invalid, quote, required } from './fault.ts';
import { generateName } from './generated-name.ts';
import { settleFamilies } from './ip-families.ts';
import { describeKind, isKind, KINDS, type Kind } from './kinds.ts';
import { type NodePortRange, planNodePorts } from './node-ports.ts';
import type { IPFamily } from './objects.ts';
import { createReservations, holderOfClusterIP, type Reservations, reserve } from './reservations.ts';
import { decode } from './schema.ts';
import { checkEndpointIP } from './validation/addresses.ts';
import { validateEndpointSlice } from './validation/endpoint-slice.ts';
import { validateEndpoints } from './validation/endpoints.ts';
import { validateLoadBalancerStatus } from './validation/load-balancer-status.ts';
import { validateNamespace } from './validation/namespace.ts';
import { validateNode } from './validation/node.ts';
import { validatePod } from './validation/pod.ts';
import { validateService } from './validation/service.ts';
import { validateServiceCIDR } from './validation/service-cidr.ts';
import { warnOfEndpointSlice, warnOfEndpoints, warnOfNode, warnOfService } from './warnings.ts';

export interface Examination {
  readonly source: SourceObject;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** Defaulted and valid where there are no faults. */
  readonly object: DecodedObject;
  /** Set for an accepted Service that lacks a value. */
  readonly request: AllocationRequest | undefined;
  /** The name, where it was made from `generateName`. */
  readonly generated: Allocation | undefined;
}

export interface Examiner {
  /** Undefined for what is no object of the API's own. */
  readonly examine: (source: SourceObject) => Examination | undefined;
  readonly reservations: Reservations;
}

/** A service CIDR with the address that is its last. */
interface ServiceRange {
  readonly cidr: CIDR;
  readonly last: IPBytes;
}

interface Context {
  readonly options: AdmissionOptions;
  readonly ranges: readonly ServiceRange[];
  readonly families: readonly IPFamily[];
  readonly reservations: Reservations;
  /** Of accepted objects, by kind. */
  readonly names: ReadonlyMap<Kind, NamespacedNames>;
}

/**
 * An examiner that knows no objects yet.
 * @throws OperationalError for service CIDRs that no API server would take.
 */
export function createExaminer(options: AdmissionOptions): Examiner {
  const cidrs = parseServiceCIDRs(options);
  const families = cidrs.map(({ network }): IPFamily => (network.length === 4 ? 'IPv4' : 'IPv6'));
  const names = new Map(KINDS.map((kind) => [kind, new NamespacedNames()]));
  const ranges = cidrs.map((cidr) => ({ cidr, last: lastAddress(cidr) }));
  const context: Context = { options, ranges, families, reservations: createReservations(), names };
  return { examine: (source) => examine(source, context), reservations: context.reservations };
}

function examine(source: SourceObject, context: Context): Examination | undefined {
  const { kind, apiVersion } = source;
  if (kind === 'KubeProxyConfiguration' || isForeignGroup(apiVersion)) return undefined;
  if (kind === '') return refuse(source, [required(['kind'])]);
  if (!isKind(kind)) {
    return refuse(source, [fault('FieldValueNotSupported', ['kind'], `${quote(kind)} is not read here`)]);
  }
  const { apiVersion: served, namespaced } = describeKind(kind);
  if (apiVersion === '') return refuse(source, [required(['apiVersion'])]);
  if (apiVersion !== served) {
    const problem = `${quote(apiVersion)} has no kind ${kind}; Kubernetes 1.37 serves it as ${served}`;
    return refuse(source, [fault('FieldValueNotSupported', ['apiVersion'], problem)]);
  }
  const decoding = decode(kind, source.object);
  const decodingFaults =
    context.options.fieldValidation === 'Ignore'
      ? decoding.faults.filter(({ code }) => code !== 'UnknownField')
      : decoding.faults;
  if (decodingFaults.length > 0) return refuse(source, decodingFaults);
  const { object, generated } = settleMetadata(decoding.object as DecodedObject, kind, namespaced, context);
  const examined = kind === 'Service' ? examineService(object, context) : examineOther(kind, object);
  return enter(kind, source, examined, generated, context);
}

function refuse(
  source: SourceObject,
  faults: readonly Fault[],
  object: DecodedObject = source.object,
): Examination {
  return { source, faults, warnings: NO_FAULTS, object, request: undefined, generated: undefined };
}

/** Objects of custom resources may have the names of kinds that are read here, such as Knative's Service. */
function isForeignGroup(apiVersion: string): boolean {
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
  return group.includes('.') && !group.endsWith('.k8s.io');
}

/** Names an object that may be anything. */
export function referTo(kind: string, { metadata }: { readonly metadata?: unknown }): ObjectReference {
  const {
    name,
    namespace,
    generateName: prefix,
  } = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Readonly<
    Record<string, unknown>
  >;
  return {
    kind: kind === '' ? 'object' : kind,
    ...(typeof namespace === 'string' && namespace !== '' ? { namespace } : {}),
    name:
      [name, prefix].find((text) => typeof text === 'string' && text !== '')?.toString() ??
      '(without a name)',
  };
}

/** Fills in the namespace, and a name where there is only the start of one. */
function settleMetadata(
  object: DecodedObject,
  kind: Kind,
  namespaced: boolean,
  { options, names }: Context,
): { readonly object: DecodedObject; readonly generated: Allocation | undefined } {
  const given = object.metadata ?? {};
  // Where the kind belongs to no namespace, the API server takes it off.
  const namespace = namespaced ? given.namespace || options.namespace : undefined;
  const { name, generateName: prefix } = given;
  if (name || !prefix) {
    const isSettled = object.metadata !== undefined && given.namespace === namespace;
    const settled = isSettled ? object : { ...object, metadata: withNamespace(given, namespace) };
    return { object: settled, generated: undefined };
  }
  const isTaken = (candidate: string) => names.get(kind)?.has(namespace ?? '', candidate) ?? false;
  const made = generateName(prefix, object, isTaken);
  return {
    object: { ...object, metadata: { ...withNamespace(given, namespace), name: made } },
    generated: { namespace: namespace ?? '', name: made, field: 'metadata.name', value: made },
  };
}

function withNamespace(metadata: DecodedMeta, namespace: string | undefined): DecodedMeta {
  const { namespace: _, ...rest } = metadata;
  return namespace === undefined ? rest : { ...rest, namespace };
}

interface Examined extends Pick<Examination, 'object' | 'faults' | 'warnings'> {
  readonly request?: AllocationRequest | undefined;
  /** What a Service asks for. */
  readonly asked?: { readonly clusterIPs: readonly string[]; readonly nodePorts: readonly number[] };
}

/** What most objects have, without an array for each. */
const NO_FAULTS: readonly Fault[] = [];

const ANY_PORT: NodePortRange = { first: 1, last: 65535 };

/** The API server gives a Service what it asks for before it validates it. */
function examineService(object: DecodedObject, context: Context): Examined {
  const defaulted = defaultService(object);
  const settlement = settleFamilies(defaulted.spec ?? {}, context.families);
  if (settlement.faults.length > 0) return { object, faults: settlement.faults, warnings: [] };
  const { namespace = '', name = '' } = defaulted.metadata ?? {};
  const holder = `${namespace}/${name}`;
  const { reservations, options, ranges } = context;
  // What a Service of the same name holds is no conflict: the name is.
  const unlessSame = (other: string | undefined) => (other === holder ? undefined : other);
  const clusterIPs = settlement.spec.clusterIPs ?? [];
  for (const ip of settlement.spec.type === 'ExternalName' ? [] : clusterIPs) {
    const other = unlessSame(holderOfClusterIP(reservations, ip));
    const problem =
      other === undefined ? checkAllocatable(ip, ranges) : `is already taken by Service ${other}`;
    if (problem === undefined) continue;
    return { object, faults: [invalid(['spec', 'clusterIPs'], ip, problem)], warnings: [] };
  }
  // Another cluster may have another range.
  const range = options.stored ? ANY_PORT : options.serviceNodePortRange;
  const plan = planNodePorts(settlement.spec, range, (port) => unlessSame(reservations.nodePorts.get(port)));
  if (plan.fault !== undefined) return { object, faults: [plan.fault], warnings: [] };
  const spec =
    settlement.spec.ports === plan.ports ? settlement.spec : { ...settlement.spec, ports: plan.ports };
  const service: DecodedService = { ...defaulted, spec };
  const faults: Faults = [];
  validateService(service, faults);
  // The status is written once the Service is there.
  if (faults.length === 0) validateLoadBalancerStatus(service, faults);
  const stored = dropUnread(service);
  const withoutHealthCheck = options.stored && Boolean(spec.clusterIP);
  const request = { service: stored, namespace, name, pending: plan.pending, withoutHealthCheck };
  return {
    object: stored,
    faults,
    warnings: warnOfService(service),
    request: isComplete(request) ? undefined : request,
    asked: { clusterIPs: stored.spec?.clusterIPs ?? [], nodePorts: plan.asked },
  };
}

/** An address outside the service CIDRs may be of another cluster's; but some can be of no cluster's. */
function checkAllocatable(ip: string, ranges: readonly ServiceRange[]): string | undefined {
  if (ip === 'None') return undefined;
  const problem = checkEndpointIP(ip);
  if (problem !== undefined) return problem;
  const bytes = parseIP(ip) as IPBytes;
  for (const { cidr, last } of ranges) {
    if (!containsIP(cidr, bytes)) continue;
    if (equalIPs(bytes, cidr.network)) return 'is the network address of the service CIDR';
    if (bytes.length === 4 && equalIPs(bytes, last)) {
      return 'is the broadcast address of the service CIDR';
    }
  }
  return undefined;
}

function examineOther(kind: Exclude<Kind, 'Service'>, object: DecodedObject): Examined {
  const faults: Faults = [];
  switch (kind) {
    case 'EndpointSlice': {
      const slice = defaultEndpointSlice(object);
      validateEndpointSlice(slice, faults);
      return { object: slice, faults, warnings: warnOfEndpointSlice(slice) };
    }
    case 'Endpoints': {
      const endpoints = defaultEndpoints(object);
      validateEndpoints(endpoints, faults);
      return { object: endpoints, faults, warnings: warnOfEndpoints(endpoints) };
    }
    case 'Node': {
      const node = defaultNode(object);
      validateNode(node, faults);
      return { object: node, faults, warnings: warnOfNode(node) };
    }
    case 'Namespace': {
      const namespace = defaultNamespace(object);
      validateNamespace(namespace, faults);
      return { object: namespace, faults, warnings: [] };
    }
    case 'Pod': {
      const pod = defaultPod(object);
      validatePod(pod, faults);
      return { object: pod, faults, warnings: [] };
    }
    case 'ServiceCIDR':
      validateServiceCIDR(object, faults);
      return { object, faults, warnings: [] };
  }
}

/** Remembers an accepted object, unless its name is taken. */
function enter(
  kind: Kind,
  source: SourceObject,
  { object, faults, warnings, request, asked }: Examined,
  generated: Allocation | undefined,
  { names, reservations }: Context,
): Examination {
  if (faults.length > 0) return { source, faults, warnings, object, request: undefined, generated };
  const { namespace = '', name = '' } = object.metadata ?? {};
  if (names.get(kind)?.add(namespace, name) === false) {
    const problem = `${quote(name)} is already the name of another ${kind} in the input`;
    return refuse(source, [fault('AlreadyExists', ['metadata', 'name'], problem)], object);
  }
  if (asked !== undefined) reserve(reservations, `${namespace}/${name}`, asked.clusterIPs, asked.nodePorts);
  return {
    source,
    faults: NO_FAULTS,
    warnings: warnings.length === 0 ? NO_FAULTS : warnings,
    object,
    request,
    generated,
  };
}
