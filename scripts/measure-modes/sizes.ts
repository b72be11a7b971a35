/** Counts what the modes consist of and measures how long loading takes. In: folders of artifacts. Out: numbers. */
import type { Mode, Texts } from './cluster.ts';
import type { Loads, Size } from './measurements.ts';
import { Namespace } from './namespace.ts';

export function countTexts(texts: ReadonlyMap<Mode, Texts>): Size['counts'] {
  const count = (mode: Mode, artifact: string, line: RegExp) =>
    [...(texts.get(mode)?.get(artifact) ?? '').matchAll(line)].length;
  const rules = (mode: Mode) => count(mode, 'iptables.save', /^-A /gm);
  return {
    userspace: {
      rules: rules('userspace'),
      'lines of haproxy.cfg': count('userspace', 'haproxy.cfg', /^ *[^\s#]/gm),
      'lines of nginx.conf': count('userspace', 'nginx.conf', /^ *[^\s#]/gm),
    },
    iptables: { rules: rules('iptables') },
    ipvs: {
      rules: rules('ipvs'),
      'set entries': count('ipvs', 'ipset.save', /^add (?!KUBE-6-)/gm),
      addresses: count('ipvs', 'addresses', /^\d+\./gm),
      'virtual servers': count('ipvs', 'ipvsadm.save', /^-A /gm),
      'real servers': count('ipvs', 'ipvsadm.save', /^-a /gm),
    },
    nftables: {
      rules: nftRules(texts.get('nftables')?.get('ip.nft') ?? ''),
      'elements of sets and maps': count('nftables', 'ip.nft', /^\t\t\t\S/gm),
    },
  };
}

function nftRules(text: string): number {
  const chains = [...text.matchAll(/^\tchain .*\n((?:\t\t.*\n)*)/gm)];
  return chains
    .map(([, lines = '']) => [...lines.matchAll(/^\t\t(?!type |comment )/gm)].length)
    .reduce((a, b) => a + b, 0);
}

/** What loads a mode's artifacts, which lie in `$1`. */
const LOADERS: Readonly<Record<string, readonly [Mode, string]>> = {
  'iptables, iptables-legacy': ['iptables', 'iptables-legacy-restore -w <iptables.save'],
  'iptables, iptables-nft': ['iptables', 'iptables-nft-restore -w <iptables.save'],
  'nftables, nft': ['nftables', 'nft -f ip.nft'],
  'ipvs, ipset and iptables-legacy': [
    'ipvs',
    'ipset restore <ipset.save && iptables-legacy-restore -w <iptables.save',
  ],
  'userspace, iptables-legacy': ['userspace', 'iptables-legacy-restore -w <iptables.save'],
  'userspace, haproxy -c': ['userspace', 'haproxy -q -c -f haproxy.cfg'],
  'userspace, nginx -t': ['userspace', 'nginx -q -t -c $PWD/nginx.conf -g "pid $PWD/nginx.pid;"'],
};

/** @param folders of each mode's artifacts */
export async function measureLoads(folders: ReadonlyMap<Mode, string>, runs: number): Promise<Loads> {
  const loads: Record<string, number[]> = {};
  for (let run = 0; run < runs; run++) {
    for (const [name, [mode, command]] of Object.entries(LOADERS)) {
      const namespace = await Namespace.open();
      try {
        const folder = folders.get(mode) as string;
        loads[name] ??= [];
        loads[name].push(round(await namespace.time(`cd '${folder}' && ${command}`)));
      } finally {
        await namespace.close();
      }
    }
  }
  return loads;
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}
