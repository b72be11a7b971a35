/** The modes that can be compiled. Each is loaded when it is asked for. */
import type { ProxyMode } from '../proxy/configuration.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { Backend } from './backend.ts';

const BACKENDS: Readonly<Partial<Record<ProxyMode, () => Promise<Backend>>>> = {
  iptables: async () => (await import('./iptables/backend.ts')).iptablesBackend,
  ipvs: async () => (await import('./ipvs/backend.ts')).ipvsBackend,
  nftables: async () => (await import('./nftables/backend.ts')).nftablesBackend,
  userspace: async () => (await import('./userspace/backend.ts')).userspaceBackend,
};

export const SUPPORTED_MODES: readonly string[] = Object.keys(BACKENDS);

/** @throws OperationalError for a mode that is not supported. */
export async function loadBackend(mode: ProxyMode): Promise<Backend> {
  const load = BACKENDS[mode];
  if (load === undefined) {
    throw new OperationalError(
      `mode ${mode} cannot be compiled by this version; supported: ${SUPPORTED_MODES.join(', ')}`,
    );
  }
  return load();
}
