/**
 * The reference of the commands, made from what their help says. In: the program. Out: a page in Markdown for each command, and
 * the manual page.
 */
import type { Command, Option } from 'commander';

export interface ReferencePage {
  /** `dns-query.md` */
  readonly file: string;
  readonly text: string;
}

/** What is told of a command elsewhere, from docs/reference. */
const GUIDES: Readonly<Record<string, readonly (readonly [file: string, title: string])[]>> = {
  compile: [
    ['../live-cluster.md', 'reading a live cluster'],
    ['../watch.md', '--watch'],
    ['../ipvs.md', 'mode ipvs'],
    ['../userspace.md', 'mode userspace'],
  ],
  env: [['../watch.md', '--watch']],
  endpoints: [['../watch.md', '--watch']],
  trace: [['../trace.md', 'following a packet']],
  diff: [
    ['../diff.md', 'comparing a node with what it should have'],
    ['../monitoring.md', 'watching nodes'],
  ],
  explain: [['../explain.md', 'one Service']],
  lint: [['../lint/README.md', 'the rules']],
  dns: [['../dns.md', 'the cluster DNS']],
};

export function referencePages(program: Command): readonly ReferencePage[] {
  const commands = allCommands(program);
  const index = commands.map(
    (command) => `| [${pathOf(command)}](${fileOf(command)}) | ${cell(command.description())} |\n`,
  );
  const readme = `# Commands\n\n${program.description()}\n\n| command | |\n|---|---|\n${index.join('')}`;
  return [
    { file: 'README.md', text: `${readme}\nMade from \`--help\` by \`npm run reference\`.\n` },
    ...commands.map((command) => ({ file: fileOf(command), text: pageText(command) })),
  ];
}

/** With the commands below them. */
function allCommands(command: Command): readonly Command[] {
  return command.commands.flatMap((each) => [each, ...allCommands(each)]);
}

/** `dns query` */
function pathOf(command: Command): string {
  return command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function fileOf(command: Command): string {
  return `${pathOf(command).replace(' ', '-')}.md`;
}

function usageOf(command: Command): string {
  return command.createHelp().commandUsage(command);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function pageText(command: Command): string {
  const parts = [
    `# ${pathOf(command)}`,
    sentence(command.description()),
    `    ${usageOf(command)}`,
    ...command.registeredArguments.map((each) => `\`${each.name()}\`: ${each.description}`),
  ];
  if (command.options.length > 0) {
    const rows = command.options.map((option) => `| \`${option.flags}\` | ${cell(optionText(option))} |\n`);
    parts.push(`| flag | |\n|---|---|\n${rows.join('').trimEnd()}`);
  }
  const below = command.commands.map((each) => `[${pathOf(each)}](${fileOf(each)}): ${each.description()}`);
  if (below.length > 0) parts.push(`Below it: ${below.join('; ')}.`);
  const guides = GUIDES[pathOf(command)] ?? [];
  if (guides.length > 0)
    parts.push(`More: ${guides.map(([file, title]) => `[${title}](${file})`).join(' · ')}`);
  return `${parts.join('\n\n')}\n`;
}

/** A cell of a table in Markdown. */
function cell(text: string): string {
  return text.replace(/\|/g, '\\|').replace(/</g, '&lt;');
}

/** As `--help` says it, with choices and default. */
function optionText(option: Option): string {
  const { argChoices, defaultValue, description, mandatory } = option;
  const facts = [];
  if (mandatory) facts.push('required');
  if (argChoices !== undefined) facts.push(`one of ${argChoices.join(', ')}`);
  const isShown =
    defaultValue !== undefined && typeof defaultValue !== 'boolean' && !Array.isArray(defaultValue);
  if (isShown) facts.push(`default: ${defaultValue}`);
  return facts.length === 0 ? description : `${description} (${facts.join('; ')})`;
}

/** In roff, with the macros of man(7). */
export function manualPage(program: Command): string {
  const lines = [
    '.TH KUBECTL\\-SVCRULES 1 "" "kubectl\\-svcrules" "User Commands"',
    '.SH NAME',
    `kubectl\\-svcrules \\- ${roff(lowerFirst(program.description().replace(/\.$/, '')))}`,
    '.SH SYNOPSIS',
    '.B kubectl svcrules',
    '.I command',
    '.RI [ flags ]',
    '.SH DESCRIPTION',
    ...DESCRIPTION.map(roff),
    '.SH COMMANDS',
    ...allCommands(program).flatMap(commandLines),
    '.SH EXIT STATUS',
    ...pairs(STATUSES),
    '.SH ENVIRONMENT',
    ...pairs(ENVIRONMENT),
    '.SH FILES',
    ...pairs([['.svcrules.yaml', 'configuration of lint, in the folder in which it runs']]),
    '.SH SEE ALSO',
    '.BR kubectl (1),',
    '.BR iptables\\-save (8),',
    '.BR nft (8),',
    '.BR ipvsadm (8)',
  ];
  return `${lines.join('\n')}\n`;
}

const DESCRIPTION = [
  'Says what a node does with every Kubernetes Service: compiles manifests or a live cluster into the rules that kube-proxy programs on a given node, compares them with the rules that a host has, follows a packet, explains a Service and checks manifests.',
  'It only reads: nothing is ever written to a cluster or to the rules of a host. Without -f the cluster is read that kubectl talks to.',
];

type Pair = readonly [term: string, text: string];

const STATUSES: readonly Pair[] = [
  ['0', 'done; both sides are the same; no finding that counts'],
  ['1', 'a comparison found differences or could not tell; lint has findings that count'],
  ['2', 'wrong usage, an object that Kubernetes would refuse, or something outside failed'],
];

const ENVIRONMENT: readonly Pair[] = [
  ['KUBECTL_PATH', 'the kubectl that is run to read a cluster'],
  ['KUBECTL_EXTERNAL_DIFF', 'the program that shows diff -o unified'],
  ['NO_COLOR', 'no colors'],
];

function commandLines(command: Command): readonly string[] {
  return [
    `.SS ${roff(usageOf(command).replace('kubectl svcrules ', ''))}`,
    roff(sentence(command.description())),
    ...command.options.flatMap((option) => pair([option.flags, optionText(option)])),
  ];
}

function pairs(all: readonly Pair[]): readonly string[] {
  return all.flatMap(pair);
}

function pair([term, text]: Pair): readonly string[] {
  return ['.TP', `.B ${roff(term)}`, roff(text)];
}

/** Text that holds nothing which roff would take for more: a dot or an apostrophe that begins a line is a macro. */
function roff(text: string): string {
  const escaped = text.replace(/\\/g, '\\e').replace(/-/g, '\\-').replace(/"/g, '\\(dq');
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
