/**
 * The Pods and Nodes of a cluster, indexed so that deriving all endpoints takes time linear in their number.
 *
 * In: the Services, Pods and Nodes of an admitted cluster. Out: which Pods a Service selects, Nodes by name, and each
 * zone's share of the CPUs. Mirrors the listers of kube-controller-manager 1.37.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import { ZONE_LABEL } from '../apiserver/labels.ts';
import type { Node, Pod, Service } from '../apiserver/objects.ts';
import { cpuShares } from './topology-zones.ts';

const COPIED_LABELS = [ZONE_LABEL, 'topology.kubernetes.io/region'];

export interface PodCluster {
  /** The Pods of the Service's namespace that carry all labels of its selector, in the order of the state. */
  readonly selectPods: (service: Service) => readonly Pod[];
  readonly nodes: ReadonlyMap<string, Node>;
  /** Each zone's share of the CPUs of all Nodes; undefined where topology mode cannot work. */
  readonly cpuShares: ReadonlyMap<string, number> | undefined;
}

/**
 * True if kube-controller-manager writes the Service's endpoints. It leaves alone a Service without a selector, which an
 * empty selector is after the API server has stored it, and one of type ExternalName.
 */
export function isSelecting(service: Service): boolean {
  return service.spec.type !== 'ExternalName' && hasSelector(service);
}

export function hasSelector({ spec }: Service): boolean {
  return Object.keys(spec.selector ?? {}).length > 0;
}

export function podCluster({ services, pods, nodes }: ClusterState): PodCluster {
  const byName = new Map(nodes.map((node) => [node.metadata.name, node]));
  const labelsOf = (pod: Pod) => labelsAtNode(pod, byName);
  const byLabel = indexByLabel(services, pods, labelsOf);
  return {
    selectPods: (service) => selectPods(service, byLabel, labelsOf),
    nodes: byName,
    cpuShares: cpuShares(nodes),
  };
}

type Labels = Readonly<Record<string, string>>;

/**
 * Admission gives a Pod the zone and region of its Node as labels (plugin PodTopologyLabels), so a Service can select by
 * them.
 */
function labelsAtNode({ metadata, spec }: Pod, nodes: ReadonlyMap<string, Node>): Labels {
  const own = metadata.labels ?? {};
  const ofNode = nodes.get(spec?.nodeName ?? '')?.metadata.labels;
  const copied = COPIED_LABELS.flatMap((key) => {
    const value = ofNode?.[key];
    return value === undefined || value === own[key] ? [] : [[key, value]];
  });
  return copied.length === 0 ? own : { ...own, ...Object.fromEntries(copied) };
}

/** Pods by namespace, label key and value; only such labels as some selector names. */
type LabelIndex = ReadonlyMap<string, readonly Pod[]>;

function indexByLabel(
  services: readonly Service[],
  pods: readonly Pod[],
  labelsOf: (pod: Pod) => Labels,
): LabelIndex {
  const index = new Map<string, Pod[]>();
  for (const service of services) {
    if (!isSelecting(service)) continue;
    for (const [key, value] of Object.entries(service.spec.selector ?? {})) {
      index.set(labelKey(service.metadata.namespace, key, value), []);
    }
  }
  for (const pod of pods) {
    for (const [key, value] of Object.entries(labelsOf(pod))) {
      index.get(labelKey(pod.metadata.namespace, key, value))?.push(pod);
    }
  }
  return index;
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

/** Starts from the rarest label: a Service then costs no more than the Pods that carry it. */
function selectPods(service: Service, index: LabelIndex, labelsOf: (pod: Pod) => Labels): readonly Pod[] {
  if (!isSelecting(service)) return [];
  const selector = Object.entries(service.spec.selector ?? {});
  const candidates = selector
    .map(([key, value]) => index.get(labelKey(service.metadata.namespace, key, value)) ?? [])
    .reduce((rarest, pods) => (pods.length < rarest.length ? pods : rarest));
  if (selector.length === 1) return candidates;
  return candidates.filter((pod) => {
    const labels = labelsOf(pod);
    return selector.every(([key, value]) => labels[key] === value);
  });
}
