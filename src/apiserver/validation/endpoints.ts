/**
 * Validates Endpoints. In: defaulted Endpoints. Out: faults.
 *
 * Mirrors `ValidateEndpointsCreate` of Kubernetes 1.37 (pkg/apis/core/validation).
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedEndpointAddress, DecodedEndpointPort, DecodedEndpoints } from '../decoded.ts';
import { type Faults, invalid, required } from '../fault.ts';
import { checkEndpointIP, checkIP } from './addresses.ts';
import { validateMetadata } from './metadata.ts';
import { checkDNSLabel, checkDNSSubdomain, checkPortNumber } from './names.ts';
import { validateAppProtocol, validateProtocol } from './service-ports.ts';

export function validateEndpoints(endpoints: DecodedEndpoints, faults: Faults): void {
  validateMetadata(endpoints.metadata, true, checkDNSSubdomain, faults);
  for (const [i, subset] of (endpoints.subsets ?? []).entries()) {
    const path = ['subsets', i];
    const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
    if (addresses.length === 0 && notReadyAddresses.length === 0) {
      faults.push(required(path, 'a subset needs addresses or notReadyAddresses'));
    }
    validateAddresses(addresses, [...path, 'addresses'], faults);
    validateAddresses(notReadyAddresses, [...path, 'notReadyAddresses'], faults);
    for (const [j, port] of ports.entries()) {
      validatePort(port, ports.length > 1, [...path, 'ports', j], faults);
    }
  }
}

function validateAddresses(
  addresses: readonly DecodedEndpointAddress[],
  path: FieldPath,
  faults: Faults,
): void {
  for (let i = 0; i < addresses.length; i++) {
    const { ip = '', hostname, nodeName } = addresses[i] as DecodedEndpointAddress;
    const ipProblem = checkIP(ip) ?? checkEndpointIP(ip);
    if (ipProblem !== undefined) faults.push(invalid([...path, i, 'ip'], ip, ipProblem));
    const hostProblem = hostname ? checkDNSLabel(hostname) : undefined;
    if (hostProblem !== undefined) faults.push(invalid([...path, i, 'hostname'], hostname, hostProblem));
    const nodeProblem = nodeName === undefined ? undefined : checkDNSSubdomain(nodeName);
    if (nodeProblem !== undefined) faults.push(invalid([...path, i, 'nodeName'], nodeName, nodeProblem));
  }
}

function validatePort(
  endpointPort: DecodedEndpointPort,
  needsName: boolean,
  path: FieldPath,
  faults: Faults,
): void {
  const { name, port = 0, protocol = '', appProtocol } = endpointPort;
  if (name) {
    const problem = checkDNSLabel(name);
    if (problem !== undefined) faults.push(invalid([...path, 'name'], name, problem));
  } else if (needsName) {
    faults.push(required([...path, 'name'], 'where a subset has several ports, each needs a name'));
  }
  const problem = checkPortNumber(port);
  if (problem !== undefined) faults.push(invalid([...path, 'port'], port, problem));
  validateProtocol(protocol, path, faults);
  validateAppProtocol(appProtocol, path, faults);
}
