/**
 * The ports that a Pod offers for a Service.
 *
 * In: a Service and a Pod. Out: the number behind each port of the Service, or why there is none. Mirrors `FindPort` of
 * k8s.io/endpointslice 0.37.
 */
import type { Container, EndpointPort, Pod, Protocol, Service, ServicePort } from '../apiserver/objects.ts';
import { sortSlicePorts } from './endpoint-port-order.ts';

/** A named target port for which the Pod has no container port. */
export interface MissingPort {
  /** Empty for the only port of a Service. */
  readonly servicePort: string;
  readonly targetPort: string;
  readonly protocol: Protocol;
  /** The Pod has container ports of that name, but of these protocols only. */
  readonly otherProtocols: readonly Protocol[];
  /** Only an init container that ends before the Pod runs has that port. */
  readonly inInitContainer: boolean;
}

/** The number behind each of `service.spec.ports`, in that order; undefined where the Pod lacks a port. */
export function portNumbers({ spec }: Service, pod: Pod): readonly (number | undefined)[] {
  return (spec.ports ?? []).map((port) => portNumber(port, pod));
}

function portNumber({ targetPort, protocol }: ServicePort, { spec }: Pod): number | undefined {
  if (typeof targetPort === 'number') return targetPort;
  const sidecars = spec?.initContainers?.filter(isSidecar) ?? [];
  for (const container of [...(spec?.containers ?? []), ...sidecars]) {
    for (const port of container.ports ?? []) {
      if (port.name === targetPort && (port.protocol ?? 'TCP') === protocol) return port.containerPort;
    }
  }
  return undefined;
}

function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === 'Always';
}

/** The ports of a slice whose endpoints all have these numbers, in the controller's order. */
export function slicePorts(
  { spec }: Service,
  numbers: readonly (number | undefined)[],
): readonly EndpointPort[] {
  const ports = (spec.ports ?? []).flatMap(({ name, protocol, appProtocol }, i): EndpointPort[] => {
    const port = numbers[i];
    if (port === undefined) return [];
    return [{ name: name ?? '', port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
  return sortSlicePorts(ports);
}

/** The ports of the Service for which the Pod has none, with what comes close. */
export function missingPorts(service: Service, pod: Pod): readonly MissingPort[] {
  const numbers = portNumbers(service, pod);
  return (service.spec.ports ?? []).flatMap(({ name, targetPort, protocol }, i) => {
    if (numbers[i] !== undefined || typeof targetPort === 'number') return [];
    const named = (containers: readonly Container[] | undefined) =>
      (containers ?? []).flatMap(({ ports }) => ports ?? []).filter((port) => port.name === targetPort);
    const initContainers = pod.spec?.initContainers ?? [];
    const running = [
      ...named(pod.spec?.containers),
      ...named(initContainers.filter((container) => isSidecar(container))),
    ];
    return {
      servicePort: name ?? '',
      targetPort,
      protocol,
      otherProtocols: [...new Set(running.map((port) => port.protocol ?? 'TCP'))].sort(),
      inInitContainer: named(initContainers).some((port) => (port.protocol ?? 'TCP') === protocol),
    };
  });
}
