/** What `trace` is asked: its flags, and what of them is read from a cluster. */
import type { Protocol } from '../../apiserver/objects.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import type { SourceObject } from '../../input/source.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import type { PacketSource } from '../../trace/packet-ends.ts';
import type { NodeInputOptions } from '../load-node.ts';
import type { HostOptions } from '../options.ts';

export interface TraceOptions extends NodeInputOptions, HostOptions {
  readonly from: string;
  readonly to: string;
  readonly protocol?: 'tcp' | 'udp' | 'sctp';
  readonly inInterface?: string;
  readonly seen?: number;
  readonly rules?: true;
  readonly output?: 'json';
}

export function protocolOf({ protocol }: TraceOptions): Protocol | undefined {
  return protocol === undefined ? undefined : (protocol.toUpperCase() as Protocol);
}

/** @throws OperationalError for flags that make no sense together. */
export function checkTraceOptions({ dump, host, viaPod, filename }: TraceOptions): void {
  const named = [dump.length > 0 && '--dump', host && '--host', viaPod && '--via-pod'].filter(Boolean);
  if (named.length > 1) throw new OperationalError(`${named.join(' and ')} each name a host: choose one`);
  if (dump.includes('-') && filename.includes('-')) {
    throw new OperationalError('standard input can be read only once: give "-" one time');
  }
}

export function namesHost({ dump, host, viaPod }: HostOptions): boolean {
  return dump.length > 0 || host === true || viaPod === true;
}

/** A dump or a host speaks for itself, unless objects of a cluster are named, or the cluster. */
export function needsCluster(options: TraceOptions, isObjectNamed: boolean): boolean {
  const { filename, context, kubeconfig, cluster, user, viaPod } = options;
  const isClusterNamed = [context, kubeconfig, cluster, user].some((flag) => flag !== undefined);
  return !namesHost(options) || filename.length > 0 || isObjectNamed || isClusterNamed || viaPod === true;
}

/** What a node's kube-proxy watches, and the Pod that sends. */
export function liveLists(source: PacketSource): readonly ClusterList[] {
  const lists: ClusterList[] = [
    { kind: 'Service' },
    { kind: 'EndpointSlice' },
    { kind: 'Node' },
    { kind: 'ServiceCIDR' },
  ];
  if (source.kind !== 'pod') return lists;
  const { namespace, name } = source;
  return [...lists, { kind: 'Pod', namespace, fieldSelector: `metadata.name=${name}` }];
}

/** The node of the Pod that sends: its rules are the first that the packet meets. */
export function nodeOfPod(
  source: PacketSource,
): ((objects: readonly SourceObject[]) => string | undefined) | undefined {
  if (source.kind !== 'pod') return undefined;
  return (objects) => {
    const pod = objects.find((each) => each.kind === 'Pod' && isNamed(each, source.name, source.namespace));
    const { nodeName } = (pod?.object.spec ?? {}) as { readonly nodeName?: unknown };
    const isKnown = objects.some(
      (each) => each.kind === 'Node' && typeof nodeName === 'string' && isNamed(each, nodeName, undefined),
    );
    return isKnown ? (nodeName as string) : undefined;
  };
}

function isNamed({ object }: SourceObject, name: string, namespace: string | undefined): boolean {
  const metadata = (object.metadata ?? {}) as { readonly name?: unknown; readonly namespace?: unknown };
  return (
    metadata.name === name && (namespace === undefined || (metadata.namespace ?? namespace) === namespace)
  );
}
