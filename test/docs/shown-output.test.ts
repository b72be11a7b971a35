import { describe, expect, it } from 'vitest';
import { documentedCommands } from './documented-commands.ts';
import { agrees, brought } from './shown-output.ts';

const lines = (text: string) => text.split(' ');

describe('what is shown', () => {
  it.each([
    ['a b', 'a b', true],
    ['a', 'a b', false],
    ['a b', 'a', false],
    ['a …', 'a b c', true],
    ['a …', 'a', false],
    ['… c', 'a b c', true],
    ['a … c … d', 'a b c x c y d', true],
    ['a … d', 'a b c', false],
    ['x…y', 'x12y', true],
    ['x…y', 'x12', false],
    ['x.y', 'x1y', false],
  ])('%s of %s: %s', (shown, printed, result) => {
    expect(agrees(lines(shown), lines(printed))).toBe(result);
  });

  it.each([
    ['agrees already', 'a …', 'a b c', 'a …'],
    ['was whole, and is whole again', 'a b', 'a c d', 'a c d'],
    ['is cut where it was cut', '… b … d', 'a b x c d', '… b … d'],
    ['loses a cut of nothing', 'a … b', 'a b', 'a b'],
    ['loses a line that is not printed any more', 'a b …', 'a c d', 'a …'],
    ['shows nothing of nothing', 'a …', '', ''],
  ])('%s: %s of %s is %s', (_what, shown, printed, result) => {
    const split = (text: string) => (text === '' ? [] : lines(text));
    expect(brought(split(shown), split(printed))).toEqual(split(result));
  });

  it('takes the line that is most like the one before', () => {
    const printed = ['-A X -j A', '-A Y -d 10.0.0.2/32 -j B', '-A Z -j C'];
    expect(brought(['…', '-A Y -d 10.0.0.1/32 -j B', '…'], printed)).toEqual(['…', printed[1], '…']);
  });
});

describe('the commands of a page', () => {
  const FENCE = '```';

  it('are those of terminals, shells and indented lines', () => {
    const page = [
      'Text.',
      '',
      '    kubectl svcrules dns',
      '',
      `${FENCE}console exit=1`,
      '$ kubectl svcrules diff \\',
      '    --host',
      'one',
      '$ true',
      FENCE,
      '',
      FENCE,
      'npm ci',
      FENCE,
    ];
    expect(documentedCommands(page.join('\n'))).toEqual([
      { line: 3, command: 'kubectl svcrules dns', shown: undefined },
      {
        line: 6,
        command: 'kubectl svcrules diff --host',
        shown: { lines: ['one'], from: 7, exitStatus: 0 },
      },
      { line: 9, command: 'true', shown: { lines: [], from: 9, exitStatus: 1 } },
      { line: 13, command: 'npm ci', shown: undefined },
    ]);
  });

  it('are those that drew its drawings', () => {
    const page = [
      '<!-- exit=1 $ kubectl svcrules diff -o mermaid -->',
      `${FENCE}mermaid`,
      'flowchart LR',
      FENCE,
    ];
    expect(documentedCommands(page.join('\n'))).toEqual([
      {
        line: 1,
        command: 'kubectl svcrules diff -o mermaid',
        shown: { lines: ['flowchart LR'], from: 2, exitStatus: 1 },
      },
    ]);
  });

  it.each([
    ['a command in a fence of another language', `${FENCE}text\nkubectl svcrules dns\n${FENCE}`],
    ['an output without a command', `${FENCE}console\none\n${FENCE}`],
    ['a fence without an end', `${FENCE}console\n$ true`],
    ['a fence within a list, which would not be seen', `- one\n\n  ${FENCE}console\n  $ true\n  ${FENCE}`],
  ])('refuses %s', (_what, page) => {
    expect(() => documentedCommands(page)).toThrow(/line \d/);
  });
});
