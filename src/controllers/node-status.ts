/**
 * Reads a Node's status as the endpoint and node lifecycle controllers of kube-controller-manager 1.37 do. In: a Node.
 * Out: single facts.
 */
import { ZONE_LABEL } from '../apiserver/labels.ts';
import type { Node } from '../apiserver/objects.ts';
import { parseMilliQuantity } from './quantity.ts';

/** A Node with the part of `status` that only this room reads. */
export interface NodeWithCapacity extends Node {
  readonly status?: NonNullable<Node['status']> & {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly lastHeartbeatTime?: string;
    }[];
    readonly allocatable?: ResourceList;
    readonly capacity?: ResourceList;
  };
}

type ResourceList = Readonly<Record<string, string | number>>;

/** `True`, `False` or `Unknown`; undefined where nobody ever reported. */
export function nodeReadyStatus(node: Node): string | undefined {
  const { status } = node as NodeWithCapacity;
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

/** Undefined for a Node without a zone. */
export function nodeZone({ metadata }: Node): string | undefined {
  return metadata.labels?.[ZONE_LABEL] || undefined;
}

/** Thousandths of a CPU that Pods may use; without `allocatable` the API server takes the capacity. 0 if unknown. */
export function allocatableMilliCPU(node: Node): number {
  const { status } = node as NodeWithCapacity;
  const cpu = (status?.allocatable ?? status?.capacity)?.cpu;
  return cpu === undefined ? 0 : (parseMilliQuantity(String(cpu)) ?? 0);
}
