/** Labels of the Kubernetes API that several rooms read. */

/** On an EndpointSlice: the Service whose endpoints it holds. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';
/** On Endpoints: who writes them. */
export const ENDPOINTS_MANAGED_BY_LABEL = 'endpoints.kubernetes.io/managed-by';
/** On an EndpointSlice: who writes it. */
export const SLICE_MANAGED_BY_LABEL = 'endpointslice.kubernetes.io/managed-by';
/** On Endpoints that are not to be mirrored to EndpointSlices. */
export const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
/** On Endpoints and EndpointSlices of a headless Service, which kube-proxy passes over. */
export const HEADLESS_LABEL = 'service.kubernetes.io/headless';
/** On a Node: its zone. */
export const ZONE_LABEL = 'topology.kubernetes.io/zone';
