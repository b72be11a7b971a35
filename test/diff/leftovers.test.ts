/** What another mode has left on a host, and the commands that would remove it: what is found, what is not, and how it is quoted. */
import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { parseBoundAddresses } from '../../src/backends/ipvs/parse-ip-addr.ts';
import { parseSavedServers } from '../../src/backends/ipvs/parse-ipvsadm.ts';
import { parseListed } from '../../src/backends/nftables/parse-listed.ts';
import { type HostRemains, leftovers } from '../../src/diff/leftovers.ts';
import { shellWord } from '../../src/diff/shell-word.ts';

const NOTHING: HostRemains = { iptables: [], servers: [], bound: [], sets: [], tables: [] };

function saved(...lines: readonly string[]): HostRemains {
  const dump = parseSaved(`${lines.join('\n')}\nCOMMIT\n`);
  return { ...NOTHING, iptables: [{ family: 'IPv4', dump }] };
}

const KUBELET = saved(
  '*nat',
  ':PREROUTING ACCEPT [0:0]',
  ':KUBE-KUBELET-CANARY - [0:0]',
  ':KUBE-MARK-DROP - [0:0]',
  ':KUBE-MARK-MASQ - [0:0]',
  ':KUBE-POSTROUTING - [0:0]',
  ':KUBE-FIREWALL - [0:0]',
  ':KUBE-IPTABLES-HINT - [0:0]',
  '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
  '-A KUBE-MARK-DROP -j MARK --set-xmark 0x8000/0x8000',
);

describe('leftovers', () => {
  it.each(['iptables', 'ipvs', 'nftables'] as const)("are none of kubelet's chains, with mode %s", (mode) => {
    expect(leftovers(mode, KUBELET)).toEqual([]);
    expect(leftovers(mode, NOTHING)).toEqual([]);
  });

  it('are chains of mode iptables on a host of mode ipvs, with the rules that lead there', () => {
    const remains = saved(
      '*nat',
      ':KUBE-SERVICES - [0:0]',
      ':KUBE-SVC-I6F7J7E256H6PY43 - [0:0]',
      ':KUBE-SEP-Q32NVDAZ73HT2YMJ - [0:0]',
      '-A KUBE-SERVICES -d 10.96.14.7/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-I6F7J7E256H6PY43',
      '-A KUBE-SVC-I6F7J7E256H6PY43 -j KUBE-SEP-Q32NVDAZ73HT2YMJ',
    );
    expect(leftovers('ipvs', remains)).toEqual([
      {
        mode: 'iptables',
        what: '2 chains, IPv4, to which 1 rule is leading',
        commands: [
          "printf '%s\\n' '*nat' ':KUBE-SVC-I6F7J7E256H6PY43 - [0:0]' ':KUBE-SEP-Q32NVDAZ73HT2YMJ - [0:0]' " +
            "'-D KUBE-SERVICES -d 10.96.14.7/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-I6F7J7E256H6PY43' " +
            "'-X KUBE-SVC-I6F7J7E256H6PY43' '-X KUBE-SEP-Q32NVDAZ73HT2YMJ' COMMIT | iptables-restore --noflush",
        ],
      },
    ]);
    expect(leftovers('iptables', remains)).toEqual([]);
  });

  it('are all of mode ipvs on a host of another mode', () => {
    const servers = parseSavedServers(
      '-A -t 10.96.14.7:80 -s rr\n-A -u [fd00::a]:53 -s rr\n-A --sctp-service 10.96.0.1:9 -s rr\n',
    ).servers;
    const bound = parseBoundAddresses('10.96.14.7\n', 'kube-ipvs0').addresses;
    const sets = ['KUBE-CLUSTER-IP', 'KUBE-6-LOAD-BALANCER-SOURCE-CID', 'KUBE-SOMEBODYS', 'cali40x'];
    const remains = { ...NOTHING, servers, bound, sets };
    expect(leftovers('nftables', remains).map(({ mode, commands }) => [mode, commands])).toEqual([
      [
        'ipvs',
        [
          'ipvsadm -D -t 10.96.14.7:80',
          "ipvsadm -D -u '[fd00::a]:53'",
          'ipvsadm -D --sctp-service 10.96.0.1:9',
        ],
      ],
      ['ipvs', ['ip link delete kube-ipvs0']],
      ['ipvs', ['ipset destroy KUBE-CLUSTER-IP', 'ipset destroy KUBE-6-LOAD-BALANCER-SOURCE-CID']],
    ]);
    expect(leftovers('ipvs', remains)).toEqual([]);
  });

  it("are kube-proxy's tables of nftables, and nobody else's", () => {
    const { tables } = parseListed(
      'table ip kube-proxy {\n}\ntable ip6 kube-proxy {\n}\ntable inet kube-proxy {\n}\n',
    );
    const remains = { ...NOTHING, tables };
    const commands = ['nft delete table ip kube-proxy', 'nft delete table ip6 kube-proxy'];
    expect(leftovers('iptables', remains).flatMap((left) => left.commands)).toEqual(commands);
    expect(leftovers('nftables', remains)).toEqual([]);
  });

  it('are not what has a name like theirs', () => {
    const remains = saved(
      '*nat',
      ':KUBE-SVC-$(id) - [0:0]',
      ':KUBE-ROUTER-X - [0:0]',
      ':KUBE-SVC-short - [0:0]',
    );
    for (const mode of ['iptables', 'ipvs', 'nftables'] as const)
      expect(leftovers(mode, remains)).toEqual([]);
  });
});

describe('a word for a shell', () => {
  it('stands for any text', () => {
    const text = fc.string({ unit: 'grapheme-ascii' }).filter((each) => !each.includes('\0'));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 40 }), (words) => {
        const printed = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`]);
        expect(printed.toString().split('\0').slice(0, -1)).toEqual(words);
      }),
      { numRuns: 40 },
    );
  });
});
