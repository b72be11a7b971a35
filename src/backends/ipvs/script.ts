/**
 * One script for an empty host. In: the typed rules of both families, and kube-proxy's configuration. Out: shell text that a person
 * can read, and root run: what kube-proxy does when it starts, in its order.
 */
import type { IPVSConfiguration } from '../../proxy/ipvs-configuration.ts';
import { checked } from '../checked-text.ts';
import { SAVE } from '../print-chain.ts';
import { checkedWord, shellWord } from './checked-word.ts';
import { pieces, serverLines, setLines, tableTexts } from './print.ts';
import type { FamilyRuleset } from './ruleset.ts';

const DEVICE = 'kube-ipvs0';

export function printScript(
  rulesets: readonly FamilyRuleset[],
  configuration: IPVSConfiguration,
): Generator<string> {
  return pieces(scriptTexts(rulesets, configuration));
}

/** A command for each virtual server and real server. */
export function printServerScript(
  rulesets: readonly FamilyRuleset[],
  { timeouts }: IPVSConfiguration,
): Generator<string> {
  function* texts(): Generator<string> {
    yield '#!/bin/sh\n';
    yield 'set -e\n';
    yield* timeoutLines(timeouts);
    yield* serverLines(rulesets, 'ipvsadm ', shellWord);
  }
  return pieces(texts());
}

function* scriptTexts(
  rulesets: readonly FamilyRuleset[],
  configuration: IPVSConfiguration,
): Generator<string> {
  yield '#!/bin/sh\n# What kube-proxy programs in mode ipvs, for a host that has none of it yet. Run as root.\nset -e\n';
  yield* sysctlTexts(configuration);
  yield `\n# The addresses of Services, so that the kernel takes packets to them for its own.\nip link add ${DEVICE} type dummy\n`;
  for (const { family, addresses } of rulesets) {
    const [word, length] = family === 'IPv6' ? ['ip -6', 128] : ['ip', 32];
    for (const address of addresses) {
      yield checked(`${word} addr add ${checkedWord(address)}/${length} dev ${DEVICE}\n`, 1);
    }
  }
  yield "\n# Who is masqueraded, and who may get in.\nipset restore <<'IPSET'\n";
  yield* setLines(rulesets);
  yield 'IPSET\n';
  for (const ruleset of rulesets) {
    const tool = ruleset.family === 'IPv6' ? 'ip6tables' : 'iptables';
    yield `\n${tool}-restore --noflush <<'RULES'\n`;
    yield* tableTexts(ruleset, SAVE);
    yield 'RULES\n';
  }
  yield '\n# Virtual servers (-A) and their real servers (-a).\n';
  yield* timeoutLines(configuration.timeouts);
  if (configuration.excludeCIDRs.length > 0) {
    const networks = configuration.excludeCIDRs.map(checkedWord).join(' ');
    yield checked(`# kube-proxy leaves other virtual servers alone in ${networks}\n`, 1);
  }
  yield "ipvsadm -R <<'SERVERS'\n";
  yield* serverLines(rulesets);
  yield 'SERVERS\n';
}

function* sysctlTexts({ strictARP }: IPVSConfiguration): Generator<string> {
  yield '\n# ip_vs may be a part of the kernel itself. Before Linux 5.9 kube-proxy also sets net.ipv4.vs.conn_reuse_mode to 0.\n';
  yield 'modprobe ip_vs 2>/dev/null || true\n';
  for (const setting of [
    'vs.conntrack',
    'vs.expire_nodest_conn',
    'vs.expire_quiescent_template',
    'ip_forward',
  ]) {
    yield `sysctl -q -w net.ipv4.${setting}=1\n`;
  }
  if (!strictARP) return;
  yield '# strictARP: no answers to ARP requests for addresses of another interface.\n';
  yield 'sysctl -q -w net.ipv4.conf.all.arp_ignore=1\nsysctl -q -w net.ipv4.conf.all.arp_announce=2\n';
}

/** 0 leaves what the kernel has. */
function* timeoutLines({ tcp, tcpFin, udp }: IPVSConfiguration['timeouts']): Generator<string> {
  if (tcp > 0 || tcpFin > 0 || udp > 0) yield `ipvsadm --set ${tcp} ${tcpFin} ${udp}\n`;
}
