/**
 * A comparison as one page that needs nothing else. In: what differs. Out: HTML without scripts, which may load nothing. All
 * text that comes from elsewhere goes through `html`, and stands between tags, never within one.
 */

import type { NodeDiff, ServiceChanges, Unknown } from '../diff/change.ts';
import type { Leftover } from '../diff/leftovers.ts';
import {
  type AlikeRules,
  alike,
  alikeTitle,
  answer,
  type DiffHead,
  foreignPlace,
  LEFTOVER_EFFECT,
  leftoverTitle,
  portPlace,
  sameServices,
  stalePlace,
  staleTitle,
} from './diff-text.ts';
import { plainText } from './plain-text.ts';

const STYLE = `
:root { color-scheme: light dark; --line: #d0d7de; --dim: #59636e; --wrong: #cf222e; --right: #1a7f37; --open: #9a6700; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3d444d; --dim: #9198a1; --wrong: #f85149; --right: #3fb950; --open: #d29922; }
}
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; } h3 { font-size: 1rem; font-weight: normal; }
section { border-top: 1px solid var(--line); } p.of, h3, .where { color: var(--dim); }
code { font: 0.85em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.right { color: var(--right); } .wrong { color: var(--wrong); } .open { color: var(--open); }
`;

export function diffHtml(diff: NodeDiff, { node, mode, release, against }: DiffHead): string {
  const names = [node, mode, `kube-proxy ${release}`, against].filter((name) => name !== '');
  const title = `${node === '' ? '' : `${node}: `}${answer(diff)}`;
  const parts = [
    ...alike(diff.foreign).map(foreignSection),
    ...diff.leftovers.map(leftoverSection),
    ...byService(diff.services).map(serviceSection),
    ...diff.unknown.map(unknownSection),
  ];
  const same = sameServices(diff);
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${html(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    `<h1 class="${diff.equal ? 'right' : 'wrong'}">${diff.equal ? '✓' : '✗'} ${html(answer(diff))}</h1>`,
    `<p class="of">${html(names.join(' · '))}</p>`,
    ...parts,
    ...(same === '' ? [] : [`<section>\n<p>${html(same)}</p>\n</section>`]),
    ...staleSection(diff),
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Between tags; quotes too, so that no mistake here opens an attribute. */
function html(text: string): string {
  return plainText(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

function byService(services: readonly ServiceChanges[]): readonly (readonly ServiceChanges[])[] {
  const groups = new Map<string, ServiceChanges[]>();
  for (const each of services) {
    const key = `${each.namespace}/${each.name}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [each]);
    else known.push(each);
  }
  return [...groups.values()];
}

function serviceSection(ports: readonly ServiceChanges[]): string {
  const { namespace, name } = ports[0] as ServiceChanges;
  return section(`<span class="wrong">✗</span> ${html(`${namespace}/${name}`)}`, ports.flatMap(portLines));
}

function portLines(port: ServiceChanges): readonly string[] {
  const name = port.portName === '' ? '' : `<b>${html(port.portName)}</b> `;
  return [
    `<h3>${name}${html(portPlace(port))}</h3>`,
    ...list(port.changes.map(({ kind, consequence }) => `<code>${html(kind)}</code> ${html(consequence)}`)),
  ];
}

function leftoverSection(left: Leftover): string {
  return section(`<span class="wrong">✗</span> ${html(leftoverTitle(left))}`, [
    `<p>${html(LEFTOVER_EFFECT)}</p>`,
    ...list(left.commands.map((command) => `<code>${html(command)}</code>`)),
  ]);
}

function foreignSection(rules: AlikeRules): string {
  const [{ family, consequence }] = rules;
  return section(`<span class="wrong">✗</span> ${html(alikeTitle(rules))}`, [
    `<p>${html(consequence)} <span class="where">(${html(family)})</span></p>`,
    ...list(rules.map((rule) => `<code>${html(foreignPlace(rule))}</code>`)),
  ]);
}

function unknownSection({ rule, consequence, table, chain, open }: Unknown): string {
  const place =
    table === undefined ? '' : ` <span class="where">table ${html(table)}, chain ${html(chain ?? '')}</span>`;
  return section(`<span class="open">${open ? '?' : '·'}</span> cannot tell${place}`, [
    `<p>${html(consequence)}</p>`,
    ...(rule === undefined ? [] : list([`<code>${html(rule)}</code>`])),
  ]);
}

function staleSection(diff: NodeDiff): readonly string[] {
  if (diff.stale.length === 0) return [];
  const chains = list(diff.stale.map((each) => `<code>${html(stalePlace(each))}</code>`));
  return [`<details>\n<summary>${html(staleTitle(diff))}</summary>\n${chains.join('\n')}\n</details>`];
}

/** @param title and lines are HTML */
function section(title: string, lines: readonly string[]): string {
  return `<section>\n<h2>${title}</h2>\n${lines.join('\n')}\n</section>`;
}

function list(items: readonly string[]): readonly string[] {
  return ['<ul>', ...items.map((item) => `<li>${item}</li>`), '</ul>'];
}
