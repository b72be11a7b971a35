/**
 * Under which name a packet's state remembers that a dynamic set has its key. In: the set and the key. Out: the name of the
 * set where the key is the packet's source, as in kube-proxy's affinity; else with the values.
 */
import type { ListedExpression } from '../../backends/nftables/listed.ts';
import type { PacketValue } from './element-index.ts';

export function memoryOf(set: string, key: ListedExpression, parts: readonly PacketValue[]): string {
  const isSource = key.kind === 'payload' && key.field === 'saddr';
  return isSource
    ? set
    : `${set} { ${parts.map((part) => (part.kind === 'known' ? part.key : '')).join(' . ')} }`;
}
