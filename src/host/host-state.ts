/** What reading a host gives: the texts of the rules in force there, as the kernel's tools print them, not parsed. */
import type { IPFamily } from '../apiserver/objects.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';

/**
 * Which tool printed a text. `ipvsadm-save` is `ipvsadm -Sn`, `ipvsadm-list` is `ipvsadm -Ln`, `nft-tables` is
 * `nft list tables`; `addresses` is none, but the
 * addresses on kube-ipvs0 one a line, as the artifact of that name has them.
 */
export type HostTool =
  | 'iptables-save'
  | 'ipset-save'
  | 'ipvsadm-save'
  | 'ipvsadm-list'
  | 'nft-text'
  | 'nft-json'
  | 'nft-tables'
  | 'ip-addr'
  | 'addresses';

export interface HostText {
  readonly tool: HostTool;
  /** Of `iptables-save` alone; the others print both families at once. */
  readonly family?: IPFamily;
  /** Complete, with LF at the ends of lines. Nothing in it has been validated. */
  readonly text: string;
  /** For people: a file as the user named it, or a command and where it ran. */
  readonly origin: string;
  /** Of `iptables-save` that was run: what it is called there, such as `ip6tables-legacy-save`. */
  readonly command?: string;
  /** The same, where it is not the variant that kube-proxy uses there. */
  readonly beside?: 'nft' | 'legacy';
}

export interface HostState {
  /** As the source names it: the Node that was asked for, the folder of a bundle. */
  readonly node?: string;
  /** At most one of `iptables-save` for each family; of the other tools as many as there were. */
  readonly texts: readonly HostText[];
  /** Of tools of other modes, which were read on the side; what could not be read is left out. */
  readonly otherModes?: readonly HostText[];
  /**
   * Addresses on the host's interfaces, where they are known, in canonical spelling; without those of kube-ipvs0, which
   * kube-proxy put there.
   */
  readonly localAddresses?: readonly string[];
  /** What a reader of the texts must know of them: what was chosen, assumed, passed over, or could not be read. */
  readonly notes: readonly Diagnostic[];
}
