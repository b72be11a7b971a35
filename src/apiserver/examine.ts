/**
 * Takes objects one after the other through decoding, defaulting and validation, and remembers what the accepted ones hold.
 * In: an object of the input. Out: what is wrong with it, or the object as far as it is settled without allocation.
 */
import type { SourceObject } from '../input/source.ts';
import type { ObjectReference } from '../shared/diagnostic.ts';
import { type CIDR, containsIP, formatIP, type IPBytes, parseIP } from '../shared/ip.ts';
import { type AdmissionOptions, parseServiceCIDRs } from './admission-options.ts';
import type { AllocationRequest } from './allocation.ts';
import type { Allocation } from './cluster-state.ts';
import type { DecodedObject, DecodedService } from './decoded.ts';
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
import { describeKind, isKind, type Kind } from './kinds.ts';
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
  readonly reference: ObjectReference;
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
  /** Defaulted and valid where there are no faults. */
  readonly object: DecodedObject;
  /** Set for an accepted Service. */
  readonly request?: AllocationRequest;
  /** The name, where it was made from `generateName`. */
  readonly generated?: readonly Allocation[];
}

export interface Examiner {
  /** Undefined for what is no object of the API's own. */
  readonly examine: (source: SourceObject) => Examination | undefined;
  readonly reservations: Reservations;
}

interface Context {
  readonly options: AdmissionOptions;
  readonly cidrs: readonly CIDR[];
  readonly families: readonly IPFamily[];
  readonly reservations: Reservations;
  /** `Kind namespace/name` of accepted objects. */
  readonly names: Set<string>;
}

/**
 * An examiner that knows no objects yet.
 * @throws OperationalError for service CIDRs that no API server would take.
 */
export function createExaminer(options: AdmissionOptions): Examiner {
  const cidrs = parseServiceCIDRs(options);
  const families = cidrs.map(({ network }): IPFamily => (network.length === 4 ? 'IPv4' : 'IPv6'));
  const context: Context = { options, cidrs, families, reservations: createReservations(), names: new Set() };
  return { examine: (source) => examine(source, context), reservations: context.reservations };
}

function examine(source: SourceObject, context: Context): Examination | undefined {
  const { kind, apiVersion } = source;
  if (kind === 'KubeProxyConfiguration' || isForeignGroup(apiVersion)) return undefined;
  const reference = referTo(source);
  const refuse = (faults: readonly Fault[]): Examination => {
    return { source, reference, faults, warnings: [], object: source.object as DecodedObject };
  };
  if (kind === '') return refuse([required(['kind'])]);
  if (!isKind(kind))
    return refuse([fault('FieldValueNotSupported', ['kind'], `${quote(kind)} is not read here`)]);
  const { apiVersion: served, namespaced } = describeKind(kind);
  if (apiVersion === '') return refuse([required(['apiVersion'])]);
  if (apiVersion !== served) {
    const problem = `${quote(apiVersion)} has no kind ${kind}; Kubernetes 1.37 serves it as ${served}`;
    return refuse([fault('FieldValueNotSupported', ['apiVersion'], problem)]);
  }
  const decoding = decode(kind, source.object);
  const decodingFaults =
    context.options.fieldValidation === 'Ignore'
      ? decoding.faults.filter(({ code }) => code !== 'UnknownField')
      : decoding.faults;
  if (decodingFaults.length > 0) return refuse(decodingFaults);
  const { object, generated } = settleMetadata(decoding.object as DecodedObject, kind, namespaced, context);
  const { namespace, name } = object.metadata ?? {};
  return enter(
    {
      source,
      reference: { kind, ...(namespaced && namespace ? { namespace } : {}), name: name || reference.name },
      ...(generated === undefined ? {} : { generated: [generated] }),
      ...(kind === 'Service' ? examineService(object, context) : examineOther(kind, object)),
    },
    context,
  );
}

/** Objects of custom resources may have the names of kinds that are read here, such as Knative's Service. */
function isForeignGroup(apiVersion: string): boolean {
  const group = apiVersion.slice(0, Math.max(0, apiVersion.indexOf('/')));
  return group.includes('.') && !group.endsWith('.k8s.io');
}

function referTo({ kind, object }: SourceObject): ObjectReference {
  const metadata = object.metadata as Readonly<Record<string, unknown>> | null | undefined;
  const {
    name,
    namespace,
    generateName: prefix,
  } = typeof metadata === 'object' && metadata !== null ? metadata : {};
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
): { readonly object: DecodedObject; readonly generated?: Allocation } {
  const { namespace, ...metadata } = object.metadata ?? {};
  // Where the kind belongs to no namespace, the API server takes it off.
  const scope = namespaced ? { namespace: namespace || options.namespace } : {};
  if (metadata.name || !metadata.generateName) {
    const isSettled = object.metadata !== undefined && namespace === scope.namespace;
    return { object: isSettled ? object : { ...object, metadata: { ...metadata, ...scope } } };
  }
  const name = generateName(metadata.generateName, object, (candidate) =>
    names.has(keyOf(kind, scope.namespace, candidate)),
  );
  const generated = { namespace: scope.namespace ?? '', name, field: 'metadata.name', value: name };
  return { object: { ...object, metadata: { ...metadata, ...scope, name } }, generated };
}

function keyOf(kind: string, namespace: string | undefined, name: string): string {
  return `${kind} ${namespace ?? ''}/${name}`;
}

type Examined = Pick<Examination, 'object' | 'faults' | 'warnings' | 'request'> & {
  /** Node ports that a Service asks for. */
  readonly asked?: readonly number[];
};

const ANY_PORT: NodePortRange = { first: 1, last: 65535 };

/** The API server gives a Service what it asks for before it validates it. */
function examineService(object: DecodedObject, context: Context): Examined {
  const defaulted = defaultService(object);
  const settlement = settleFamilies(defaulted.spec ?? {}, context.families);
  if (settlement.faults.length > 0) return { object, faults: settlement.faults, warnings: [] };
  const { namespace = '', name = '' } = defaulted.metadata ?? {};
  const holder = `${namespace}/${name}`;
  const { reservations, options, cidrs } = context;
  // What a Service of the same name holds is no conflict: the name is.
  const unlessSame = (other: string | undefined) => (other === holder ? undefined : other);
  const clusterIPs = settlement.spec.clusterIPs ?? [];
  for (const ip of settlement.spec.type === 'ExternalName' ? [] : clusterIPs) {
    const other = unlessSame(holderOfClusterIP(reservations, ip));
    const problem =
      other === undefined ? checkAllocatable(ip, cidrs) : `is already taken by Service ${other}`;
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
  const withoutHealthCheck = options.stored && Boolean(spec.clusterIP);
  const request = {
    service: dropUnread(service),
    namespace,
    name,
    pending: plan.pending,
    withoutHealthCheck,
  };
  return { object: request.service, faults, warnings: warnOfService(service), request, asked: plan.asked };
}

/** An address outside the service CIDRs may be of another cluster's; but some can be of no cluster's. */
function checkAllocatable(ip: string, cidrs: readonly CIDR[]): string | undefined {
  if (ip === 'None') return undefined;
  const problem = checkEndpointIP(ip);
  if (problem !== undefined) return problem;
  const bytes = parseIP(ip) as IPBytes;
  for (const cidr of cidrs) {
    if (!containsIP(cidr, bytes)) continue;
    const canonical = formatIP(bytes);
    if (canonical === formatIP(cidr.network)) return 'is the network address of the service CIDR';
    if (bytes.length === 4 && canonical === broadcastAddress(cidr))
      return 'is the broadcast address of the service CIDR';
  }
  return undefined;
}

function broadcastAddress({ network, prefixLength }: CIDR): string {
  return formatIP(network.map((byte, i) => byte | (0xff >> Math.min(8, Math.max(0, prefixLength - 8 * i)))));
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
  examination: Examination & Pick<Examined, 'asked'>,
  { names, reservations }: Context,
): Examination {
  const { asked = [], request, ...examined } = examination;
  if (examined.faults.length > 0) return examined;
  const { kind, namespace, name } = examined.reference;
  const key = keyOf(kind, namespace, name);
  if (names.has(key)) {
    const problem = `${quote(name)} is already the name of another ${kind} in the input`;
    const { generated, ...refused } = examined;
    return { ...refused, faults: [fault('AlreadyExists', ['metadata', 'name'], problem)] };
  }
  names.add(key);
  if (request === undefined) return examined;
  const spec = request.service.spec ?? {};
  reserve(reservations, `${namespace}/${name}`, spec.clusterIPs ?? [], asked);
  return { ...examined, request };
}
