/** A cluster compiled in mode ipvs, printed, read back and ready to be traced. */
import { parseSaved } from '../../../src/backends/iptables/parse.ts';
import { parseIPSets } from '../../../src/backends/ipvs/parse-ipset.ts';
import { parseSavedServers } from '../../../src/backends/ipvs/parse-ipvsadm.ts';
import type { PreparedRules } from '../../../src/trace/iptables/prepare.ts';
import { prepareIpvsNode } from '../../../src/trace/ipvs/prepare-node.ts';

/**
 * @param texts by the oracle's names
 * @param addresses those of the node's own devices
 * @throws Error for texts that cannot be read as a whole
 */
export function prepareTexts(
  texts: ReadonlyMap<string, string>,
  family: 'ipv4' | 'ipv6',
  addresses: readonly string[],
): PreparedRules {
  const textOf = (name: string) => texts.get(name) ?? '';
  const servers = parseSavedServers(textOf('ipvs.ipvsadm'));
  const sets = parseIPSets(textOf('ipvs.ipset.save'));
  const problems = [...servers.problems, ...sets.problems];
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  const bound = textOf('ipvs.addrs').split('\n').filter(Boolean);
  return prepareIpvsNode(
    {
      dump: parseSaved(textOf(`ipvs.${family}.save`)),
      sets,
      servers,
      bound: bound.map((address) => ({ address })),
    },
    { addresses },
  );
}
