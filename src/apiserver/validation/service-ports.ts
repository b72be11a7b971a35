/**
 * Validates the ports of a Service. In: a spec whose ports are defaulted and planned (`node-ports.ts`). Out: faults.
 *
 * Mirrors `validateServicePort` and the checks for duplicates in `validateService` of Kubernetes 1.37.
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedServicePort, DecodedServiceSpec } from '../decoded.ts';
import { duplicate, type Faults, forbidden, invalid, notSupported, required } from '../fault.ts';
import { checkDNSLabel, checkPortName, checkPortNumber, checkQualifiedName } from './names.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];

export function validateServicePorts(spec: DecodedServiceSpec, faults: Faults): void {
  const { ports = [], type } = spec;
  const names = new Set<string>();
  for (let i = 0; i < ports.length; i++) {
    const port = ports[i] as DecodedServicePort;
    const path = ['spec', 'ports', i];
    validateName(port, ports.length > 1, names, path, faults);
    validateServicePort(port, path, faults);
    if (type === 'ClusterIP' && port.nodePort) {
      faults.push(forbidden([...path, 'nodePort'], 'must not be set for type ClusterIP'));
    }
  }
  if (ports.length > 1) validateUniqueness(ports, faults);
}

function validateName(
  { name }: DecodedServicePort,
  needed: boolean,
  names: Set<string>,
  path: FieldPath,
  faults: Faults,
): void {
  if (!name) {
    if (needed)
      faults.push(required([...path, 'name'], 'where a Service has several ports, each needs a name'));
    return;
  }
  const problem = checkDNSLabel(name);
  if (problem !== undefined) faults.push(invalid([...path, 'name'], name, problem));
  if (names.has(name)) faults.push(duplicate([...path, 'name'], name));
  names.add(name);
}

function validateServicePort(servicePort: DecodedServicePort, path: FieldPath, faults: Faults): void {
  const { port = 0, protocol = '', targetPort, appProtocol } = servicePort;
  const portProblem = checkPortNumber(port);
  if (portProblem !== undefined) faults.push(invalid([...path, 'port'], port, portProblem));
  validateProtocol(protocol, path, faults);
  const targetProblem =
    typeof targetPort === 'string' ? checkPortName(targetPort) : checkPortNumber(targetPort ?? 0);
  if (targetProblem !== undefined)
    faults.push(invalid([...path, 'targetPort'], targetPort ?? 0, targetProblem));
  validateAppProtocol(appProtocol, path, faults);
}

/** `port` is the path of the port. */
export function validateProtocol(protocol: string, port: FieldPath, faults: Faults): void {
  if (!PROTOCOLS.includes(protocol)) faults.push(notSupported([...port, 'protocol'], protocol, PROTOCOLS));
}

/** `port` is the path of the port. */
export function validateAppProtocol(appProtocol: string | undefined, port: FieldPath, faults: Faults): void {
  if (appProtocol === undefined) return;
  const problem = checkQualifiedName(appProtocol);
  if (problem !== undefined) faults.push(invalid([...port, 'appProtocol'], appProtocol, problem));
}

/** A pair of protocol and port, and of protocol and node port, may stand once. */
function validateUniqueness(ports: readonly DecodedServicePort[], faults: Faults): void {
  const nodePorts = new Set<string>();
  const servicePorts = new Set<string>();
  for (const [i, { protocol, port, nodePort }] of ports.entries()) {
    const path = ['spec', 'ports', i];
    if (nodePort) {
      const key = `${protocol}/${nodePort}`;
      if (nodePorts.has(key))
        faults.push(duplicate([...path, 'nodePort'], nodePort, `stands twice for ${protocol}`));
      nodePorts.add(key);
    }
    const key = `${protocol}/${port}`;
    if (servicePorts.has(key)) faults.push(duplicate(path, port, `stands twice for ${protocol}`));
    servicePorts.add(key);
  }
}
