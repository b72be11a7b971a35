/** In: nothing but the machine that this runs on. Out: its rules. Mirrors what one would type there as root. */
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { canonicalIP } from '../shared/ip.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { HostState } from './host-state.ts';
import { IPVS_INTERFACE } from './local-addresses.ts';
import { type ReadToolsOptions, readTools } from './read-tools.ts';
import { type LocalOptions, type ToolPlace, thisMachine } from './run-tool.ts';

export interface ThisHostOptions extends LocalOptions {
  /** Default: `iptables-save`, which stands for both families. */
  readonly tools?: ReadToolsOptions['tools'] | undefined;
  readonly others?: ReadToolsOptions['others'];
}

/**
 * Reads the rules of this machine. Nothing is changed, and no kernel module is loaded for it.
 * @throws OperationalError where a tool fails, is not allowed to, or does not print all.
 */
export async function readThisHost(options: ThisHostOptions): Promise<HostState> {
  if (process.platform !== 'linux') {
    throw new OperationalError(
      `there are no rules of kube-proxy on ${process.platform}: read a node with --via-pod, or a dump with --dump`,
    );
  }
  const { tools = ['iptables-save'], others } = options;
  const place = withoutModules(thisMachine(options));
  const state = await readTools({ place, tools, others, trustDefault: false });
  return { ...state, localAddresses: state.localAddresses ?? interfaceAddresses() };
}

/** ipvsadm loads the kernel's IPVS where it is missing; then there are no virtual servers anyway. */
function withoutModules(place: ToolPlace): ToolPlace {
  return {
    ...place,
    run: async (command) =>
      command[0] === 'ipvsadm' && !existsSync('/proc/net/ip_vs')
        ? { kind: 'done', stdout: '', stderr: '' }
        : place.run(command),
  };
}

/** Those of interfaces that are up; `ip addr`, where it was read, has all. */
function interfaceAddresses(): readonly string[] {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, found = []]) =>
    name === IPVS_INTERFACE ? [] : found.map(({ address }) => canonicalIP(address)),
  );
  return [...new Set(addresses.filter((address) => address !== undefined))];
}
