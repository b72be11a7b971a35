/**
 * Validates ServiceCIDRs. In: a decoded ServiceCIDR. Out: faults.
 *
 * Mirrors `ValidateServiceCIDR` of Kubernetes 1.37 (pkg/apis/networking/validation).
 */
import type { DecodedServiceCIDR } from '../decoded.ts';
import { type Faults, invalid, required } from '../fault.ts';
import { checkCanonicalCIDR, familyOfCIDR } from './addresses.ts';
import { validateMetadata } from './metadata.ts';
import { checkDNSSubdomain } from './names.ts';

export function validateServiceCIDR({ metadata, spec }: DecodedServiceCIDR, faults: Faults): void {
  validateMetadata(metadata, false, checkDNSSubdomain, faults);
  const cidrs = spec?.cidrs ?? [];
  const path = ['spec', 'cidrs'];
  if (cidrs.length === 0) {
    faults.push(required(path, 'at least one CIDR is needed'));
    return;
  }
  if (cidrs.length > 2) {
    faults.push(invalid(path, cidrs, 'may hold two CIDRs at most'));
    return;
  }
  for (const [i, cidr] of cidrs.entries()) {
    const problem = checkCanonicalCIDR(cidr);
    if (problem !== undefined) faults.push(invalid([...path, i], cidr, problem));
  }
  const [first, second] = cidrs.map(familyOfCIDR);
  if (cidrs.length === 2 && first !== undefined && first === second) {
    faults.push(invalid(path, cidrs, 'may hold one CIDR of each IP family at most'));
  }
}
