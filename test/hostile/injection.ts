/**
 * Hostile strings through every emitter, and what the real tools make of what was written. In: how many strings, from which
 * seed. Out: for each emitter how many strings it refused, how many were written, and how many things came of them that
 * nobody meant: rules, elements, listeners, records, variables, lines, elements of a document.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Backend } from '../../src/backends/backend.ts';
import { iptablesBackend } from '../../src/backends/iptables/backend.ts';
import { ipvsBackend } from '../../src/backends/ipvs/backend.ts';
import { nftablesBackend } from '../../src/backends/nftables/backend.ts';
import type { Frontend } from '../../src/backends/userspace/frontend.ts';
import { printHAProxy } from '../../src/backends/userspace/haproxy.ts';
import { printNginx } from '../../src/backends/userspace/nginx.ts';
import { isSendable } from '../../src/discovery/dns/names.ts';
import type { DnsRecord } from '../../src/discovery/dns/record.ts';
import { zoneText } from '../../src/discovery/dns/zone-text.ts';
import { environmentText } from '../../src/discovery/env/environment-text.ts';
import { compile } from '../../src/index.ts';
import { allRules } from '../../src/lint/lint.ts';
import type { ProxyMode } from '../../src/proxy/configuration.ts';
import type { NodeView } from '../../src/proxy/node-view.ts';
import { lintGithub } from '../../src/report/lint-github.ts';
import { lintJunit } from '../../src/report/lint-junit.ts';
import type { LintReport, LocatedFinding } from '../../src/report/lint-report.ts';
import { lintSarif } from '../../src/report/lint-sarif.ts';
import { lintText } from '../../src/report/lint-text.ts';
import { style } from '../../src/report/style.ts';
import { compileRaw, runCaptured } from '../support/compile-cluster.ts';
import { probeIpset, probeKernel, probeNftables, runInNamespace } from '../support/namespace.ts';
import { CLEAN_OBJECTS } from './clean-objects.ts';

export interface InjectionResult {
  readonly emitter: string;
  /** Undefined where only the text was looked at: the tool is not here, or there is none. */
  readonly tool: string | undefined;
  /** Strings that the emitter's own guard refused to write. */
  readonly refused: number;
  readonly written: number;
  /** Texts that the tool does not take, such as those with a comment that is too long: nothing comes of them. */
  readonly unloadable: number;
  /** What nobody meant, the first of it in words. */
  readonly extra: readonly string[];
}

export interface InjectionRun {
  readonly strings: readonly string[];
  /** An empty folder for what the tools read. */
  readonly work: string;
}

/** The loads of one tool go through one namespace; more files than this are too many for one command. */
const BATCH = 500;

/** A comment on a pull request has no room for more differences than that. */
const SHOWN = 100;

export async function inject(run: InjectionRun): Promise<readonly InjectionResult[]> {
  return [
    await intoRules(run, 'iptables', iptablesBackend, 'iptables.save', probeKernel('legacy', 'ipv4'), {
      tool: 'iptables-legacy-restore',
      // What is loaded is counted, not what was written.
      script: 'iptables-legacy-restore -w 30 <"$file" && iptables-legacy-save | grep -c ^-A',
    }),
    await intoRules(run, 'nftables', nftablesBackend, 'ip.nft', probeNftables(), {
      tool: 'nft',
      script: 'nft -f "$file" && nft -s list ruleset | wc -l',
    }),
    await intoRules(run, 'ipvs', ipvsBackend, 'ipset.save', probeIpset(), {
      tool: 'ipset restore',
      script: 'ipset destroy; ipset restore <"$file" && ipset save | wc -l',
    }),
    ...(await intoProxies(run)),
    intoZone(run),
    intoEnvironment(run),
    ...intoLint(run),
    ...(await intoDiff(run)),
  ];
}

/** What a Service is called, in the several places where that is written. */
const NAMES = ['name', 'namespace', 'serviceName', 'portName'] as const;

/** A view as no admission would make it: the string is one of the names of a Service. */
async function viewWith(mode: ProxyMode): Promise<(text: string, field: (typeof NAMES)[number]) => NodeView> {
  const objects = CLEAN_OBJECTS.filter(({ kind }) => kind !== 'KubeProxyConfiguration').map((object) => ({
    ...{ apiVersion: object.apiVersion, kind: object.kind, object },
    origin: { file: 'cluster.yaml', document: 1, path: [] },
  }));
  const { view, diagnostics } = await compile({ objects, mode, node: 'node-0' });
  if (view === undefined) throw new Error(JSON.stringify(diagnostics));
  const [port, ...others] = view.families.IPv4.servicePorts;
  if (port === undefined) throw new Error('the clean cluster has no Service');
  return (text, field) => {
    const servicePorts = [{ ...port, servicePort: { ...port.servicePort, [field]: text } }, ...others];
    return { ...view, families: { ...view.families, IPv4: { ...view.families.IPv4, servicePorts } } };
  };
}

interface Loader {
  readonly tool: string;
  /** Loads `$file` and prints how much there is then. */
  readonly script: string;
}

async function intoRules(
  { strings, work }: InjectionRun,
  mode: ProxyMode,
  backend: Backend,
  artifact: string,
  whyNot: string | undefined,
  loader: Loader,
): Promise<InjectionResult> {
  const view = await viewWith(mode);
  const textOf = (text: string, field: (typeof NAMES)[number]) => {
    const found = backend.compile(view(text, field)).artifacts.find(({ name }) => name === artifact);
    if (found === undefined) throw new Error(`there is no ${artifact}`);
    return [...found.text()].join('');
  };
  const clean = textOf('innocent', 'portName');
  const files: { readonly text: string; readonly path: string }[] = [];
  const write = (text: string, content: string) => {
    const path = join(work, `${mode}-${files.length}`);
    writeFileSync(path, content);
    files.push({ text, path });
  };
  write('innocent', clean);
  const extra: string[] = [];
  let refused = 0;
  // Where no name is written, all texts are the same, and one of them is enough to load.
  const seen = new Set([clean]);
  for (const text of strings) {
    for (const field of NAMES) {
      let content: string;
      try {
        content = textOf(text, field);
      } catch {
        refused++;
        continue;
      }
      if (content.split('\n').length !== clean.split('\n').length)
        extra.push(`lines by ${JSON.stringify(text)}`);
      if (!seen.has(content)) write(text, content);
      seen.add(content);
    }
  }
  const counts = whyNot === undefined ? await load(files, loader) : [];
  for (const [i, count] of counts.entries())
    if (count !== counts[0] && count !== 'refused')
      extra.push(`${count} of ${JSON.stringify(files[i]?.text)}`);
  const unloadable = counts.filter((count) => count === 'refused').length;
  const tool = whyNot === undefined ? loader.tool : undefined;
  return {
    emitter: mode,
    tool,
    refused,
    written: strings.length * NAMES.length - refused,
    unloadable,
    extra,
  };
}

/** @returns how much each file has loaded, or `refused`. */
async function load(
  files: readonly { readonly text: string; readonly path: string }[],
  { script }: Loader,
): Promise<readonly string[]> {
  const counts: string[] = [];
  for (let at = 0; at < files.length; at += BATCH) {
    const paths = files.slice(at, at + BATCH).map(({ path }) => path);
    const loop = `for file in "$@"; do (${script}) 2>/dev/null || echo refused; done`;
    counts.push(...(await runInNamespace(loop, paths)).trim().split('\n'));
  }
  if (counts[0] === 'refused') throw new Error(`the tool does not take the innocent text: ${script}`);
  return counts;
}

const PREPARE = `ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind`;

async function intoProxies({ strings, work }: InjectionRun): Promise<readonly InjectionResult[]> {
  const isHere = (program: string) =>
    spawnSync(program, ['-v']).error === undefined && probeKernel('legacy', 'ipv4') === undefined;
  const results: InjectionResult[] = [];
  for (const emitter of ['haproxy', 'nginx'] as const) {
    const print = (frontends: readonly Frontend[]) =>
      emitter === 'haproxy'
        ? [...printHAProxy(frontends, ['head'], false)].join('')
        : [...printNginx(frontends, ['head'], false, 250)].join('');
    const accepted: Frontend[] = [];
    for (const [i, text] of strings.entries()) {
      const frontend: Frontend = {
        name: text,
        family: 'IPv4',
        protocol: 'TCP',
        listeners: [{ address: `127.0.${i >> 12}.1`, port: 10_000 + (i & 4095) }],
        origin: 'TCP 10.96.0.1:80',
        endpoints: ['127.0.0.2:80'],
        affinitySeconds: i % 2,
      };
      try {
        print([frontend]);
        accepted.push(frontend);
      } catch {
        // Counted below.
      }
    }
    const refused = strings.length - accepted.length;
    const extra: string[] = [];
    if (isHere(emitter)) {
      for (let at = 0; at < accepted.length; at += BATCH) {
        const batch = accepted.slice(at, at + BATCH);
        const file = join(work, `${emitter}-${at}.cfg`);
        writeFileSync(file, print(batch));
        const listening = await countListeners(emitter, file, batch.length);
        if (listening !== batch.length) extra.push(`${listening} listeners of ${batch.length} in ${file}`);
      }
    }
    results.push({
      emitter,
      tool: isHere(emitter) ? emitter : undefined,
      refused,
      written: accepted.length,
      unloadable: 0,
      extra,
    });
  }
  return results;
}

/** What the proxy listens on in the end. */
async function countListeners(program: 'haproxy' | 'nginx', file: string, expected: number): Promise<number> {
  const command =
    program === 'haproxy' ? 'haproxy -db -f "$1"' : 'nginx -e stderr -c "$1" -g "daemon off; pid $1.pid;"';
  const script = `${PREPARE}
    count() { ss -Hltn | wc -l; }
    ${command} >&2 & proxy=$!
    for i in $(seq 100); do [ "$(count)" -lt ${expected} ] || break; sleep 0.1; done
    count; kill $proxy; wait $proxy || true`;
  return Number(await runInNamespace(script, [file]));
}

function intoZone({ strings, work }: InjectionRun): InjectionResult {
  const zone = 'cluster.local.';
  const records: DnsRecord[] = [
    {
      kind: 'SOA',
      name: zone,
      ttl: 5,
      nameServer: `ns.${zone}`,
      mailbox: `hostmaster.${zone}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: 5,
    },
    { kind: 'NS', name: zone, ttl: 5, target: 'ns.example.org.' },
  ];
  let refused = 0;
  for (const [i, text] of strings.entries()) {
    const name = `${text}.x${i}.${zone}`;
    const record: DnsRecord = { kind: 'CNAME', name, ttl: 5, target: `${text}.example.org.` };
    // A name that no server could send is no name of a zone either.
    if (!isSendable(name) || !isSendable(record.target)) refused++;
    else records.push(record);
  }
  const file = join(work, 'zone');
  writeFileSync(file, [...zoneText({ name: zone, records: () => records } as never)].join(''));
  const flags = ['-D', '-s', 'full', '-o', '-', '-k', 'ignore', '-i', 'none'];
  const { status, stdout, stderr, error } = spawnSync('named-checkzone', [...flags, zone, file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const written = records.length - 2;
  if (error !== undefined)
    return { emitter: 'zone', tool: undefined, refused, written, unloadable: 0, extra: [] };
  const found = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(';')).length;
  const extra =
    status === 0 && found === records.length
      ? []
      : [`${found} records of ${records.length}: ${stdout}${stderr}`.slice(0, 500)];
  return { emitter: 'zone', tool: 'named-checkzone', refused, written, unloadable: 0, extra };
}

/** Names and values, and what a shell makes of the file. */
function intoEnvironment({ strings, work }: InjectionRun): InjectionResult {
  const accepted: { readonly name: string; readonly value: string }[] = [];
  let refused = 0;
  for (const [i, text] of strings.entries()) {
    for (const variable of [
      { name: text, value: 'x' },
      { name: `V${i}`, value: text },
      { name: `W${i}_${text}`, value: `tcp://${text}:80` },
    ]) {
      try {
        environmentText([variable], 'export');
        accepted.push(variable);
      } catch {
        refused++;
      }
    }
  }
  // What a shell cannot name is no injection, but would end the file.
  const named = accepted.filter(({ name }) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  const distinct = new Map(named.map((variable) => [variable.name, variable]));
  const file = join(work, 'environment');
  writeFileSync(file, environmentText([...distinct.values()], 'export'));
  const script = 'set -e; . "$1"; exec env -0';
  const { stdout, stderr } = spawnSync('env', ['-i', 'PATH=/usr/bin:/bin', 'sh', '-c', script, 'sh', file], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const found = stdout.split('\0').filter((each) => each !== '' && !/^(PATH|PWD|OLDPWD|SHLVL|_)=/.test(each));
  const wanted = new Set([...distinct.values()].map(({ name, value }) => `${name}=${value}`));
  const extra = found.filter((each) => !wanted.has(each));
  if (found.length !== wanted.size || stderr !== '')
    extra.push(`${found.length} variables of ${wanted.size}${stderr}`);
  return { emitter: 'env', tool: 'sh', refused, written: accepted.length, unloadable: 0, extra };
}

function located(text: string): LocatedFinding {
  const object = { kind: text, namespace: text, name: text };
  const origin = { file: text, document: 1, path: [] };
  const words = { code: 'admission', message: text, why: text, mend: text, field: text };
  const finding = {
    severity: 'error',
    ...words,
    object,
    origin,
    path: [],
    fingerprint: 'f'.repeat(32),
  } as const;
  return { finding, position: { line: 3, column: 5 } };
}

function intoLint({ strings, work }: InjectionRun): readonly InjectionResult[] {
  const report: LintReport = {
    findings: strings.map(located),
    suppressed: [],
    known: 0,
    objectCount: 1,
    rules: allRules(),
    version: '1.2.3',
  };
  const written = strings.length;
  const result = (
    emitter: string,
    tool: string | undefined,
    found: number,
    wanted: number,
  ): InjectionResult => {
    const extra = found === wanted ? [] : [`${found} instead of ${wanted}`];
    return { emitter, tool, refused: 0, written, unloadable: 0, extra };
  };
  const github = [...lintGithub(report)].join('');
  const annotations = github.split('\n').filter((line) => /^::(error|notice) /.test(line)).length;
  const lines = github.split('\n').length - 1;
  const sarif = JSON.parse(JSON.stringify(lintSarif(report))) as {
    runs: readonly { results: readonly unknown[] }[];
  };
  const chalk = style('never', { isTerminal: false, noColor: undefined });
  const text = [...lintText(report, chalk)].join('');
  const junit = join(work, 'junit.xml');
  writeFileSync(junit, [...lintJunit(report)].join(''));
  const xmllint = spawnSync('xmllint', ['--huge', '--xpath', 'count(//failure)', junit], {
    encoding: 'utf8',
  });
  const elements = [...lintJunit(report)].join('').match(/<failure[ >]/g)?.length ?? 0;
  const extraOfGithub = strings.length > 10 ? 1 : 0;
  return [
    result('GitHub annotations', undefined, Math.max(annotations, lines), written + extraOfGithub),
    result('SARIF', 'JSON.parse', sarif.runs.flatMap(({ results }) => results).length, written),
    result('terminal (lint)', undefined, text.trimEnd().split('\n').length, written * 3 + 1),
    xmllint.error === undefined
      ? result('JUnit', 'xmllint', Number(xmllint.stdout), elements)
      : result('JUnit', undefined, elements, written),
  ];
}

/** Foreign rules whose comments are hostile, against the same with innocent ones: no more lines, tags, nodes or edges. */
async function intoDiff({ strings, work }: InjectionRun): Promise<readonly InjectionResult[]> {
  const manifests = join(work, 'cluster.yaml');
  const items = CLEAN_OBJECTS.filter(({ kind }) => kind !== 'KubeProxyConfiguration');
  writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const compiled = await compileRaw(work, { node: 'node-0', mode: 'nftables' });
  const list = compiled.get('nftables.ipv4.list') as string;
  const dumpOf = (name: string, comments: readonly string[]) => {
    const rules = comments.map(
      (comment, i) => `\t\tip daddr 10.96.0.10 tcp dport 80 drop comment "${i} ${comment}"\n`,
    );
    const file = join(work, name);
    writeFileSync(file, list.replace(/^(\tchain services \{\n)/m, `$1${rules.join('')}`));
    return file;
  };
  const results: InjectionResult[] = [];
  for (const form of ['text', 'unified', 'markdown', 'mermaid', 'dot', 'prometheus', 'html']) {
    const shape = async (dump: string) => {
      const input = ['-f', manifests, '--node', 'node-0', '--mode', 'nftables', '--dump', dump];
      const page = join(work, 'page.html');
      const flags = form === 'html' ? ['--html', page] : ['-o', form];
      const { stdout } = await runCaptured(['diff', ...input, ...flags]);
      const text = form === 'html' ? readFileSync(page, 'utf8') : stdout;
      return { lines: text.split('\n').length, signs: structure(text, form) };
    };
    const extra: string[] = [];
    for (let at = 0; at < strings.length; at += SHOWN) {
      const comments = strings.slice(at, at + SHOWN).map((text) => text.replace(/[\n\0"]/g, '').slice(0, 60));
      const innocent = comments.map(() => 'innocent');
      const [clean, found] = [
        await shape(dumpOf('innocent.list', innocent)),
        await shape(dumpOf('hostile.list', comments)),
      ];
      if (found.lines !== clean.lines)
        extra.push(`${found.lines} lines instead of ${clean.lines} from ${at} on`);
      if (found.signs !== clean.signs)
        extra.push(`${found.signs} signs instead of ${clean.signs} from ${at} on`);
    }
    const written = strings.length;
    results.push({ emitter: `diff ${form}`, tool: undefined, refused: 0, written, unloadable: 0, extra });
  }
  return results;
}

/** How often stands what only the form itself may write. */
function structure(text: string, form: string): number {
  const signs: Readonly<Record<string, RegExp>> = {
    html: /<[a-z/!]/gi,
    markdown: /<[a-z!/]|@[a-z]|(?<!\\)\[/gi,
    mermaid: /-->|\n\s*(end|click|subgraph|style)\b|\["|"\]/g,
    dot: /->|(?<!\\)"/g,
  };
  const sign = signs[form];
  // In spans of code nothing is markup.
  const read = form === 'markdown' ? text.replace(/(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)/g, '') : text;
  return sign === undefined ? 0 : (read.match(sign)?.length ?? 0);
}
