/** All rules, in the order of the docs: a line each. */
import type { LintRule } from './rule.ts';
import { admission } from './rules/admission.ts';
import { affinityOutlivesConntrack } from './rules/affinity-outlives-conntrack.ts';
import { dualStackEndpoints } from './rules/dual-stack-endpoints.ts';
import { duplicateObject } from './rules/duplicate-object.ts';
import { endpointIsClusterIP } from './rules/endpoint-is-cluster-ip.ts';
import { endpointIsForeignPod } from './rules/endpoint-is-foreign-pod.ts';
import { endpointIsNode } from './rules/endpoint-is-node.ts';
import { endpointPortNameMismatch } from './rules/endpoint-port-name-mismatch.ts';
import { endpointsBesideSlices } from './rules/endpoints-beside-slices.ts';
import { endpointsWithoutService } from './rules/endpoints-without-service.ts';
import { externalAddressClash } from './rules/external-address-clash.ts';
import { externalIPs } from './rules/external-ips.ts';
import { externalNameIncomplete } from './rules/external-name-incomplete.ts';
import { externalNameIsAddress } from './rules/external-name-is-address.ts';
import { externalNamePorts } from './rules/external-name-ports.ts';
import { externalTrafficPolicyLocal } from './rules/external-traffic-policy-local.ts';
import { headlessPortMapping } from './rules/headless-port-mapping.ts';
import { hostPortClash } from './rules/host-port-clash.ts';
import { internalTrafficPolicyLocal } from './rules/internal-traffic-policy-local.ts';
import { loadBalancerAddress } from './rules/load-balancer-address.ts';
import { localhostNodePorts } from './rules/localhost-node-ports.ts';
import { manyRules } from './rules/many-rules.ts';
import { nodeHeartbeats } from './rules/node-heartbeats.ts';
import { nodePortsOnAllAddresses } from './rules/node-ports-on-all-addresses.ts';
import { podsNotReady } from './rules/pods-not-ready.ts';
import { proxyConfiguration } from './rules/proxy-configuration.ts';
import { proxyModeRemoved } from './rules/proxy-mode-removed.ts';
import { readinessProbeMissing } from './rules/readiness-probe-missing.ts';
import { readinessSlowerThanTermination } from './rules/readiness-slower-than-termination.ts';
import { selectorBesideEndpoints } from './rules/selector-beside-endpoints.ts';
import { selectorMatchesJob } from './rules/selector-matches-job.ts';
import { selectorMatchesOtherWorkload } from './rules/selector-matches-other-workload.ts';
import { serviceSelectorMatchesNothing } from './rules/service-selector-matches-nothing.ts';
import { serviceVariableIsSetting } from './rules/service-variable-is-setting.ts';
import { serviceVariablesClash } from './rules/service-variables-clash.ts';
import { serviceVariablesSize } from './rules/service-variables-size.ts';
import { serviceWithoutEndpoints } from './rules/service-without-endpoints.ts';
import { sourceRangesClientAddress } from './rules/source-ranges-client-address.ts';
import { sourceRangesFamily } from './rules/source-ranges-family.ts';
import { sourceRangesNodePorts } from './rules/source-ranges-node-ports.ts';
import { sourceRangesVoid } from './rules/source-ranges-void.ts';
import { statefulSetService } from './rules/stateful-set-service.ts';
import { targetPortNameMissing } from './rules/target-port-name-missing.ts';
import { targetPortProtocolMismatch } from './rules/target-port-protocol-mismatch.ts';
import { terminationWithoutGrace } from './rules/termination-without-grace.ts';
import { topologyHintsUnused } from './rules/topology-hints-unused.ts';
import { unreadableManifest } from './rules/unreadable-manifest.ts';

export const RULES: readonly LintRule[] = [
  unreadableManifest,
  admission,
  duplicateObject,
  serviceSelectorMatchesNothing,
  targetPortNameMissing,
  targetPortProtocolMismatch,
  podsNotReady,
  selectorMatchesJob,
  selectorMatchesOtherWorkload,
  statefulSetService,
  headlessPortMapping,
  serviceWithoutEndpoints,
  selectorBesideEndpoints,
  endpointsWithoutService,
  endpointPortNameMismatch,
  endpointsBesideSlices,
  hostPortClash,
  externalAddressClash,
  serviceVariablesClash,
  serviceVariableIsSetting,
  serviceVariablesSize,
  externalTrafficPolicyLocal,
  internalTrafficPolicyLocal,
  topologyHintsUnused,
  affinityOutlivesConntrack,
  sourceRangesVoid,
  sourceRangesFamily,
  sourceRangesNodePorts,
  sourceRangesClientAddress,
  dualStackEndpoints,
  externalNameIsAddress,
  externalNameIncomplete,
  externalNamePorts,
  externalIPs,
  endpointIsClusterIP,
  endpointIsForeignPod,
  endpointIsNode,
  localhostNodePorts,
  nodePortsOnAllAddresses,
  loadBalancerAddress,
  nodeHeartbeats,
  readinessProbeMissing,
  terminationWithoutGrace,
  readinessSlowerThanTermination,
  proxyConfiguration,
  proxyModeRemoved,
  manyRules,
];
