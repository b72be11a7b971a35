/**
 * Kinds that never make Pods with labels that a Service could select. In: a kind that lint does not read. Out: whether it can
 * be left aside; any other custom resource may have an operator that makes Pods of it.
 */
const PASSIVE: ReadonlySet<string> = new Set(
  (
    'APIService Certificate ClusterIssuer ClusterRole ClusterRoleBinding ConfigMap ControllerRevision CSIDriver CSINode ' +
    'CSIStorageCapacity CustomResourceDefinition DestinationRule Event ExternalSecret FlowSchema Gateway GatewayClass GRPCRoute ' +
    'HorizontalPodAutoscaler HTTPRoute Ingress IngressClass IPAddress Issuer Lease LimitRange ' +
    'MutatingWebhookConfiguration NetworkPolicy PeerAuthentication PersistentVolume PersistentVolumeClaim ' +
    'PodDisruptionBudget PodMonitor PodSecurityPolicy PriorityClass PriorityLevelConfiguration PrometheusRule ' +
    'ReferenceGrant ResourceQuota Role RoleBinding RuntimeClass ScaledObject SealedSecret Secret ' +
    'SecurityContextConstraints ServiceAccount ServiceMonitor StorageClass TCPRoute TLSRoute UDPRoute ' +
    'ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration ' +
    'VerticalPodAutoscaler VirtualService VolumeAttachment VolumeSnapshotClass ' +
    'ClusterConfiguration InitConfiguration JoinConfiguration Kustomization Component'
  ).split(' '),
);

export function makesNoPods(kind: string): boolean {
  return PASSIVE.has(kind);
}
