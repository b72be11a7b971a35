/**
 * Validates the status of a Service. In: a defaulted Service. Out: faults.
 *
 * Mirrors `ValidateLoadBalancerStatus` of Kubernetes 1.37 (pkg/apis/core/validation), which the API server applies when a load
 * balancer's controller writes the status.
 */
import { parseIP } from '../../shared/ip.ts';
import type { DecodedService } from '../decoded.ts';
import { type Faults, forbidden, invalid, notSupported, required } from '../fault.ts';
import { checkIP } from './addresses.ts';
import { checkDNSSubdomain } from './names.ts';

const IP_MODES = ['Proxy', 'VIP'];

export function validateLoadBalancerStatus({ spec, status }: DecodedService, faults: Faults): void {
  const ingress = status?.loadBalancer?.ingress ?? [];
  const path = ['status', 'loadBalancer', 'ingress'];
  if (spec?.type !== 'LoadBalancer') {
    if (ingress.length > 0) faults.push(forbidden(path, 'may only be set for type LoadBalancer'));
    return;
  }
  for (const [i, { ip = '', hostname = '', ipMode }] of ingress.entries()) {
    if (ip !== '') {
      const problem = checkIP(ip);
      if (problem !== undefined) faults.push(invalid([...path, i, 'ip'], ip, problem));
    }
    if (ipMode === undefined) {
      if (ip !== '') faults.push(required([...path, i, 'ipMode']));
    } else if (ip === '') {
      faults.push(forbidden([...path, i, 'ipMode'], 'may only be set together with ip'));
    } else if (!IP_MODES.includes(ipMode)) {
      faults.push(notSupported([...path, i, 'ipMode'], ipMode, IP_MODES));
    }
    if (hostname === '') continue;
    const problem =
      checkDNSSubdomain(hostname) ??
      (parseIP(hostname) === undefined ? undefined : 'must be a DNS name, not an IP address');
    if (problem !== undefined) faults.push(invalid([...path, i, 'hostname'], hostname, problem));
  }
}
