/**
 * What is worth saying about where a Service's endpoints come from. In: the cluster and an object of it. Out: a
 * diagnostic.
 */
import type { ClusterState } from '../apiserver/cluster-state.ts';
import type { Endpoints, Service } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { compareStrings } from '../shared/ordering.ts';
import type { Refusal } from './endpoint-slice-controller.ts';
import { isFinished, podAddresses } from './pod-status.ts';

/** An Endpoints object that does not count. */
export function endpointsNotMirrored(
  state: ClusterState,
  endpoints: Endpoints,
  message: string,
  why: string,
): Diagnostic {
  return {
    severity: 'warning',
    code: 'EndpointsNotMirrored',
    message,
    why,
    object: { kind: 'Endpoints', namespace: endpoints.metadata.namespace, name: endpoints.metadata.name },
    ...originOf(state, endpoints),
  };
}

/** Addresses that somebody wrote for a Service whose endpoints are its Pods. */
export function endpointsOverwritten(state: ClusterState, endpoints: Endpoints): Diagnostic {
  return {
    severity: 'warning',
    code: 'EndpointsOverwritten',
    message: 'the Service has a selector, so its Pods are its endpoints',
    why: 'kube-controller-manager overwrites this Endpoints object; its addresses get no connections',
    mend: 'remove the selector from the Service, or the Endpoints object',
    object: { kind: 'Endpoints', namespace: endpoints.metadata.namespace, name: endpoints.metadata.name },
    ...originOf(state, endpoints),
  };
}

/** A Pod with an address that no endpoint may have. */
export function endpointSliceRefused(
  state: ClusterState,
  service: Service,
  { pod, address, fault }: Refusal,
): Diagnostic {
  return {
    severity: 'warning',
    code: 'EndpointSliceRefused',
    message: `the address ${address} of Pod ${pod} ${fault}`,
    why: 'the API server refuses the EndpointSlice, so the other Pods in it get no connections either',
    mend: 'keep the selector from matching this Pod',
    object: { kind: 'Service', namespace: service.metadata.namespace, name: service.metadata.name },
    ...originOf(state, service),
  };
}

export function noEndpointsInInput(state: ClusterState, service: Service): Diagnostic {
  return {
    severity: 'warning',
    code: 'NoEndpointsInInput',
    message: 'the input has no EndpointSlice and no Endpoints for this Service',
    why: 'it is compiled as a Service without endpoints: connections are rejected',
    object: { kind: 'Service', namespace: service.metadata.namespace, name: service.metadata.name },
    ...originOf(state, service),
  };
}

/** Names at most this many of the nodes that are missing. */
const NAMED_NODES = 3;

/** Pods with an address whose Node the input lacks; nothing if there are none. */
export function nodesNotInInput(state: ClusterState): readonly Diagnostic[] {
  const known = new Set(state.nodes.map(({ metadata }) => metadata.name));
  const missing = new Set<string>();
  let pods = 0;
  for (const pod of state.pods) {
    const nodeName = pod.spec?.nodeName;
    if (!nodeName || known.has(nodeName) || isFinished(pod) || podAddresses(pod).length === 0) continue;
    missing.add(nodeName);
    pods++;
  }
  if (missing.size === 0) return [];
  const names = [...missing].sort(compareStrings);
  const rest = names.length > NAMED_NODES ? ` and ${names.length - NAMED_NODES} more` : '';
  const nodes = `${names.length === 1 ? 'Node' : 'Nodes'} ${names.slice(0, NAMED_NODES).join(', ')}${rest}`;
  return [
    {
      severity: 'warning',
      code: 'NodeNotInInput',
      message: `the input has no ${nodes}, to which ${pods === 1 ? 'a Pod is' : `${pods} Pods are`} bound`,
      why: 'the controllers leave Pods of unknown nodes out of EndpointSlices',
      mend: 'add the Nodes to the input',
    },
  ];
}

function originOf(state: ClusterState, object: object): Pick<Diagnostic, 'origin'> {
  const origin = state.origins.get(object);
  return origin === undefined ? {} : { origin };
}
