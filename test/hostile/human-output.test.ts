/**
 * Whatever stands in manifests, dumps and the names of files: no form that people read has a character that a terminal, a
 * log or a browser acts on, and no line, tag or annotation that the input has written.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { compileRaw, runCaptured } from '../support/compile-cluster.ts';
import { hostileStrings } from '../support/hostile-strings.ts';
import { inputFolder } from '../support/input-folder.ts';
import { CLEAN_OBJECTS } from './clean-objects.ts';

vi.setConfig({ testTimeout: 120_000 });

/** Every character that is escaped, each within innocent text, and whole attacks. */
const CHARACTERS = [
  ...Array.from({ length: 0xa0 }, (_, i) => String.fromCharCode(i)).filter((c) => /\p{Cc}/u.test(c)),
  ...'\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff',
];
const STRINGS = [
  ...CHARACTERS.map((character) => `evil${character}evil`),
  ...hostileStrings(20_261_126, 150).map((text) => `evil${text.slice(0, 300)}`),
];

/** All but the end of a line. */
const UNSAFE = /[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]|[^\P{Cc}\n]/u;

const NETFILTER_COMMENT = /[\n\0]/g;

interface Place {
  readonly manifests: string;
  readonly dump: string;
  readonly nftDump: string;
  readonly bundle: string;
}

/** Manifests whose annotations are hostile, others that are refused for it, and dumps full of foreign rules. */
async function hostilePlace(): Promise<Place> {
  const folder = inputFolder({});
  const annotated = CLEAN_OBJECTS.map((object) => ({
    ...object,
    metadata: {
      ...(object.metadata as object | undefined),
      annotations: Object.fromEntries(STRINGS.map((text, i) => [`example.com/n${i}`, text])),
    },
  }));
  const refused = STRINGS.flatMap((text) => [
    { apiVersion: 'v1', kind: 'Service', metadata: { name: text }, spec: { ports: [{ port: 80 }] } },
    { apiVersion: 'v1', kind: text, metadata: { name: 'x' } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'labels', namespace: 'prod', labels: { [text]: text } },
      spec: { selector: { app: text }, ports: [{ port: 80, name: text, [text]: text }] },
    },
  ]);
  const manifests = join(folder, 'manifests');
  mkdirSync(manifests);
  writeFileSync(
    join(manifests, 'a\u001b[31m\n::error::\u202e.json'),
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...annotated, ...refused] }),
  );
  const clean = inputFolder({
    'cluster.yaml': JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: CLEAN_OBJECTS.filter(({ kind }) => kind !== 'KubeProxyConfiguration'),
    }),
  });
  const iptables = (await compileRaw(clean, { node: 'node-0' })).get('iptables.ipv4.save') as string;
  const nft = (await compileRaw(clean, { node: 'node-0', mode: 'nftables' })).get(
    'nftables.ipv4.list',
  ) as string;
  const dump = join(folder, 'dump\u001b[2J.save');
  writeFileSync(dump, withForeignRules(iptables));
  const nftDump = join(folder, 'nft\u009b.list');
  writeFileSync(nftDump, withForeignNftRules(nft));
  const bundle = join(folder, 'bundle');
  for (const [i, node] of ['node-0', 'a\u001b[31mb', 'c\u202ed'].entries()) {
    mkdirSync(join(bundle, node), { recursive: true });
    writeFileSync(
      join(bundle, node, 'iptables.save'),
      i === 2 ? 'not\u001b[31m a dump' : withForeignRules(iptables),
    );
  }
  return { manifests, dump, nftDump, bundle };
}

/** As iptables-save prints comments: quotes and backslashes are escaped, all else is as it came. */
function withForeignRules(save: string): string {
  const rules = STRINGS.map((text) => {
    const comment = text
      .replace(NETFILTER_COMMENT, '')
      .replace(/[\\"']/g, '\\$&')
      .slice(0, 255);
    return `-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "${comment}" -m tcp --dport 80 -j DROP\n`;
  });
  const chain = ':evil\u001b[31m - [0:0]\n-A PREROUTING -j evil\u001b[31m\n';
  return save
    .replace(/^(?=-A KUBE-SERVICES)/m, `${chain}${rules.join('')}`)
    .replace(/^.*KUBE-SEP-.*DNAT.*\n/m, '');
}

function withForeignNftRules(list: string): string {
  const rules = STRINGS.map((text) => {
    const comment = text.replace(NETFILTER_COMMENT, '').replaceAll('"', '').slice(0, 120);
    return `\t\tip daddr 10.96.0.10 tcp dport 80 drop comment "${comment}"\n`;
  });
  return list.replace(/^(\tchain services \{\n)/m, `$1${rules.join('')}`);
}

describe('hostile text', () => {
  it('reaches nobody raw', async () => {
    const { manifests, dump, nftDump, bundle } = await hostilePlace();
    const input = ['-f', manifests, '--skip-invalid', '--node', 'node-0', '-v'];
    const noNode = ['-f', manifests, '--skip-invalid', '-v'];
    const packet = ['--from', 'external', '--to', '10.96.0.10:80'];
    const commands: readonly (readonly string[])[] = [
      ['compile', ...input],
      ['env', ...noNode, '-n', 'prod'],
      ['env', ...noNode, '-n', 'prod', '-o', 'export'],
      ['endpoints', ...noNode],
      ['endpoints', ...noNode, '-o', 'yaml'],
      ['admit', ...noNode],
      ['admit', ...noNode, '-o', 'json'],
      ['explain', 'svc/web', '-n', 'prod', ...input, '-o', 'json'],
      ['trace', ...packet, ...input, '--dump', dump, '-o', 'json'],
      ['diff', ...input, '--mode', 'nftables', '--dump', nftDump, '-o', 'json'],
      ['lint', ...noNode, '-o', 'json'],
      ['compile', ...input, '-o', 'json'],
      ['endpoints', ...noNode, '-o', 'wide'],
      ['explain', 'svc/web', '-n', 'prod', ...input],
      ['explain', 'svc/\u001b[31m\n', '-n', 'prod', ...input],
      ['dns', ...noNode],
      ['dns', 'query', 'web.prod\u001b[31m.svc.cluster.local', ...noNode],
      ['dns', 'query', 'web.prod.svc.cluster.local', ...noNode],
      ['trace', ...packet, ...input, '--rules'],
      ['trace', '--from', '\u001b[31m', '--to', '\u202e', ...input],
      ['trace', ...packet, ...input, '--dump', dump, '--rules'],
      ['trace', ...packet, ...input, '--mode', 'nftables', '--dump', nftDump, '--rules'],
      ...['text', 'unified', 'markdown', 'mermaid', 'dot', 'prometheus'].flatMap((form) => [
        ['diff', ...input, '--dump', dump, '--show-stale', '-o', form],
        ['diff', ...input, '--mode', 'nftables', '--dump', nftDump, '--show-stale', '-o', form],
        ['diff', '--service', 'prod/web', ...input, '--dump', dump, '-o', form],
      ]),
      ['diff', ...noNode, '--bundle', bundle],
      ['diff', ...input, '--dump', join(manifests, '..', 'none\u001b[31m')],
      ['lint', ...noNode],
      ['lint', ...noNode, '-o', 'github'],
      ['lint', ...noNode, '-o', 'markdown'],
      ['lint', ...noNode, '-o', 'junit'],
      ['lint', ...noNode, '-o', 'sarif'],
      ['admit', '-f', '\u001b[31m\u202e'],
      ['\u001b[31m'],
      ['compile', '--\u001b[31m\u202e'],
      ['compile', '--x\n::error::y'],
      ['compil\u001b'],
      ['compile', '--node-address', '\u009b', ...input],
      ['compile', '--kube-version', '\u001b[31m', ...input],
    ];
    let said = 0;
    const unsafe: string[] = [];
    for (const command of commands) {
      const { status, stdout, stderr } = await runCaptured(command);
      expect([0, 1, 2]).toContain(status);
      const shown = command.filter((word) => !word.includes('/')).join(' ');
      for (const [stream, text] of Object.entries({ stdout, stderr })) {
        const line = text.split('\n').find((each) => UNSAFE.test(each));
        if (line !== undefined)
          unsafe.push(`${JSON.stringify(shown)} ${stream}: ${JSON.stringify(line.slice(0, 300))}`);
        // Only lint's form for GitHub has them, with our own words at their beginning.
        if (!command.includes('github')) expect(text).not.toMatch(/^::/m);
        if (text.includes('evil')) said++;
      }
      if (command.includes(nftDump) && command.includes('text')) expect(stdout).toContain('evil');
    }
    expect(unsafe).toEqual([]);
    // The attack is shown, and not only left out.
    expect(said).toBeGreaterThan(20);
  });

  it('is text in a page', async () => {
    const { manifests, dump } = await hostilePlace();
    const page = join(inputFolder({}), 'page.html');
    const args = [
      'diff',
      '-f',
      manifests,
      '--skip-invalid',
      '--node',
      'node-0',
      '--dump',
      dump,
      '--html',
      page,
    ];
    await runCaptured(args);
    const html = readFileSync(page, 'utf8');
    expect(html).toContain('evil');
    expect(html.split('\n').filter((line) => UNSAFE.test(line))).toEqual([]);
    expect(html).not.toMatch(/<script|<img|\son[a-z]+=|javascript:/i);
  });
});
