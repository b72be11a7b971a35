/** The page of a rule, in Markdown. In: the rule's data. Out: what `lint rules ID` prints and what stands in `docs/lint`. */
import type { RuleDescription, RuleExample } from '../lint/rule.ts';

export function ruleDoc({ id, title, severity, what, why, mend, invalid, valid }: RuleDescription): string {
  return [
    `# ${id}`,
    '',
    `${title}. Severity: ${severity}.`,
    '',
    what,
    '',
    `**Why.** ${why}.`,
    '',
    `**How to mend it.** ${mend}.`,
    '',
    ...invalid.flatMap((example) => exampleDoc('Invalid', example)),
    ...valid.flatMap((example) => exampleDoc('Valid', example)),
    '## To ignore it',
    '',
    'For one object, with the reason:',
    '',
    '```yaml',
    'metadata:',
    '  annotations:',
    `    svcrules.dev/ignore.${id}: "why it does not matter here"`,
    '```',
    '',
    `Everywhere: \`--skip ${id}\`.`,
    '',
  ].join('\n');
}

function exampleDoc(kind: string, { title, manifest, excerpt }: RuleExample): string[] {
  return [`## ${kind}: ${title}`, '', '```yaml', (excerpt ?? manifest).trimEnd(), '```', ''];
}

/** The list of all rules, as a Markdown table that links to their pages. */
export function ruleIndexDoc(rules: readonly RuleDescription[]): string {
  return [
    '# Rules of lint',
    '',
    'Made by `node scripts/generate-lint-docs.js` from the rules themselves. [public-manifests.md](public-manifests.md) shows what they find',
    'in manifests that many people apply, [comparison.md](comparison.md) what other linters find of the same faults.',
    '',
    '| rule | severity | |',
    '|---|---|---|',
    ...rules.map(({ id, severity, title }) => `| [${id}](${id}.md) | ${severity} | ${title} |`),
    '',
  ].join('\n');
}
