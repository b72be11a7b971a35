/** What is no difference: for every cluster, the real kube-proxy's rules, also beside the rules of all who share a node with it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { NodeDiff } from '../../src/diff/change.ts';
import { diffNode } from '../../src/diff/diff-node.ts';
import { SHARED_CHAINS } from '../../src/diff/iptables/compare-chains.ts';
import { listClusters } from '../support/cluster-folder.ts';
import { type Host, questionsOf, readHost, type Tamper, tampered } from './hosts.ts';
import { all, appended, declared, inserted, inTable } from './tamper.ts';

const CLUSTERS = 'fixtures/clusters';

function diffWith(
  host: Host,
  tamper: Tamper,
  families: readonly ('IPv4' | 'IPv6')[] = ['IPv4', 'IPv6'],
): NodeDiff {
  const texts = { IPv4: tampered(host.texts.IPv4, tamper), IPv6: tampered(host.texts.IPv6, tamper) };
  return diffNode(questionsOf({ ...host, texts }, families));
}

const counted: Tamper = (lines) =>
  lines.map((line, i) => line.replace(/^-A /, `[${i}:${60 * i}] -A `).replace('[0:0]', `[${i}:${7 * i}]`));

/** Kube-proxy walks its Services in the order of a map. */
const shuffled: Tamper = (lines) => {
  const isShared = (line: string) => {
    const chain = line.split(' ')[1] ?? '';
    return line.startsWith('-A ') && SHARED_CHAINS.has(chain) && /--dport /.test(line);
  };
  const chains = new Map<string, string[]>();
  let table = '';
  const keyOf = (line: string) => `${table} ${line.split(' ')[1]}`;
  for (const line of lines) {
    if (line.startsWith('*')) table = line;
    if (isShared(line)) chains.set(keyOf(line), [...(chains.get(keyOf(line)) ?? []), line]);
  }
  return lines.map((line) => {
    if (line.startsWith('*')) table = line;
    return isShared(line) ? (chains.get(keyOf(line))?.pop() as string) : line;
  });
};

const uncommented: Tamper = (lines) =>
  lines.map((line) => line.replace(/ -m comment --comment ("(\\.|[^"\\])*"|\S+)/g, ''));

/** Old spellings of the same rules. */
const oldSpelling: Tamper = (lines) =>
  lines.map((line) =>
    line
      .replace(
        /-m conntrack (! )?--ctstate (NEW|INVALID|RELATED,ESTABLISHED)(?= |$)/g,
        '-m state $1--state $2',
      )
      .replace(/ --random-fully$/, '')
      .replace(/ --reject-with icmp6?-port-unreachable$/, '')
      .replace(/ --mask (255\.255\.255\.255|ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff)/, ''),
  );

const kubelet = all(
  declared('mangle', 'KUBE-IPTABLES-HINT', 'KUBE-KUBELET-CANARY'),
  declared('nat', 'KUBE-KUBELET-CANARY', 'KUBE-MARK-DROP'),
  declared('filter', 'KUBE-KUBELET-CANARY'),
  appended('nat', '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000'),
  appended(
    'filter',
    '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP',
  ),
);

const stale = all(
  declared('nat', 'KUBE-SVC-AAAAAAAAAAAAAAAA', 'KUBE-SEP-AAAAAAAAAAAAAAAA'),
  appended(
    'nat',
    '-A KUBE-SVC-AAAAAAAAAAAAAAAA -j KUBE-SEP-AAAAAAAAAAAAAAAA',
    '-A KUBE-SEP-AAAAAAAAAAAAAAAA -p tcp -m tcp -j DNAT --to-destination 10.1.1.1:80',
  ),
);

/** A rule of others that lets known connections pass, logs, or has nothing to do with Services. */
const harmless = all(
  inserted('filter', '-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT'),
  inserted('filter', '-A INPUT -p icmp -j DROP'),
  inserted('filter', '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'),
  inserted('filter', '-A FORWARD -j LOG --log-prefix "forward "'),
  appended('filter', '-A INPUT -i lo -j ACCEPT'),
);

/** The rules of a dump from elsewhere, put behind kube-proxy's or, with `before`, in front of them; it rules policies as well. */
function merged(file: string, before: boolean): Tamper {
  const text = readFileSync(join('fixtures/dumps', file), 'utf8').replace(/^\[\d+:\d+\] /gm, '');
  const tables = [...text.matchAll(/^\*(\w+)\n([\s\S]*?)^COMMIT$/gm)];
  return (lines) =>
    tables.reduce(
      (all, [, table = '', body = '']) => mergeTable(table, body.split('\n'), before)(all),
      lines,
    );
}

function mergeTable(table: string, theirs: readonly string[], before: boolean): Tamper {
  const shut = theirs.flatMap((line) => /^:(\S+) DROP/.exec(line)?.[1] ?? []);
  const policies = inTable(table, (lines) =>
    lines.map((line) =>
      shut.some((chain) => line.startsWith(`:${chain} `)) ? line.replace('ACCEPT', 'DROP') : line,
    ),
  );
  const chains = theirs.flatMap((line) => /^:(\S+) -/.exec(line)?.[1] ?? []);
  const rules = theirs.filter(
    (line) => line.startsWith('-A ') && !NOBODYS.test(line) && !KUBELETS_TWIN.test(line),
  );
  const add = inTable(table, (lines) => {
    const own = lines.map((line) => line.split(' ')[0]);
    let merged: readonly string[] = [
      lines[0] as string,
      ...chains.filter((chain) => !own.includes(`:${chain}`)).map((chain) => `:${chain} - [0:0]`),
      ...lines.slice(1),
    ];
    const fresh = rules.filter((rule) => !merged.includes(rule));
    const put = before ? inChain('first') : inChain('last');
    for (const rule of before ? fresh.toReversed() : fresh) merged = put(rule)(merged);
    return merged;
  });
  return all(policies, add);
}

/** Kubelet's of old, of which kube-proxy has the same with the mark that it is configured for. */
const KUBELETS_TWIN = /^-A KUBE-(MARK-MASQ|POSTROUTING) /;

/** Made up to be hard to read, and of no program that shares a node with kube-proxy. */
const NOBODYS = /^-A OUTPUT .*-m (owner|policy|hashlimit) /;

function inChain(place: 'first' | 'last'): (rule: string) => Tamper {
  return (rule) => (lines) => {
    const isSame = (line: string) => line.startsWith(`-A ${rule.split(' ')[1]} `);
    const at = place === 'first' ? lines.findIndex(isSame) : lines.findLastIndex(isSame) + 1;
    return at <= 0 ? [...lines, rule] : lines.toSpliced(at, 0, rule);
  };
}

const WAYS: readonly (readonly [string, Tamper])[] = [
  ['as it is', (lines) => lines],
  ['with counters', counted],
  ['with Services in another order', shuffled],
  ['without comments', uncommented],
  ['in old spellings', oldSpelling],
  ["beside kubelet's", kubelet],
  ['with stale chains', stale],
  ['beside harmless rules', harmless],
];

describe.each(listClusters(CLUSTERS))('the real rules of %s', async (name) => {
  const host = await readHost(join(CLUSTERS, name));
  // The mark by which kubelet of old has packets dropped: with it kube-proxy does not work, and that is said.
  const isMarkTaken = host.view.configuration.iptables.masqueradeBit === 15;

  it.each(WAYS)('%s', (_, tamper) => {
    if (isMarkTaken && tamper === kubelet) return;
    const diff = diffWith(host, tamper);
    expect(diff).toMatchObject({ equal: true, services: [], foreign: [] });
  });

  it.each([
    'calico.legacy.save',
    'cilium-flannel.nft.save',
    'docker.nft.save',
  ])('beside those of %s', (file) => {
    if (isMarkTaken && file.startsWith('docker')) return;
    for (const before of [false, true]) {
      const diff = diffWith(host, merged(file, before), ['IPv4']);
      expect(diff).toMatchObject({ equal: true, services: [], foreign: [] });
    }
  });
});
