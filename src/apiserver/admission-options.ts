/** What an API server is told by its flags and kubectl by its context, with the defaults of kubeadm clusters. */
import { type CIDR, parseCIDR } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import { quote } from './fault.ts';
import type { NodePortRange } from './node-ports.ts';

export interface AdmissionOptions {
  /** One CIDR a family; the first is of the primary family. */
  readonly serviceCIDRs: readonly string[];
  readonly serviceNodePortRange: NodePortRange;
  /** Of namespaced objects that name none. */
  readonly namespace: string;
  /**
   * The objects are taken for those that a cluster holds, not for those that somebody is about to create: a Service that
   * has a cluster IP, but no health-check node port, never got one.
   */
  readonly stored: boolean;
  /** What becomes of fields that the kind does not have in 1.37: as the parameter of the API is called. */
  readonly fieldValidation: 'Strict' | 'Ignore';
}

export const DEFAULT_SERVICE_CIDRS: readonly string[] = ['10.96.0.0/12', 'fd00:10:96::/112'];
export const DEFAULT_NODE_PORT_RANGE: NodePortRange = { first: 30000, last: 32767 };

export const DEFAULT_ADMISSION_OPTIONS: AdmissionOptions = {
  serviceCIDRs: DEFAULT_SERVICE_CIDRS,
  serviceNodePortRange: DEFAULT_NODE_PORT_RANGE,
  namespace: 'default',
  stored: false,
  fieldValidation: 'Strict',
};

/**
 * Reads the service CIDRs, as kube-apiserver reads `--service-cluster-ip-range`.
 * @throws OperationalError unless there are one or two, of different families.
 */
export function parseServiceCIDRs({ serviceCIDRs }: AdmissionOptions): readonly CIDR[] {
  const cidrs = serviceCIDRs.map((text) => {
    const cidr = parseCIDR(text);
    if (cidr === undefined) throw new OperationalError(`the service CIDR ${quote(text)} is no CIDR`);
    return cidr;
  });
  const families = new Set(cidrs.map(({ network }) => network.length));
  if (cidrs.length < 1 || families.size < cidrs.length) {
    throw new OperationalError('service CIDRs must be one, or one of IPv4 and one of IPv6');
  }
  return cidrs;
}
