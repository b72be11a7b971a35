/**
 * A comparison as a comment on a pull request. In: what differs. Out: Markdown below GitHub's limit. All text that may come
 * from elsewhere stands in code spans, in which nothing is markup.
 */
import type { ForeignRule, NodeDiff, ServiceChanges, Unknown } from '../diff/change.ts';
import type { Leftover } from '../diff/leftovers.ts';
import { answer, type DiffHead, LEFTOVER_EFFECT, leftoverTitle } from './diff-text.ts';
import { plainText } from './plain-text.ts';

/** GitHub takes 65,536 characters. */
export const MOST_CHARACTERS = 65_536;
/** For the line that says how much was left out. */
const RESERVE = 200;

export function diffMarkdown(diff: NodeDiff, { node, mode, release, against }: DiffHead): string {
  const names = [node, mode, `kube-proxy ${release}`, against].filter((name) => name !== '');
  const mark = diff.equal ? '✅' : '❌';
  let text = `### ${mark} ${answer(diff)}\n\n${names.map(code).join(' · ')}\n`;
  const blocks = [
    ...diff.services.map(serviceBlock),
    ...diff.foreign.map(foreignBlock),
    ...diff.leftovers.map(leftoverBlock),
    ...diff.unknown.map(unknownBlock),
  ];
  for (const [i, block] of blocks.entries()) {
    if (text.length + block.length > MOST_CHARACTERS - RESERVE) {
      return `${text}\n… and ${blocks.length - i} more: see the output of \`kubectl svcrules diff\`.\n`;
    }
    text += block;
  }
  return text;
}

function serviceBlock({
  namespace,
  name,
  portName,
  port,
  protocol,
  family,
  changes,
}: ServiceChanges): string {
  const title = portName === '' ? `${namespace}/${name}` : `${namespace}/${name}:${portName}`;
  const lines = changes.map(({ kind, consequence }) => `- **${kind}**: ${prose(consequence)}\n`);
  return `\n#### ${code(title)} ${protocol} ${port}, ${family}\n\n${lines.join('')}`;
}

function foreignBlock({ kind, family, table, chain, rule, consequence }: ForeignRule): string {
  const what = [chain === '' || rule.startsWith('-') ? '' : code(chain), rule === '' ? '' : code(rule)]
    .filter((each) => each !== '')
    .join(' ');
  return `\n- **${kind}** (${family}, table ${code(table)}): ${what === '' ? '' : `${what}: `}${prose(consequence)}\n`;
}

function leftoverBlock(left: Leftover): string {
  const lines = left.commands.map((command) => `  - ${code(command)}\n`);
  return `\n- **${leftoverTitle(left)}**: ${LEFTOVER_EFFECT}:\n\n${lines.join('')}`;
}

function unknownBlock({ rule, consequence }: Unknown): string {
  return `\n- **cannot tell**: ${rule === undefined ? '' : `${code(rule)}: `}${prose(consequence)}\n`;
}

/** In backticks, more of them than the text has in a row. */
function code(text: string): string {
  const plain = plainText(text);
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = plain.startsWith('`') || plain.endsWith('`') || plain === '' ? ' ' : '';
  return `${fence}${pad}${plain}${pad}${fence}`;
}

/** Our own sentence, with names of others in it. */
function prose(text: string): string {
  return plainText(text).replace(/[\\`*_{}[\]<>#|~@!]/g, (character) =>
    character === '<'
      ? '&lt;'
      : character === '>'
        ? '&gt;'
        : character === '@'
          ? '@\u200b'
          : `\\${character}`,
  );
}
