/**
 * Validates EndpointSlices. In: a defaulted slice. Out: faults.
 *
 * Mirrors pkg/apis/discovery/validation of Kubernetes 1.37. A path is made only where there is a fault: slices carry most of
 * what a cluster holds.
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedEndpoint, DecodedEndpointPort, DecodedEndpointSlice } from '../decoded.ts';
import { duplicate, type Faults, invalid, notSupported, required, tooMany } from '../fault.ts';
import { checkCanonicalIP, checkEndpointIP, checkIP, familyOfIP, isOrdinaryIPv4 } from './addresses.ts';
import { validateMetadata } from './metadata.ts';
import {
  checkDNSLabel,
  checkDNSSubdomain,
  checkFullyQualifiedName,
  checkLabelValue,
  type FormCheck,
} from './names.ts';
import { validateAppProtocol, validateProtocol } from './service-ports.ts';

const ADDRESS_TYPES = ['FQDN', 'IPv4', 'IPv6'];
const MAX_ADDRESSES = 100;
const MAX_ENDPOINTS = 1000;
const MAX_HINTS = 8;
const MAX_PORTS = 20000;

export function validateEndpointSlice(slice: DecodedEndpointSlice, faults: Faults): void {
  validateMetadata(slice.metadata, true, checkDNSSubdomain, faults);
  const { addressType = '', endpoints = [] } = slice;
  if (addressType === '') faults.push(required(['addressType']));
  else if (!ADDRESS_TYPES.includes(addressType)) {
    faults.push(notSupported(['addressType'], addressType, ADDRESS_TYPES));
  }
  validatePorts(slice, faults);
  if (endpoints.length > MAX_ENDPOINTS) {
    faults.push(tooMany(['endpoints'], endpoints.length, MAX_ENDPOINTS));
    return;
  }
  for (let i = 0; i < endpoints.length; i++) {
    validateEndpoint(endpoints[i] as DecodedEndpoint, addressType, i, faults);
  }
}

function validateEndpoint(
  endpoint: DecodedEndpoint,
  addressType: string,
  index: number,
  faults: Faults,
): void {
  const { addresses = [], nodeName, hostname, hints } = endpoint;
  if (addresses.length === 0) {
    faults.push(required(['endpoints', index, 'addresses'], 'an endpoint needs an address'));
  } else if (addresses.length > MAX_ADDRESSES) {
    faults.push(tooMany(['endpoints', index, 'addresses'], addresses.length, MAX_ADDRESSES));
  }
  for (let i = 0; i < addresses.length; i++) {
    validateAddress(addresses[i] as string, addressType, index, i, faults);
  }
  if (nodeName !== undefined) {
    const problem = checkDNSSubdomain(nodeName);
    if (problem !== undefined) faults.push(invalid(['endpoints', index, 'nodeName'], nodeName, problem));
  }
  if (hostname !== undefined) {
    const problem = checkDNSLabel(hostname);
    if (problem !== undefined) faults.push(invalid(['endpoints', index, 'hostname'], hostname, problem));
  }
  if (hints === undefined) return;
  const path = ['endpoints', index, 'hints'];
  if (!validateHints(hints.forZones ?? [], checkLabelValue, [...path, 'forZones'], faults)) return;
  validateHints(hints.forNodes ?? [], checkDNSSubdomain, [...path, 'forNodes'], faults);
}

/** Addresses of an unknown type are not looked at; the slice is refused for the type. */
function validateAddress(
  address: string,
  addressType: string,
  endpoint: number,
  index: number,
  faults: Faults,
): void {
  if (addressType === 'IPv4' && isOrdinaryIPv4(address)) return;
  const path = () => ['endpoints', endpoint, 'addresses', index];
  switch (addressType) {
    case 'IPv4':
    case 'IPv6': {
      const problem = addressType === 'IPv4' ? checkIP(address) : checkCanonicalIP(address);
      if (problem !== undefined) {
        faults.push(invalid(path(), address, problem));
        return;
      }
      if (familyOfIP(address) !== addressType) {
        const field = `endpoints[${endpoint}].addresses`;
        faults.push(
          invalid(path(), address, `must be an ${addressType} address, as addressType says`, field),
        );
      }
      const endpointProblem = checkEndpointIP(address);
      if (endpointProblem !== undefined) faults.push(invalid(path(), address, endpointProblem));
      return;
    }
    case 'FQDN': {
      if (address === '') faults.push(required(path()));
      else {
        const problem = checkFullyQualifiedName(address);
        if (problem !== undefined) faults.push(invalid(path(), address, problem));
      }
      return;
    }
  }
}

/** False where there are so many that they are not looked at. */
function validateHints(
  hints: readonly { readonly name?: string }[],
  check: FormCheck,
  path: FieldPath,
  faults: Faults,
): boolean {
  if (hints.length > MAX_HINTS) {
    faults.push(tooMany(path, hints.length, MAX_HINTS));
    return false;
  }
  const names = new Set<string>();
  for (const [i, { name = '' }] of hints.entries()) {
    if (names.has(name)) faults.push(duplicate([...path, i, 'name'], name));
    names.add(name);
    const problem = check(name);
    if (problem !== undefined) faults.push(invalid([...path, i, 'name'], name, problem));
  }
  return true;
}

function validatePorts({ ports = [] }: DecodedEndpointSlice, faults: Faults): void {
  if (ports.length > MAX_PORTS) {
    faults.push(tooMany(['ports'], ports.length, MAX_PORTS));
    return;
  }
  const names = new Set<string>();
  for (let i = 0; i < ports.length; i++) {
    const { name = '', protocol = '', appProtocol } = ports[i] as DecodedEndpointPort;
    const path = ['ports', i];
    const problem = name === '' ? undefined : checkDNSLabel(name);
    if (problem !== undefined) faults.push(invalid([...path, 'name'], name, problem));
    if (names.has(name)) faults.push(duplicate([...path, 'name'], name));
    names.add(name);
    validateProtocol(protocol, path, faults);
    validateAppProtocol(appProtocol, path, faults);
  }
}
