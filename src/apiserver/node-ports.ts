/**
 * Plans the node ports of a Service: which are asked for, which are shared, which are to be allocated. In: a defaulted spec and
 * the node ports that are taken. Out: the ports with every asked-for number in place, or the first fault.
 *
 * Mirrors `initNodePorts` and `allocHealthCheckNodePort` of Kubernetes 1.37 (pkg/registry/core/service/storage/alloc.go): ports
 * with the same number but another protocol share one node port. The API server stops at the first node port that it cannot
 * give, before it validates the Service.
 */
import type { DecodedServicePort, DecodedServiceSpec } from './decoded.ts';
import { type Fault, fault, invalid } from './fault.ts';
import { needsHealthCheckNodePort } from './validation/service.ts';

export interface NodePortRange {
  readonly first: number;
  readonly last: number;
}

export interface NodePortPlan {
  readonly ports: readonly DecodedServicePort[];
  /** Numbers that the Service asks for, the health check's included. */
  readonly asked: readonly number[];
  /** Indexes of ports, grouped: each group is to get one number. */
  readonly pending: readonly (readonly number[])[];
  readonly fault?: Fault;
}

/** `holderOf` names the Service that has a node port already. */
export function planNodePorts(
  spec: DecodedServiceSpec,
  range: NodePortRange,
  holderOf: (port: number) => string | undefined,
): NodePortPlan {
  const given = spec.ports ?? [];
  const asked: number[] = [];
  const plan = needsNodePortPlan(spec) ? planPorts(spec, given) : { ports: given, requests: [], pending: [] };
  for (const { index, nodePort } of plan.requests) {
    const problem = checkFree(nodePort, range, asked, holderOf);
    if (problem !== undefined) {
      const path = ['spec', 'ports', index, 'nodePort'];
      return { ports: given, asked, pending: [], fault: invalid(path, nodePort, problem) };
    }
    asked.push(nodePort);
  }
  const { healthCheckNodePort } = spec;
  if (needsHealthCheckNodePort(spec) && healthCheckNodePort) {
    const problem = checkFree(healthCheckNodePort, range, asked, holderOf);
    if (problem !== undefined) {
      const path = ['spec', 'healthCheckNodePort'];
      const refusal = fault('InternalError', path, `${healthCheckNodePort} ${problem}`);
      return { ports: given, asked, pending: [], fault: refusal };
    }
    asked.push(healthCheckNodePort);
  }
  return { ports: plan.ports, asked, pending: plan.pending };
}

function needsNodePortPlan({ type }: DecodedServiceSpec): boolean {
  return type === 'NodePort' || type === 'LoadBalancer';
}

interface PortPlan {
  readonly ports: readonly DecodedServicePort[];
  readonly requests: readonly { readonly index: number; readonly nodePort: number }[];
  readonly pending: readonly (readonly number[])[];
}

function planPorts(spec: DecodedServiceSpec, given: readonly DecodedServicePort[]): PortPlan {
  const allocates = spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;
  const ports = [...given];
  const requests: { index: number; nodePort: number }[] = [];
  const groups = new Map<number, number[]>();
  const numbers = new Map<number, number>();
  for (const [index, port] of given.entries()) {
    const number = port.port ?? 0;
    const own = port.nodePort || undefined;
    if (own === undefined && !allocates) continue;
    const shared = numbers.get(number);
    if (shared !== undefined) {
      if (own === undefined) ports[index] = { ...port, nodePort: shared };
      else if (own !== shared) requests.push({ index, nodePort: own });
      continue;
    }
    const wanted = given.find((other) => other.port === port.port && other.nodePort)?.nodePort;
    if (wanted !== undefined) {
      numbers.set(number, wanted);
      requests.push({ index, nodePort: wanted });
      ports[index] = { ...port, nodePort: wanted };
    } else {
      const group = groups.get(number);
      if (group === undefined) groups.set(number, [index]);
      else group.push(index);
    }
  }
  return { ports, requests, pending: [...groups.values()] };
}

function checkFree(
  port: number,
  range: NodePortRange,
  asked: readonly number[],
  holderOf: (port: number) => string | undefined,
): string | undefined {
  if (port < range.first || port > range.last) {
    return `is outside the cluster's range of node ports, ${range.first}-${range.last}`;
  }
  if (asked.includes(port)) return 'is already taken by another port of this Service';
  const holder = holderOf(port);
  return holder === undefined ? undefined : `is already taken by Service ${holder}`;
}
