/**
 * Validates of Pods what becomes part of endpoints and DNS records: names, addresses, ports. In: a defaulted Pod. Out: faults.
 *
 * Mirrors a part of `ValidatePodCreate` and `ValidatePodStatusUpdate` of Kubernetes 1.37 (pkg/apis/core/validation). The rest of
 * a Pod's specification is not looked at.
 */
import type { FieldPath } from '../../shared/diagnostic.ts';
import type { DecodedContainer, DecodedPod } from '../decoded.ts';
import { type Faults, invalid, required } from '../fault.ts';
import { checkIP, familyOfIP } from './addresses.ts';
import { validateMetadata } from './metadata.ts';
import { checkDNSLabel, checkDNSSubdomain, checkPortName, checkPortNumber, type FormCheck } from './names.ts';
import { validateProtocol } from './service-ports.ts';

export function validatePod(pod: DecodedPod, faults: Faults): void {
  validateMetadata(pod.metadata, true, checkDNSSubdomain, faults);
  const spec = pod.spec ?? {};
  checkOptional(spec.nodeName, checkDNSSubdomain, ['spec', 'nodeName'], faults);
  checkOptional(spec.hostname, checkDNSLabel, ['spec', 'hostname'], faults);
  checkOptional(spec.subdomain, checkDNSLabel, ['spec', 'subdomain'], faults);
  validateContainers(spec.containers ?? [], ['spec', 'containers'], faults);
  validateContainers(spec.initContainers ?? [], ['spec', 'initContainers'], faults);
  validatePodIPs(pod, faults);
}

function checkOptional(value: string | undefined, check: FormCheck, path: FieldPath, faults: Faults): void {
  if (!value) return;
  const problem = check(value);
  if (problem !== undefined) faults.push(invalid(path, value, problem));
}

function validateContainers(containers: readonly DecodedContainer[], path: FieldPath, faults: Faults): void {
  for (const [i, { name, ports = [] }] of containers.entries()) {
    if (name) checkOptional(name, checkDNSLabel, [...path, i, 'name'], faults);
    else faults.push(required([...path, i, 'name']));
    for (const [j, port] of ports.entries()) {
      const portPath = [...path, i, 'ports', j];
      checkOptional(port.name, checkPortName, [...portPath, 'name'], faults);
      if (!port.containerPort) faults.push(required([...portPath, 'containerPort']));
      else {
        const problem = checkPortNumber(port.containerPort);
        if (problem !== undefined)
          faults.push(invalid([...portPath, 'containerPort'], port.containerPort, problem));
      }
      validateProtocol(port.protocol ?? '', [...portPath, 'protocol'], faults);
    }
  }
}

function validatePodIPs({ status }: DecodedPod, faults: Faults): void {
  const podIPs = status?.podIPs ?? [];
  const path = ['status', 'podIPs'];
  for (const [i, { ip = '' }] of podIPs.entries()) {
    const problem = checkIP(ip);
    if (problem !== undefined) faults.push(invalid([...path, i, 'ip'], ip, problem, `status.podIPs[${i}]`));
  }
  checkOptional(status?.hostIP, checkIP, ['status', 'hostIP'], faults);
  if (
    podIPs.length > 2 ||
    (podIPs.length === 2 && new Set(podIPs.map(({ ip }) => familyOfIP(ip ?? ''))).size < 2)
  ) {
    faults.push(invalid(path, podIPs, 'may hold one address of each IP family at most'));
  }
}
