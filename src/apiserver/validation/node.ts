/**
 * Validates Nodes. In: a defaulted Node. Out: faults.
 *
 * Mirrors `ValidateNode` of Kubernetes 1.37 (pkg/apis/core/validation), deprecated annotations left out. One rule is stricter
 * than the API server's, which takes any text for the addresses of a Node: here they have the characters of addresses and names.
 */
import type { DecodedNode } from '../decoded.ts';
import { duplicate, type Faults, invalid, notSupported, required } from '../fault.ts';
import { checkCIDR, familyOfCIDR } from './addresses.ts';
import { validateMetadata } from './metadata.ts';
import { checkDNSSubdomain, checkLabelValue, checkQualifiedName } from './names.ts';

const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const INTEGER_RESOURCES: ReadonlySet<string> = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

export function validateNode(node: DecodedNode, faults: Faults): void {
  validateMetadata(node.metadata, false, checkDNSSubdomain, faults);
  validateTaints(node, faults);
  validatePodCIDRs(node, faults);
  validateResources(node, faults);
  validateDeclaredFeatures(node.status?.declaredFeatures ?? [], faults);
  const swap = node.status?.nodeInfo?.swap?.capacity;
  if (swap !== undefined && swap <= 0) {
    const field = 'metadata.nodeSwapStatus.capacity';
    faults.push(
      invalid(['status', 'nodeInfo', 'swap', 'capacity'], swap, 'must be greater than zero', field),
    );
  }
  for (const [i, { address = '' }] of (node.status?.addresses ?? []).entries()) {
    if (!/^[-0-9A-Za-z.:%_/]*$/.test(address)) {
      faults.push(invalid(['status', 'addresses', i, 'address'], address, 'must be an IP address or a name'));
    }
  }
}

function validateTaints(node: DecodedNode, faults: Faults): void {
  const seen = new Set<string>();
  for (const [i, { key = '', value = '', effect = '' }] of (node.spec?.taints ?? []).entries()) {
    const path = ['spec', 'taints', i];
    // The API server spells the path of taints so.
    const field = `metadata.taints[${i}]`;
    const keyProblem = checkQualifiedName(key);
    if (keyProblem !== undefined) faults.push(invalid([...path, 'key'], key, keyProblem, `${field}.key`));
    const valueProblem = checkLabelValue(value);
    if (valueProblem !== undefined) {
      faults.push(invalid([...path, 'value'], value, valueProblem, `${field}.value`));
    }
    if (effect === '') faults.push(required([...path, 'effect'], '', `${field}.effect`));
    else if (!TAINT_EFFECTS.includes(effect)) {
      faults.push({ ...notSupported([...path, 'effect'], effect, TAINT_EFFECTS), field: `${field}.effect` });
    }
    if (seen.has(`${key} ${effect}`)) faults.push({ ...duplicate(path, key), field });
    seen.add(`${key} ${effect}`);
  }
}

function validatePodCIDRs({ spec }: DecodedNode, faults: Faults): void {
  const cidrs = spec?.podCIDRs ?? [];
  const path = ['spec', 'podCIDRs'];
  let areCIDRs = true;
  for (const [i, cidr] of cidrs.entries()) {
    if (familyOfCIDR(cidr) === undefined) areCIDRs = false;
    const problem = checkCIDR(cidr);
    if (problem !== undefined) faults.push(invalid([...path, i], cidr, problem));
  }
  if (cidrs.length < 2 || !areCIDRs) return;
  if (cidrs.length > 2 || familyOfCIDR(cidrs[0] as string) === familyOfCIDR(cidrs[1] as string)) {
    faults.push(invalid(path, cidrs, 'may hold one CIDR of each IP family at most'));
  }
}

function validateResources({ status }: DecodedNode, faults: Faults): void {
  for (const list of ['capacity', 'allocatable'] as const) {
    for (const [resource, quantity] of Object.entries(status?.[list] ?? {})) {
      const path = ['status', list, resource];
      const text = String(quantity);
      if (text.startsWith('-') && /[1-9]/.test(text))
        faults.push(invalid(path, quantity, 'must not be negative'));
      if (INTEGER_RESOURCES.has(resource) && isFraction(text)) {
        faults.push(invalid(path, quantity, 'must be an integer'));
      }
    }
  }
}

/** Whether a quantity is no integer; those with a fraction and a large suffix are taken for integers. */
function isFraction(quantity: string): boolean {
  const parts = /^[+-]?(\d*)(?:\.(\d*))?(n|u|m)?$/.exec(quantity);
  if (parts === null) return false;
  const [, whole = '', fraction = '', suffix] = parts;
  if (suffix === undefined) return /[1-9]/.test(fraction);
  const places = { n: 9, u: 6, m: 3 }[suffix] as number;
  return /[1-9]/.test(fraction) || /[1-9]/.test(whole.padStart(places, '0').slice(-places));
}

function validateDeclaredFeatures(features: readonly string[], faults: Faults): void {
  for (const [i, feature] of features.entries()) {
    const path = ['status', 'declaredFeatures', i];
    if (feature.length > 253 || !/^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z0-9]+)*$/.test(feature)) {
      faults.push(
        invalid(path, feature, "must be the name of a feature, such as 'MyFeature' or 'MyFeature/part'"),
      );
    }
    const previous = features[i - 1];
    if (previous === feature) faults.push(duplicate(path, feature));
    else if (previous !== undefined && previous > feature) {
      faults.push(invalid(path, feature, 'must stand in alphabetical order'));
    }
  }
}
