/** Why a refused field matters and how to mend it, where that is not plain from the fault itself. */
import type { Fault } from './fault.ts';

interface Advice {
  readonly why?: string;
  readonly mend?: string;
}

/** By code and field, list indexes left out. */
const ADVICE: Readonly<Record<string, Advice>> = {
  'FieldValueRequired spec.ports': {
    why: 'Without ports nothing can be sent to the Service',
    mend: 'List a port, or make the Service headless with clusterIP: None',
  },
  'FieldValueRequired spec.ports.name': { mend: 'Name every port, for instance http and metrics' },
  'FieldValueForbidden spec.ports.nodePort': { mend: 'Take nodePort out, or set type: NodePort' },
  'FieldValueInvalid spec.ports.nodePort': {
    why: 'kube-proxy opens a node port for one Service only, within the range that the API server is given',
    mend: 'Leave nodePort out to have one chosen; --service-node-port-range tells of another range',
  },
  'FieldValueInvalid spec.clusterIPs': {
    mend: 'Leave clusterIP and clusterIPs out to have addresses chosen',
  },
  'FieldValueInvalid spec.ports.targetPort': {
    mend: 'Write the number of a container port, or the name that the container gives it',
  },
  'FieldValueInvalid spec.externalTrafficPolicy': {
    mend: 'Take it out, or make the Service a NodePort or LoadBalancer',
  },
  'FieldValueInvalid spec.healthCheckNodePort': {
    mend: 'Take it out, or set type: LoadBalancer with externalTrafficPolicy: Local',
  },
  'FieldValueForbidden spec.LoadBalancerSourceRanges': { mend: 'Take it out, or set type: LoadBalancer' },
  'FieldValueForbidden status.loadBalancer.ingress': {
    mend: 'Take the status out: it belongs to a Service that was of type LoadBalancer',
  },
  'FieldValueInvalid spec.ipFamilyPolicy': {
    why: 'A second address needs a cluster with IPv4 and IPv6 service CIDRs and a policy that asks for it',
    mend: 'Set ipFamilyPolicy: PreferDualStack; --service-cidr tells of the CIDRs that a cluster has',
  },
  'FieldValueInvalid metadata.name': { why: 'The name becomes part of DNS names and of rules' },
  'FieldValueTypeInvalid metadata.annotations': { mend: 'Put the value in quotes: annotations are text' },
  'FieldValueTypeInvalid metadata.labels': { mend: 'Put the value in quotes: labels are text' },
  'AlreadyExists metadata.name': { mend: 'Rename one of the two, or take it out' },
};

/** The fault with the advice that fits it. */
export function advise(fault: Fault): Fault {
  const field = fault.field.replace(/\[[^\]]*\]/g, '');
  const advice = ADVICE[`${fault.code} ${field}`];
  if (advice === undefined) return fault;
  return { ...advice, ...fault };
}
