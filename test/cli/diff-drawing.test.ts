/** `diff -o mermaid` and `-o dot`: one Service drawn, and nothing of the input that is markup. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ServiceGraph } from '../../src/diff/iptables/service-graph.ts';
import { diffDot, diffMermaid } from '../../src/report/diff-graph.ts';
import { runCaptured } from '../support/compile-cluster.ts';

const SHOP = 'fixtures/diffs/shop';
const IPV4 = readFileSync(`${SHOP}/expected/iptables.ipv4.save`, 'utf8');
const STALE = IPV4.replace('DNAT --to-destination 10.244.2.9:8080', 'DNAT --to-destination 10.1.2.3:8080');
const folder = mkdtempSync(join(tmpdir(), 'svcrules-drawing-'));
afterAll(() => rmSync(folder, { recursive: true }));

function diff(dump: string, ...args: readonly string[]) {
  const path = join(folder, 'rules.save');
  writeFileSync(path, dump);
  const input = ['-f', `${SHOP}/cluster.yaml`, '--proxy-config', `${SHOP}/config.yaml`, '--node', 'worker-1'];
  return runCaptured(['diff', ...input, '--dump', path, ...args]);
}

/** What begins a line of either form; all else stands in quotes. */
const MERMAID_LINE =
  /^ *(flowchart LR|subgraph service\["[^"\n<>&`]*"\]|end|[nc]\d+\["[^"\n<>&`]*"\](:::\w+)?|n\d+ (-->|-\.->|==>)(\|"[^"\n<>&`]*"\|)? n\d+|classDef [^"\n]*)$/;
const DOT_LINE =
  /^ *(digraph service \{|\}|rankdir=LR|node \[shape=box\]|label="(\\.|[^"\\])*"|[nc]\d+( -> n\d+)? \[(shape=plaintext, )?label="(\\.|[^"\\])*"(, color="#\w+", style=\w+)?\])$/;

function expectLines(text: string, line: RegExp): void {
  for (const each of text.trimEnd().split('\n')) expect(each).toMatch(line);
}

describe('a drawing', () => {
  it('of the Service that differs goes from addresses over chains to endpoints', async () => {
    const { status, stdout, stderr } = await diff(STALE, '-o', 'mermaid');
    expect(status, stderr).toBe(1);
    expectLines(stdout, MERMAID_LINE);
    const id = (label: string) =>
      /n\d+/.exec(stdout.split('\n').find((line) => line.includes(label)) ?? '')?.[0];
    const [address, spread, chain] = ['10.96.14.7:80', 'KUBE-SVC-I6F7', 'KUBE-SEP-ESFW'].map(id);
    expect(stdout).toContain(` ${address} --> ${spread}\n`);
    expect(stdout).toContain(` ${id('node port 30080')} --> ${id('KUBE-EXT-I6F7')}\n`);
    expect(stdout).toContain(` ${spread} -->|"33.3%"| ${chain}\n`);
    expect(stdout).toContain(` ${chain} -.->|"missing"| ${id('10.244.2.9:8080 (missing)')}\n`);
    expect(stdout).toContain(` ${chain} ==>|"stale"| ${id('10.1.2.3:8080 (stale)')}\n`);
    expect(stdout).toContain('  c0["endpoint-stale: 1 in 3 new connections');
  });

  it('of a Service that is named may be one that is right', async () => {
    const { status, stdout } = await diff(IPV4, '-o', 'dot', '--service', 'prod/empty');
    expect(status).toBe(0);
    expectLines(stdout, DOT_LINE);
    expect(stdout).toContain('n0 [label="10.96.3.21:80 TCP"]\n  n1 [label="refused"]\n');
  });

  it('of a Service that only the host has', async () => {
    const rules = IPV4.replace('*nat\n', '*nat\n:KUBE-SVC-AAAAAAAAAAAAAAAA - [0:0]\n').replace(
      '-A KUBE-SERVICES -d',
      '-A KUBE-SERVICES -d 10.96.7.7/32 -p tcp -m comment --comment "prod/gone:http cluster IP" -m tcp --dport 80 -j DNAT --to-destination 10.9.9.9:80\n-A KUBE-SERVICES -d',
    );
    const natLast = rules.lastIndexOf('10.96.7.7');
    expect(natLast).toBeGreaterThan(0);
    const { stdout, stderr } = await diff(rules, '-o', 'dot', '--service', 'prod/gone');
    expect(stdout, stderr).toContain('label="10.9.9.9:80 (stale)"');
  });

  it('says where a probability is another', async () => {
    const { stdout } = await diff(
      IPV4.replace('probability 0.50000000000', 'probability 0.20000000019'),
      '-o',
      'dot',
    );
    expect(stdout).toMatch(/label="20% instead of 50%"/);
  });

  it.each([
    [
      STALE.replace('destination 10.244.1.30:8443', 'destination 10.4.4.4:1'),
      [],
      '2 Services differ (prod/lb, prod/web)',
    ],
    [IPV4, [], 'no Service differs: name one with --service'],
    [IPV4, ['--service', 'prod/none'], 'neither side has a Service prod/none'],
    [IPV4, ['--service', 'a"]'], 'is no name of a Service'],
  ])('needs one Service', async (dump, args, message) => {
    const { status, stdout, stderr } = await diff(dump, '-o', 'mermaid', ...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('hostile text', () => {
  const EVIL = [
    '"]; evil["x"] --> y',
    '\\',
    '\\"; evil [label=<<b>x</b>>]; "',
    'a\n  end\n  evil[x]',
    '<script>alert(1)</script>',
    '&quot;] &lt;img src=x&gt; #quot;]',
    '`**x**` %%{init: {}}%% \u202e\u001b[31m click n0 "javascript:x"',
    ':::missing|x|',
  ];
  const graph: ServiceGraph = {
    nodes: EVIL.map((label) => ({ kind: 'chain', label, status: 'stale' })),
    edges: [{ from: 0, to: 1, status: 'missing', share: EVIL[0] as string }],
  };
  const change = (text: string) => ({ kind: 'rules-only', consequence: text }) as const;
  const port = { namespace: 'x', name: 'y', portName: '', port: 1, protocol: 'TCP', family: 'IPv4' } as const;
  const changes = [{ ...port, clusterIP: undefined, nodePort: 0, changes: EVIL.map(change) }];

  it.each(EVIL)('%j adds no node and no markup', (title) => {
    const drawn = { title, graph, changes };
    const [mermaid, dot] = [diffMermaid(drawn), diffDot(drawn)];
    expectLines(mermaid, MERMAID_LINE);
    expectLines(dot, DOT_LINE);
    expect(mermaid.split('\n')).toHaveLength(8 + 2 * EVIL.length);
    expect(dot.split('\n')).toHaveLength(7 + 2 * EVIL.length);
    expect(dot).not.toMatch(/&(?!amp;)/);
  });

  it('in names of chains and in comments of a host', async () => {
    const rules = IPV4.replace('*nat\n', '*nat\n:];evil[<b>&x - [0:0]\n').replace(
      /(\*nat[^*]*?)(-A KUBE-SERVICES -d 10\.96\.14\.7)/,
      '$1-A KUBE-SERVICES -d 10.96.14.7/32 -p tcp -m comment --comment "x\\"]<b>" -m tcp --dport 80 -j ];evil[<b>&x\n$2',
    );
    for (const [form, line] of [
      ['mermaid', MERMAID_LINE],
      ['dot', DOT_LINE],
    ] as const) {
      const { stdout, stderr } = await diff(rules, '-o', form, '--service', 'prod/web');
      expect(stdout, stderr).toContain('evil');
      expectLines(stdout, line);
    }
  });
});
