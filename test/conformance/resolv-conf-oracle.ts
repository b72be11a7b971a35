/**
 * Compares the resolv.conf of Pods with what the kubelet's own code makes. In: a seed, from which the Pods follow. Out: one text of each
 * side. The program comes from `test/oracle/build.sh api`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Pod } from '../../src/apiserver/objects.ts';
import { podResolvConf } from '../../src/discovery/dns/resolv-conf.ts';

const PODS = 200;

interface Question {
  readonly pod: Pod;
  readonly clusterDNS: string;
  readonly clusterDomain: string;
}

interface Settings {
  readonly servers: readonly string[] | null;
  readonly searches: readonly string[] | null;
  readonly options: readonly string[] | null;
}

/** @param root the folder `test/oracle` */
export function compareResolvConfs(root: string, seed: string): { expected: string; actual: string } {
  const program = join(root, 'bin', 'kubeletdns');
  if (!existsSync(program)) throw new Error(`${program} is missing: run test/oracle/build.sh api`);
  const random = randomOf(seed);
  const questions = Array.from({ length: PODS }, () => questionOf(random));
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const output = execFileSync(program, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  const theirs = output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Settings);
  const text = (settings: readonly Settings[]) =>
    settings.map((each, i) => `${settingsText(each)}  of ${JSON.stringify(questions[i])}\n`).join('');
  return { expected: text(theirs), actual: text(questions.map(ourSettings)) };
}

function ourSettings({ pod, clusterDomain, clusterDNS }: Question): Settings {
  const { nameServers, search, options } = podResolvConf(pod, clusterDomain, clusterDNS);
  const words = [...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`));
  return { servers: nameServers, searches: search, options: words.sort() };
}

function settingsText({ servers, searches, options }: Settings): string {
  const line = (name: string, words: readonly string[] | null) => `${name} ${(words ?? []).join(' ')}\n`;
  return `${line('nameserver', servers)}${line('search', searches)}${line('options', options)}`;
}

type Random = (below: number) => number;

function randomOf(seed: string): Random {
  let state = [...seed].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) >>> 0, 7);
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const POLICIES = ['ClusterFirst', 'ClusterFirst', 'ClusterFirstWithHostNet', 'Default', 'None'] as const;
const DOMAINS = ['cluster.local', 'k8s.example.org', 'c'];
const SERVERS = ['10.96.0.10', '1.1.1.1', 'fd00::53', '192.0.2.53', '2001:db8::53'];
const SEARCHES = [
  'example.org',
  'example.org.',
  'svc.cluster.local',
  'cluster.local',
  '.',
  'corp',
  'a.b.c.d',
];
const OPTIONS = ['ndots', 'timeout', 'attempts', 'rotate', 'use-vc', 'edns0'];
const VALUES = ['1', '5', '16', '', 'x'];

function questionOf(random: Random): Question {
  const pick = <T>(choices: readonly T[]) => choices[random(choices.length)] as T;
  const some = <T>(most: number, make: () => T) => Array.from({ length: random(most + 1) }, make);
  // Long ones, and many, for the kubelet's limits.
  const label = () => 'l'.repeat(1 + random(63));
  const search = () => (random(3) > 0 ? pick(SEARCHES) : [label(), ...some(4, label)].join('.'));
  const option = () => ({ name: pick(OPTIONS), ...(random(3) > 0 && { value: pick(VALUES) }) });
  const dnsConfig = {
    nameservers: some(4, () => pick(SERVERS)),
    searches: some(pick([2, 6, 60]), search),
    options: some(4, option),
  };
  const spec = {
    dnsPolicy: pick(POLICIES),
    ...(random(3) === 0 && { hostNetwork: true }),
    ...(random(5) > 0 && { dnsConfig }),
  };
  const metadata = { name: 'client', namespace: pick(['default', 'prod', 'n'.repeat(63)]) };
  return {
    pod: { metadata, spec } as unknown as Pod,
    clusterDNS: pick(SERVERS),
    clusterDomain: pick(DOMAINS),
  };
}
