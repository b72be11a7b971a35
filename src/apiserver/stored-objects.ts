/**
 * Objects as a cluster may hold them although kube-apiserver 1.37 would refuse to create them.
 *
 * In: objects of the input. Out: the same in today's form, with a warning for each field that was changed. Releases before
 * 1.36 took addresses with leading zeros and source ranges with host bits, and an update leaves stored ones alone; kube-proxy
 * reads them as Go's `ParseIPSloppy` does. Dumps written by hand or by tools may have `clusterIPs` without `clusterIP`.
 */
import type { SourceObject } from '../input/source.ts';
import type { Diagnostic, FieldPath } from '../shared/diagnostic.ts';
import { formatFieldPath } from '../shared/diagnostic.ts';
import { canonicalIP, formatCIDR, parseCIDR, readCanonicalIPv4 } from '../shared/ip.ts';

export interface ModernizedObjects {
  readonly objects: readonly SourceObject[];
  readonly diagnostics: readonly Diagnostic[];
}

export function modernizeStoredObjects(objects: readonly SourceObject[]): ModernizedObjects {
  const diagnostics: Diagnostic[] = [];
  const modernized = objects.map((source) => {
    switch (source.kind) {
      case 'Service':
        return isOfToday(source.object.spec) ? source : new Rewriter(source, diagnostics).service();
      case 'Endpoints':
        return new Rewriter(source, diagnostics).endpoints();
      default:
        return source;
    }
  });
  return { objects: modernized, diagnostics };
}

type Fields = Readonly<Record<string, unknown>>;

/** Most Services have nothing that could be of older days: one cluster IP, and no lists of addresses. */
function isOfToday(spec: unknown): boolean {
  if (!isFields(spec)) return true;
  const { clusterIP, clusterIPs, externalIPs, loadBalancerSourceRanges } = spec;
  if (externalIPs !== undefined || loadBalancerSourceRanges !== undefined) return false;
  if (typeof clusterIP !== 'string' || LEADING_ZERO.test(clusterIP)) return false;
  return (
    clusterIPs === undefined ||
    (Array.isArray(clusterIPs) && clusterIPs.length === 1 && clusterIPs[0] === clusterIP)
  );
}

/** Rewrites fields of one object, copying only what changes; what has an unexpected type is left to validation. */
class Rewriter {
  private readonly source: SourceObject;
  private readonly diagnostics: Diagnostic[];

  constructor(source: SourceObject, diagnostics: Diagnostic[]) {
    this.source = source;
    this.diagnostics = diagnostics;
  }

  service(): SourceObject {
    const { object } = this.source;
    const { spec } = object;
    if (!isFields(spec)) return this.source;
    const completed = this.completeClusterIPs(spec);
    const rewritten = this.fields(completed, ['spec'], {
      clusterIP: this.address,
      clusterIPs: this.list(this.address),
      externalIPs: this.list(this.address),
      loadBalancerSourceRanges: this.list(this.range),
    });
    return rewritten === spec ? this.source : { ...this.source, object: { ...object, spec: rewritten } };
  }

  /** The singular is the first of the plural; two addresses need a policy that allows two. */
  private completeClusterIPs(spec: Fields): Fields {
    const clusterIPs: readonly unknown[] = Array.isArray(spec.clusterIPs) ? spec.clusterIPs : [];
    const [clusterIP] = clusterIPs;
    const path = ['spec', 'clusterIPs'];
    let completed = spec;
    if (!spec.clusterIP && typeof clusterIP === 'string') {
      this.warn(path, clusterIPs, 'stands without clusterIP, which is taken from it');
      completed = { ...completed, clusterIP };
    }
    if (clusterIPs.length === 2 && !spec.ipFamilyPolicy) {
      this.warn(path, clusterIPs, 'stands without ipFamilyPolicy, which is taken for RequireDualStack');
      completed = { ...completed, ipFamilyPolicy: 'RequireDualStack' };
    }
    return completed;
  }

  endpoints(): SourceObject {
    const addresses = this.list((value, path) =>
      isFields(value) ? this.fields(value, path, { ip: this.address }) : value,
    );
    const subsets = this.list((value, path) =>
      isFields(value) ? this.fields(value, path, { addresses, notReadyAddresses: addresses }) : value,
    );
    const object = this.fields(this.source.object, [], { subsets });
    return object === this.source.object ? this.source : { ...this.source, object };
  }

  private fields(object: Fields, path: FieldPath, rewrites: Readonly<Record<string, Rewrite>>): Fields {
    let result = object;
    for (const [name, rewrite] of Object.entries(rewrites)) {
      const value = object[name];
      if (value === undefined || value === null) continue;
      const rewritten = rewrite(value, [...path, name]);
      if (rewritten !== value) result = { ...result, [name]: rewritten };
    }
    return result;
  }

  private list(rewrite: Rewrite): Rewrite {
    return (value, path) => {
      if (!Array.isArray(value)) return value;
      const rewritten = value.map((item, i) => rewrite(item, [...path, i]));
      return rewritten.some((item, i) => item !== value[i]) ? rewritten : value;
    };
  }

  private readonly address: Rewrite = (value, path) => {
    if (typeof value !== 'string' || readCanonicalIPv4(value) !== undefined) return value;
    if (!LEADING_ZERO.test(value)) return value;
    const canonical = canonicalIP(value);
    if (canonical === undefined || canonical === value) return value;
    this.warn(path, value, `is read as ${canonical}`);
    return canonical;
  };

  private readonly range: Rewrite = (value, path) => {
    if (typeof value !== 'string') return value;
    const cidr = parseCIDR(value.trim());
    if (cidr === undefined) return value;
    const canonical = formatCIDR(cidr);
    // Another spelling of the same network is nobody's fault; set host bits and leading zeros are.
    if (!LEADING_ZERO.test(value) && sameAddress(value.trim(), canonical)) return value;
    this.warn(path, value, `is read as ${canonical}`);
    return canonical;
  };

  private warn(path: FieldPath, value: unknown, what: string): void {
    const { kind, object, origin } = this.source;
    const metadata = isFields(object.metadata) ? object.metadata : {};
    const field = formatFieldPath(path);
    this.diagnostics.push({
      severity: 'warning',
      code: 'StoredObject',
      message: `${field} ${JSON.stringify(value)} ${what}`,
      why: 'kube-apiserver 1.37 refuses to create such an object, though a cluster may hold it',
      object: {
        kind,
        namespace: typeof metadata.namespace === 'string' ? metadata.namespace : 'default',
        name: typeof metadata.name === 'string' ? metadata.name : '',
      },
      field,
      origin,
      path,
    });
  }
}

type Rewrite = (value: unknown, path: FieldPath) => unknown;

const LEADING_ZERO = /(?:^|[.:])0[0-9]+(?:[./]|$)/;

function sameAddress(range: string, canonical: string): boolean {
  const address = canonicalIP(range.slice(0, range.indexOf('/')));
  return address === canonical.slice(0, canonical.indexOf('/'));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
