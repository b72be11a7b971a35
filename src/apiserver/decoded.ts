/**
 * Objects after strict decoding: the fields have their types, and that is all that is known of them. Nothing is null.
 * Only fields that admission reads are declared. `objects.ts` has the shapes after admission.
 */

export type StringMap = Readonly<Record<string, string>>;

export interface DecodedMeta {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly generation?: number;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly DecodedOwnerReference[];
  readonly managedFields?: readonly DecodedManagedFields[];
}

export interface DecodedOwnerReference {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly controller?: boolean;
}

export interface DecodedManagedFields {
  readonly operation?: string;
  readonly fieldsType?: string;
  readonly manager?: string;
  readonly subresource?: string;
}

export interface DecodedObject {
  readonly metadata?: DecodedMeta;
}

export interface DecodedService extends DecodedObject {
  readonly spec?: DecodedServiceSpec;
  readonly status?: DecodedServiceStatus;
}

export interface DecodedServiceSpec {
  readonly type?: string;
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly ipFamilies?: readonly string[];
  readonly ipFamilyPolicy?: string;
  readonly ports?: readonly DecodedServicePort[];
  readonly selector?: StringMap;
  readonly sessionAffinity?: string;
  readonly sessionAffinityConfig?: { readonly clientIP?: { readonly timeoutSeconds?: number } };
  readonly externalIPs?: readonly string[];
  readonly externalName?: string;
  readonly externalTrafficPolicy?: string;
  readonly internalTrafficPolicy?: string;
  readonly healthCheckNodePort?: number;
  readonly loadBalancerIP?: string;
  readonly loadBalancerClass?: string;
  readonly loadBalancerSourceRanges?: readonly string[];
  readonly allocateLoadBalancerNodePorts?: boolean;
  readonly trafficDistribution?: string;
}

export interface DecodedServicePort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
  readonly targetPort?: number | string;
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

export interface DecodedServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly DecodedLoadBalancerIngress[] };
}

export interface DecodedLoadBalancerIngress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly ipMode?: string;
}

export interface DecodedEndpointSlice extends DecodedObject {
  readonly addressType?: string;
  readonly endpoints?: readonly DecodedEndpoint[];
  readonly ports?: readonly DecodedEndpointPort[];
}

export interface DecodedEndpoint {
  readonly addresses?: readonly string[];
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly deprecatedTopology?: StringMap;
  readonly hints?: {
    readonly forZones?: readonly { readonly name?: string }[];
    readonly forNodes?: readonly { readonly name?: string }[];
  };
}

export interface DecodedEndpointPort {
  readonly name?: string;
  readonly protocol?: string;
  readonly port?: number;
  readonly appProtocol?: string;
}

export interface DecodedEndpoints extends DecodedObject {
  readonly subsets?: readonly DecodedEndpointSubset[];
}

export interface DecodedEndpointSubset {
  readonly addresses?: readonly DecodedEndpointAddress[];
  readonly notReadyAddresses?: readonly DecodedEndpointAddress[];
  readonly ports?: readonly DecodedEndpointPort[];
}

export interface DecodedEndpointAddress {
  readonly ip?: string;
  readonly hostname?: string;
  readonly nodeName?: string;
}

export interface DecodedNode extends DecodedObject {
  readonly spec?: {
    readonly podCIDR?: string;
    readonly podCIDRs?: readonly string[];
    readonly taints?: readonly { readonly key?: string; readonly value?: string; readonly effect?: string }[];
    readonly externalID?: string;
    readonly configSource?: unknown;
    readonly podPreemptionPolicy?: unknown;
  };
  readonly status?: {
    readonly addresses?: readonly { readonly type?: string; readonly address?: string }[];
    readonly capacity?: Readonly<Record<string, string | number>>;
    readonly allocatable?: Readonly<Record<string, string | number>>;
    readonly nodeInfo?: { readonly swap?: { readonly capacity?: number } };
    readonly declaredFeatures?: readonly string[];
  };
}

export interface DecodedNamespace extends DecodedObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string };
}

export interface DecodedServiceCIDR extends DecodedObject {
  readonly spec?: { readonly cidrs?: readonly string[] };
}

export interface DecodedPod extends DecodedObject {
  readonly spec?: {
    readonly nodeName?: string;
    readonly hostname?: string;
    readonly subdomain?: string;
    readonly hostNetwork?: boolean;
    readonly enableServiceLinks?: boolean;
    readonly restartPolicy?: string;
    readonly containers?: readonly DecodedContainer[];
    readonly initContainers?: readonly DecodedContainer[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip?: string }[];
    readonly hostIP?: string;
    readonly hostIPs?: readonly { readonly ip?: string }[];
  };
}

export interface DecodedContainer {
  readonly name?: string;
  readonly ports?: readonly DecodedContainerPort[];
}

export interface DecodedContainerPort {
  readonly name?: string;
  readonly containerPort?: number;
  readonly hostPort?: number;
  readonly hostIP?: string;
  readonly protocol?: string;
}
