/**
 * What a name of the cluster domain asks for. In: a name. Out: its parts. Mirrors `parseRequest` of the plugin `kubernetes` of
 * CoreDNS 1.15.
 *
 *     service.namespace.svc.cluster.local.
 *     endpoint.service.namespace.svc.cluster.local.
 *     _port._protocol.service.namespace.svc.cluster.local.
 *     10-244-1-8.namespace.pod.cluster.local.
 */

export type Question =
  /** The zone itself, `svc`, `pod`, or a namespace below them: there are no records, but the name exists. */
  | { readonly kind: 'apex' }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly label: string }
  | ServiceQuestion
  /** Nothing that could be a name here. */
  | { readonly kind: 'invalid' };

export interface ServiceQuestion {
  readonly kind: 'service';
  readonly namespace: string;
  readonly service: string;
  /** Empty for the Service itself. */
  readonly endpoint: string;
  /** Empty for any. */
  readonly port: string;
  /** Empty for any. */
  readonly protocol: string;
}

/**
 * @param name in lower case, absolute
 * @param zone absolute, in any case
 */
export function parseQuestion(name: string, zone: string): Question {
  const base = name.length > zone.length ? name.slice(0, -zone.length - 1) : '';
  if (base === '') return { kind: 'apex' };
  const labels = base.split('.').reverse();
  const [branch, namespace, object, ...rest] = labels;
  if (branch !== 'svc' && branch !== 'pod') return { kind: 'invalid' };
  if (namespace === undefined) return { kind: 'apex' };
  if (object === undefined) return { kind: 'namespace', namespace };
  if (rest.length > 2) return { kind: 'invalid' };
  if (branch === 'pod') return { kind: 'pod', namespace, label: object };
  const [first = '', second] = rest;
  return {
    kind: 'service',
    namespace,
    service: object,
    endpoint: second === undefined ? first : '',
    port: second === undefined ? '' : withoutUnderscore(second),
    protocol: second === undefined ? '' : withoutUnderscore(first),
  };
}

/** CoreDNS answers `http.tcp.web` as it does `_http._tcp.web`. */
function withoutUnderscore(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label;
}
