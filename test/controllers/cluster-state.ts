/** Clusters for tests: from manifests, through admission, or from objects written down as they are after admission. */
import { type Admission, admit, DEFAULT_ADMISSION_OPTIONS } from '../../src/apiserver/admit.ts';
import type { ClusterState } from '../../src/apiserver/cluster-state.ts';
import type { Pod, PodStatus, Service, ServiceSpec } from '../../src/apiserver/objects.ts';
import type { NodeWithCapacity } from '../../src/controllers/node-status.ts';
import { DEFAULT_KINDS, readInput } from '../../src/input/read-input.ts';

export async function admitFile(filename: string): Promise<Admission> {
  const request = { filenames: [filename], recursive: false, stdin: [], kinds: DEFAULT_KINDS };
  const { objects } = await readInput(request);
  return admit(objects, DEFAULT_ADMISSION_OPTIONS);
}

export function clusterState(parts: Partial<ClusterState>): ClusterState {
  return {
    services: [],
    endpointSlices: [],
    endpoints: [],
    nodes: [],
    namespaces: [],
    serviceCIDRs: [],
    pods: [],
    origins: new Map(),
    allocations: [],
    ...parts,
  };
}

/** Node `n1`, say, in a zone, with 4 CPUs. */
export function node(
  name: string,
  zone?: string,
  ready: 'True' | 'False' | 'Unknown' = 'True',
): NodeWithCapacity {
  const status = { conditions: [{ type: 'Ready', status: ready }], allocatable: { cpu: '4' } };
  const labels = zone === undefined ? {} : { 'topology.kubernetes.io/zone': zone };
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, status };
}

/** A ready Pod with label `app: x` and container port `http` 8080 on Node `n1`. */
export function pod(name: string, ip: string, changes: Partial<Pod> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'x' } },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: podStatus(ip),
    ...changes,
  };
}

export function podStatus(ip: string, ready: 'True' | 'False' = 'True'): PodStatus {
  return { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready }] };
}

/** A Service that selects `app: x` and has port 80, which leads to `http`. */
export function service(name: string, spec: Partial<ServiceSpec> = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      type: 'ClusterIP',
      clusterIP: '10.96.0.10',
      ipFamilies: ['IPv4'],
      selector: { app: 'x' },
      ports: [{ port: 80, protocol: 'TCP', targetPort: 'http' }],
      sessionAffinity: 'None',
      ...spec,
    },
  };
}
