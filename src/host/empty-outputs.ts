/**
 * Files with nothing in them. A tool that has nothing to print prints nothing, so which one it was can only be guessed. In: the
 * files, and what else is known of the host. Out: the host, with an empty text of each tool that a file is taken for.
 */
import type { Diagnostic } from '../shared/diagnostic.ts';
import { sourceName } from './dump-files.ts';
import type { HostState, HostText, HostTool } from './host-state.ts';

/** What tells the same as another tool. */
const TWINS: Readonly<Partial<Record<HostTool, HostTool>>> = {
  'ipvsadm-save': 'ipvsadm-list',
  addresses: 'ip-addr',
};

/** @param silent tools that may print nothing; those whose output is absent are guessed in this order */
export function takeForOutputs(
  files: readonly string[],
  silent: readonly HostTool[],
  host: HostState,
): HostState {
  const absent = silent.filter(
    (wanted) => !host.texts.some(({ tool }) => tool === wanted || tool === TWINS[wanted]),
  );
  const texts: HostText[] = [];
  const notes: Diagnostic[] = [];
  for (const [i, origin] of files.entries()) {
    const tool = absent[i];
    if (tool !== undefined) texts.push({ tool, text: '', origin });
    const taken =
      tool === undefined
        ? 'is passed over'
        : `is taken for the output of ${WORDS[tool]}, which printed nothing`;
    notes.push({
      severity: 'note',
      code: 'EmptyDump',
      message: `${sourceName(origin)} is empty: it ${taken}`,
    });
  }
  return { ...host, texts: [...host.texts, ...texts], notes: [...host.notes, ...notes] };
}

const WORDS: Readonly<Record<HostTool, string>> = {
  'iptables-save': 'iptables-save',
  'ipset-save': 'ipset save',
  'ipvsadm-save': 'ipvsadm -Sn',
  'ipvsadm-list': 'ipvsadm -Ln',
  'nft-text': 'nft list ruleset',
  'nft-json': 'nft -j list ruleset',
  'nft-tables': 'nft list tables',
  'ip-addr': 'ip addr',
  addresses: 'ip addr of kube-ipvs0',
};
