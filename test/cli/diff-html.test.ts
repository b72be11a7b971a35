/** `diff --html`: one page that needs nothing else, and in which nothing of the input is markup. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NodeDiff } from '../../src/diff/change.ts';
import { diffHtml } from '../../src/report/diff-html.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const SHOP = 'fixtures/diffs/shop';
const IPV4 = readFileSync(`${SHOP}/expected/iptables.ipv4.save`, 'utf8');
const STALE = IPV4.replace('DNAT --to-destination 10.244.2.9:8080', 'DNAT --to-destination 10.1.2.3:8080');
const folder = mkdtempSync(join(tmpdir(), 'svcrules-html-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function page(dump: string) {
  const [rules, file] = [join(folder, 'rules.save'), join(folder, 'pages', 'report.html')];
  writeFileSync(rules, dump);
  const input = ['-f', `${SHOP}/cluster.yaml`, '--proxy-config', `${SHOP}/config.yaml`, '--node', 'worker-1'];
  const result = await runCaptured(['diff', ...input, '--dump', rules, '--html', file]);
  return { ...result, html: readFileSync(file, 'utf8') };
}

/** Only what this program writes itself: names of tags, and their attributes. */
const TAGS =
  /^<(!DOCTYPE html|html lang="en"|meta (charset|http-equiv|name)="[^"]*"( content="[^"]*")?|(h1|span|p)( class="(right|wrong|open|of|where)")?|\/?(html|head|title|style|body|section|h1|h2|h3|p|b|ul|li|code|span|details|summary))>$/;

function expectOwnTags(html: string): void {
  for (const [tag] of html.matchAll(/<[^>]*>?/g)) expect(tag).toMatch(TAGS);
}

function text(html: string): string {
  const body = html.slice(html.indexOf('<body>')).replace(/<[^>]*>/g, '');
  return body.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
}

describe('diff --html', () => {
  it('writes what the text says, by Service, and nothing but the file', async () => {
    const { status, stdout, html } = await page(STALE);
    expect(status).toBe(1);
    expectOwnTags(html);
    expect(html).not.toMatch(/<script|<link|<img|https?:/);
    expect(html).toContain("default-src 'none'");
    expect(html).toContain('prefers-color-scheme: dark');
    expect(html).toContain('</span> prod/web</h2>');
    expect(text(html)).toContain('worker-1 · iptables · kube-proxy 1.37');
    const lines = stdout.split('\n').filter((line) => line.startsWith('    '));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(text(html)).toContain(line.trim().replace('  ', ' '));
    expect(text(html)).toContain('6 Services are the same.');
    expect(readdirSync(join(folder, 'pages'))).toEqual(['report.html']);
  });

  it('says that all is right', async () => {
    const { status, html } = await page(IPV4);
    expect(status).toBe(0);
    expect(html).toContain('<h1 class="right">✓ the rules of all 7 Services are right</h1>');
  });

  it('says where it cannot write', async () => {
    const args = ['diff', '-f', `${SHOP}/cluster.yaml`, '--against-version', '1.36'];
    const { status, stderr } = await runCaptured([...args, '--html', '/dev/null/x.html']);
    expect(status).toBe(2);
    expect(stderr).toContain('cannot write into /dev/null');
    const bundle = await runCaptured(['diff', '--bundle', 'x', '--html', 'y.html']);
    expect(bundle.stderr).toContain('--html is for one node, not for a bundle');
  });
});

describe('hostile text', () => {
  const EVIL = [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    `' onload='x`,
    '</title></style><b>',
    '&lt;script&gt;&#60;b&#62;',
    '--><!-- \u202e\u001b[31m',
  ];

  it.each(EVIL)('%j adds no tag and no attribute', (evil) => {
    const rule = { family: 'IPv4', table: evil, chain: evil, rule: evil, services: 1 } as const;
    const port = { namespace: evil, name: evil, portName: evil, port: 1, protocol: evil } as const;
    const diff: NodeDiff = {
      equal: false,
      leftovers: [{ mode: 'ipvs', what: evil, commands: [evil] }],
      services: [
        {
          ...port,
          family: 'IPv4',
          clusterIP: evil,
          nodePort: 1,
          changes: [{ kind: 'rules-only', consequence: evil }],
        },
      ],
      foreign: [{ ...rule, kind: 'foreign-rule', consequence: evil }],
      unknown: [{ ...rule, reason: evil, consequence: evil, open: true }],
      stale: [{ family: 'IPv4', table: evil, chain: evil, rules: 1 }],
      compared: 1,
      chains: () => [],
    };
    const html = diffHtml(diff, { node: evil, mode: evil, release: evil, against: evil });
    expectOwnTags(html);
    expect(html).not.toMatch(/&(?!#\d+;)|[^\n\P{Cc}]|\p{Cf}/u);
    expect(html.match(/<section>/g)).toHaveLength(4);
  });

  it('in comments of a host', async () => {
    const evil =
      '-A PREROUTING -d 10.96.14.7/32 -m comment --comment "</code><script>alert(1)</script>" -j DROP';
    const { status, html } = await page(IPV4.replace('-A PREROUTING', `${evil}\n-A PREROUTING`));
    expect(status).toBe(1);
    expectOwnTags(html);
    expect(text(html)).toContain('<script>alert(1)</script>');
  });
});
