/**
 * Settles the cluster IPs, IP families and family policy of a Service as far as that needs no allocation. In: a defaulted
 * Service and the families of the cluster, primary first. Out: the fields that change, or faults.
 *
 * Mirrors `normalizeClusterIPs` and `initIPFamilyFields` (pkg/registry/core/service/storage) and
 * `ValidateServiceClusterIPsRelatedFields` (pkg/apis/core/validation) of Kubernetes 1.37. The API server does all this before it
 * validates anything else: where it finds a fault here, it reports no other.
 */
import type { DecodedServiceSpec } from './decoded.ts';
import { duplicate, type Fault, type Faults, invalid, notSupported, required } from './fault.ts';
import type { IPFamily } from './objects.ts';
import { checkIP, familyOfIP } from './validation/addresses.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

export interface FamilySettlement {
  readonly spec: DecodedServiceSpec;
  readonly faults: readonly Fault[];
}

export function settleFamilies(
  spec: DecodedServiceSpec,
  clusterFamilies: readonly IPFamily[],
): FamilySettlement {
  const normalized = normalizeClusterIPs(spec);
  if (normalized.type === 'ExternalName') return { spec: normalized, faults: [] };
  const isHeadless = normalized.clusterIP === 'None';
  const hasSelector = Object.keys(normalized.selector ?? {}).length > 0;
  const policy =
    normalized.ipFamilyPolicy ?? (isHeadless && !hasSelector ? 'RequireDualStack' : 'SingleStack');
  const faults = validateClusterIPs(normalized, policy);
  if (faults.length > 0) return { spec: normalized, faults };
  const families = inferFamilies(normalized, policy, clusterFamilies, faults);
  if (faults.length > 0) return { spec: normalized, faults };
  if (families.length === 0 && isHeadless && !hasSelector) families.push(clusterFamilies[0] as IPFamily);
  if (!isHeadless || hasSelector) {
    checkConfigured(families, policy, clusterFamilies, faults);
    if (faults.length > 0) return { spec: normalized, faults };
    if (families.length === 0) families.push(clusterFamilies[0] as IPFamily);
  }
  // A headless Service without a selector may have both families even in a cluster that has one.
  const addsSecond =
    policy !== 'SingleStack' && (clusterFamilies.length === 2 || (isHeadless && !hasSelector));
  if (families.length === 1 && addsSecond) families.push(families[0] === 'IPv4' ? 'IPv6' : 'IPv4');
  // The families that are given stay; others were only added behind them.
  const isSettled = policy === normalized.ipFamilyPolicy && families.length === normalized.ipFamilies?.length;
  return {
    spec: isSettled ? normalized : { ...normalized, ipFamilyPolicy: policy, ipFamilies: families },
    faults,
  };
}

/** The plural follows from the singular, never the other way. */
function normalizeClusterIPs(spec: DecodedServiceSpec): DecodedServiceSpec {
  const { clusterIP, clusterIPs = [] } = spec;
  return clusterIP && clusterIPs.length === 0 ? { ...spec, clusterIPs: [clusterIP] } : spec;
}

function validateClusterIPs(spec: DecodedServiceSpec, policy: string): Faults {
  const faults: Faults = [];
  const { clusterIP, clusterIPs = [], ipFamilies = [] } = spec;
  const path = ['spec', 'clusterIPs'];
  if (clusterIP) {
    if (clusterIPs.length === 0) faults.push(required(path));
    else if (clusterIPs[0] !== clusterIP) faults.push(invalid(path, clusterIPs, 'must begin with clusterIP'));
  } else if (clusterIPs.length > 0) {
    faults.push(invalid(path, clusterIPs, 'must be empty where clusterIP is not set'));
  }
  for (const [i, family] of ipFamilies.entries()) {
    const familyPath = ['spec', 'ipFamilies', i];
    if (!FAMILIES.includes(family)) faults.push(notSupported(familyPath, family, FAMILIES));
    if (ipFamilies.indexOf(family) < i) faults.push(duplicate(familyPath, family));
  }
  if (!POLICIES.includes(policy)) {
    faults.push(notSupported(['spec', 'ipFamilyPolicy'], policy, POLICIES));
  }
  const areValid = validateEachClusterIP(clusterIPs, faults);
  if (clusterIPs.length > 2) faults.push(invalid(path, clusterIPs, 'may hold two addresses at most'));
  if (!areValid || clusterIPs[0] === 'None') return faults;
  if (clusterIPs.length > 1 && new Set(clusterIPs.map(familyOfIP)).size < 2) {
    faults.push(invalid(path, clusterIPs, 'may hold one address of each IP family at most'));
  }
  for (let i = 0; i < clusterIPs.length && i < ipFamilies.length; i++) {
    const ip = clusterIPs[i] as string;
    const family = ipFamilies[i] as string;
    if (FAMILIES.includes(family) && familyOfIP(ip) !== family) {
      faults.push(invalid([...path, i], ip, `must be an ${family} address, as ipFamilies[${i}] says`));
    }
  }
  return faults;
}

function validateEachClusterIP(clusterIPs: readonly string[], faults: Faults): boolean {
  const path = ['spec', 'clusterIPs'];
  let areValid = true;
  for (const [i, ip] of clusterIPs.entries()) {
    if (i === 0 && ip === 'None') {
      if (clusterIPs.length === 1) continue;
      faults.push(invalid(path, clusterIPs, 'must hold nothing but None where it holds None'));
      areValid = false;
      continue;
    }
    const problem = checkIP(ip);
    if (problem === undefined) continue;
    faults.push(invalid([...path, i], ip, problem));
    areValid = false;
  }
  return areValid;
}

/** The families as given, and those of further cluster IPs. */
function inferFamilies(
  spec: DecodedServiceSpec,
  policy: string,
  clusterFamilies: readonly IPFamily[],
  faults: Faults,
): IPFamily[] {
  const { clusterIPs = [], ipFamilies = [] } = spec;
  const families = [...ipFamilies] as IPFamily[];
  if (policy === 'SingleStack') {
    const path = ['spec', 'ipFamilyPolicy'];
    const problem = 'must be RequireDualStack or PreferDualStack where there are several';
    if (clusterIPs.length === 2) faults.push(invalid(path, policy, `${problem} cluster IPs`));
    if (families.length === 2) faults.push(invalid(path, policy, `${problem} IP families`));
  }
  for (const [i, ip] of clusterIPs.entries()) {
    if (ip === 'None') break;
    if (i < families.length) continue;
    const family = familyOfIP(ip) as IPFamily;
    if (clusterFamilies.includes(family)) families.push(family);
    else
      faults.push(invalid(['spec', 'clusterIPs', i], ip, `is ${family}, which this cluster does not have`));
  }
  return families;
}

function checkConfigured(
  families: readonly IPFamily[],
  policy: string,
  clusterFamilies: readonly IPFamily[],
  faults: Faults,
): void {
  if (policy === 'RequireDualStack' && clusterFamilies.length < 2) {
    faults.push(
      invalid(['spec', 'ipFamilyPolicy'], policy, 'is not possible: this cluster has one IP family'),
    );
  }
  for (const [i, family] of families.entries()) {
    if (!clusterFamilies.includes(family)) {
      faults.push(invalid(['spec', 'ipFamilies', i], family, 'is not a family of this cluster'));
    }
  }
}
