/** Writes docs/conformance.md. In: what comparing with the real components came to. Out: the page. */
import { readFileSync } from 'node:fs';
import { parseRelease, SUPPORTED_RELEASES } from '../../src/proxy/release.ts';
import type { Tally } from './main.ts';

export interface Result extends Tally {
  /** A mode, or `dns`. */
  readonly stage: string;
  readonly clusters: 'usual' | 'wide';
}

export interface Results {
  readonly seed: number;
  readonly commit: string;
  readonly results: readonly Result[];
}

export function conformancePage({ seed, commit, results }: Results): string {
  const texts = results.reduce((sum, { compared }) => sum + compared, 0);
  const lines = results.reduce((sum, each) => sum + each.lines, 0);
  return `# Conformance

Each text that \`svcrules\` prints is compared with what the real component programs or answers for the same cluster: kube-proxy
1.25.16 to 1.37.2, the kubelet's environment variables, CoreDNS 1.15. The real components are imported as Go modules
(\`test/oracle/\`), the clusters are random; wide ones have everything in them that is rare. This page is made by

    npm run conformance:all -- --seed ${seed} --write

at commit ${commit}: **${thousands(texts)} texts compared, ${thousands(lines)} lines differ.**

\`npm run conformance:all -- --keep DIR\` takes clusters that nobody has seen before and keeps those that differ, for
\`fixtures/\`. Once a week is a good time.

${['iptables', 'nftables', 'ipvs', 'userspace'].map((mode) => modeSection(mode, results)).join('\n')}
## Environment variables and DNS

${table(['what', 'real component', 'texts compared', 'lines that differ'], otherRows(results))}
DNS compares every record of a zone transfer, and some hundred answers a cluster.

## What else is compared, in the tests

| stage | with | where |
| --- | --- | --- |
| admission | kube-apiserver 1.37 | \`test/apiserver\`, expected answers recorded from it; \`test/live\` |
| EndpointSlices | kube-controller-manager 1.37 | \`test/controllers\`, \`test/live\` |
| a live cluster, watched | kube-apiserver 1.37 | \`test/live\` |
| what is loaded | iptables (nft, legacy), ipset, nft, IPVS in user-mode-linux, HAProxy, nginx, BIND | \`test/kernel\` |
| where packets go | the same kernels, with real connections | \`test/kernel\` |

## What changes from release to release

As \`src/proxy/release.ts\` has it: the one place that knows releases.

${changes()}`;
}

function modeSection(mode: string, results: readonly Result[]): string {
  const own = results.filter(({ stage, artifact }) => stage === mode && artifact !== 'env');
  const releases = [...new Set(own.map(({ release }) => release))].sort(byRelease);
  const rows = releases.map((release) => {
    const these = own.filter((each) => each.release === release);
    const most = (clusters: Result['clusters']) =>
      Math.max(0, ...these.filter((each) => each.clusters === clusters).map(({ compared }) => compared));
    const sum = (count: (each: Result) => number) => these.reduce((total, each) => total + count(each), 0);
    return [
      release,
      thousands(most('usual')),
      thousands(most('wide')),
      thousands(sum(({ compared }) => compared)),
      thousands(sum(({ lines }) => lines)),
    ];
  });
  const artifacts = [...new Set(own.map(({ artifact }) => artifact))].map((name) => `\`${name}\``);
  return `## Mode ${mode}

${table(['release', 'clusters', 'wide ones', 'texts compared', 'lines that differ'], rows)}
Texts: ${artifacts.join(', ')}.
`;
}

function otherRows(results: readonly Result[]): string[][] {
  const kinds = [
    ['environment variables', 'kubelet 1.37.2', ({ artifact }: Result) => artifact === 'env'],
    ['DNS', 'CoreDNS 1.15', ({ stage }: Result) => stage === 'dns'],
  ] as const;
  return kinds.map(([what, component, isOwn]) => {
    const own = results.filter(isOwn);
    const sum = (count: (each: Result) => number) => own.reduce((total, each) => total + count(each), 0);
    return [
      what,
      component,
      thousands(sum(({ compared }) => compared)),
      thousands(sum(({ lines }) => lines)),
    ];
  });
}

function byRelease(a: string, b: string): number {
  return Number(a.slice(2)) - Number(b.slice(2));
}

function thousands(count: number): string {
  return `${count}`.replace(/\B(?=(\d{3})+$)/g, ',');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return `${line(head)}${line(head.map(() => '---'))}${rows.map(line).join('')}`;
}

/** Every feature that a release has otherwise than the one before, with the comment that explains it. */
function changes(): string {
  const comments = featureComments();
  const rows: string[][] = [];
  const releases = SUPPORTED_RELEASES.filter((name) => name !== '1.8').map(parseRelease);
  for (const [i, release] of releases.entries()) {
    const before = releases[i - 1];
    if (before === undefined) continue;
    const [old, now] = [flatten(before), flatten(release)];
    for (const name of new Set([...old.keys(), ...now.keys()])) {
      if (name === 'name' || name === 'minor' || old.get(name) === now.get(name)) continue;
      // A mode that comes brings all its features with it.
      const isNewMode = /^(nftables|ipvs)\./.test(name) && !old.has(name);
      if (isNewMode) continue;
      const feature = name.split('.').at(-1) as string;
      rows.push([
        before.name,
        release.name,
        `\`${name}\``,
        `${old.get(name)} → ${now.get(name)}`,
        comments.get(feature) ?? '',
      ]);
    }
    for (const mode of ['ipvs', 'nftables'] as const) {
      if (before[mode] === undefined && release[mode] !== undefined)
        rows.push([before.name, release.name, mode, '', `mode ${mode} is compiled from here on`]);
    }
  }
  return table(
    ['from', 'to', 'feature', 'value', 'what it means'],
    rows.map((row) => row.map((cell) => cell.replaceAll('|', '\\|'))),
  );
}

function flatten(value: object, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, field] of Object.entries(value)) {
    if (typeof field === 'object' && field !== null) {
      for (const [inner, text] of flatten(field, `${prefix}${key}.`)) found.set(inner, text);
    } else if (field !== undefined) found.set(`${prefix}${key}`, `${field}`);
  }
  return found;
}

/** The comments above the features, as their source has them. */
function featureComments(): ReadonlyMap<string, string> {
  const source = readFileSync('src/proxy/release.ts', 'utf8');
  const comments = new Map<string, string>();
  for (const [, comment = '', name = ''] of source.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n\s*readonly (\w+):/g,
  )) {
    comments.set(name, comment.replaceAll(/\s*\n\s*\* ?/g, ' ').trim());
  }
  return comments;
}
