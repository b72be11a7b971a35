/** `endpoints`: manifests in, the EndpointSlices that the controllers would write out. */

import type { ClusterState } from '../../apiserver/cluster-state.ts';
import { SERVICE_NAME_LABEL } from '../../apiserver/labels.ts';
import type { Endpoint, EndpointSlice } from '../../apiserver/objects.ts';
import { formatMembershipReason, type Standing } from '../../controllers/endpoint-slice-judgement.ts';
import { memberships } from '../../controllers/endpoint-slice-membership.ts';
import { DEFAULT_NODE_MONITOR_GRACE_PERIOD } from '../../controllers/node-lifecycle.ts';
import { podCluster } from '../../controllers/pod-cluster.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { plainJson, plainYaml } from '../../report/plain-data.ts';
import { table } from '../../report/table.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { compareStrings } from '../../shared/ordering.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { isLive, loadState } from '../load-input.ts';
import type {
  ClusterOptions,
  CommonOptions,
  InputOptions,
  SelectionOptions,
  WatchOptions,
} from '../options.ts';
import { watchState } from '../watch-state.ts';

interface EndpointsOptions
  extends InputOptions,
    ClusterOptions,
    SelectionOptions,
    WatchOptions,
    CommonOptions {
  readonly output: 'table' | 'wide' | 'yaml' | 'json';
  /** Milliseconds since 1970. */
  readonly at?: number;
  /** Milliseconds. */
  readonly nodeMonitorGracePeriod?: number;
}

export async function endpointsCommand(options: EndpointsOptions, io: CommandIO): Promise<number> {
  const lists = liveLists(options);
  if (options.watch) {
    const text = (state: ClusterState) => [...print(state, options.output)].join('');
    const { output } = options;
    return watchState(lists, [], options, io, text, output === 'yaml' || output === 'json' ? output : 'text');
  }
  const { at, nodeMonitorGracePeriod: gracePeriod = DEFAULT_NODE_MONITOR_GRACE_PERIOD } = options;
  if (at !== undefined && isLive(options)) {
    throw new OperationalError('--at asks about manifests; name them with -f');
  }
  const moment = at === undefined ? undefined : { at, gracePeriod };
  const state = await loadState(lists, [], options, io, moment);
  if (state === undefined) return 2;
  await writeAll(io.stdout, print(state, options.output));
  return 0;
}

/** Pods only where the reasons are asked for: the slices are the cluster's own. */
function liveLists({ namespace, allNamespaces, selector, output }: EndpointsOptions): readonly ClusterList[] {
  const scope = allNamespaces ? {} : { namespace };
  const lists: ClusterList[] = [
    { kind: 'Service', ...scope, labelSelector: selector },
    { kind: 'EndpointSlice', ...scope },
  ];
  return output === 'wide' ? [...lists, { kind: 'Pod', ...scope }, { kind: 'Node' }] : lists;
}

function* print(state: ClusterState, output: EndpointsOptions['output']): Generator<string> {
  const slices = [...state.endpointSlices].sort(
    (a, b) =>
      compareStrings(a.metadata.namespace, b.metadata.namespace) ||
      compareStrings(a.metadata.name, b.metadata.name),
  );
  switch (output) {
    case 'json':
      yield plainJson({ apiVersion: 'v1', kind: 'List', items: slices });
      return;
    case 'yaml':
      for (const [i, slice] of slices.entries()) {
        yield `${i === 0 ? '' : '---\n'}${plainYaml(slice)}`;
      }
      return;
    case 'wide':
      yield addressTable(slices);
      yield `\n${podTable(state)}`;
      return;
    case 'table':
      yield addressTable(slices);
  }
}

/** A line for each address and port; a slice without either has none. */
function addressTable(slices: readonly EndpointSlice[]): string {
  const rows = slices.flatMap((slice) =>
    slice.endpoints.flatMap((endpoint) =>
      endpoint.addresses.flatMap((address) => addressRows(slice, endpoint, address)),
    ),
  );
  rows.sort((a, b) => compareStrings(a.join('\0'), b.join('\0')));
  const head = [
    'NAMESPACE',
    'SERVICE',
    'ADDRESS',
    'PORT',
    'NAME',
    'READY',
    'SERVING',
    'TERMINATING',
    'NODE',
    'ZONE',
  ];
  return table(head, rows);
}

function addressRows({ metadata, ports }: EndpointSlice, endpoint: Endpoint, address: string): string[][] {
  const { conditions, nodeName, zone } = endpoint;
  const numbered = ports?.length ? ports : [undefined];
  return numbered.map((port) => [
    metadata.namespace,
    metadata.labels?.[SERVICE_NAME_LABEL] ?? '-',
    address,
    port?.port ? `${port.port}/${port.protocol ?? 'TCP'}` : '-',
    port?.name || '-',
    `${conditions?.ready ?? true}`,
    `${conditions?.serving ?? conditions?.ready ?? true}`,
    `${conditions?.terminating ?? false}`,
    nodeName || '-',
    zone || '-',
  ]);
}

const IN_OR_OUT: Readonly<Record<Standing, string>> = {
  ready: 'in',
  notReady: 'not ready',
  portless: 'out',
  absent: 'out',
};

/** Why each Pod that a Service selects is in or out. */
function podTable(state: ClusterState): string {
  const cluster = podCluster(state);
  const rows = state.services.flatMap((service) =>
    memberships(service, cluster).map(({ pod, family, standing, reason }) => [
      service.metadata.namespace,
      service.metadata.name,
      pod.metadata.name,
      family,
      IN_OR_OUT[standing],
      formatMembershipReason(reason),
    ]),
  );
  return table(['NAMESPACE', 'SERVICE', 'POD', 'FAMILY', 'STANDING', 'WHY'], rows);
}
