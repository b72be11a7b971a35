/** One input of a run. In: seeds, the run's number and the input's. Out: the same bytes for the same numbers, anywhere. */
import { seededRandom } from '../support/hostile-strings.ts';

/** What parsers look for, and what breaks out of where it stands. */
const TOKENS: readonly string[] = [
  ...[
    '\0',
    '\n',
    '\r',
    '\r\n',
    '\t',
    ' ',
    '"',
    "'",
    '\\',
    '\\"',
    '`',
    '$(x)',
    ';',
    '#',
    '--',
    '-j',
    '!',
    '\u0085',
    '\u2028',
  ],
  ...[
    '\ufeff',
    '\u202e',
    '\ud83d\ude00',
    '{',
    '}',
    '[',
    ']',
    '(',
    ')',
    ':',
    ': ',
    ',',
    '.',
    '/',
    '-',
    '@',
    '%0A',
    '&a ',
    '*a',
  ],
  ...[
    '<<: ',
    '? ',
    '- ',
    '---\n',
    '...\n',
    '|',
    '>',
    '!!',
    '!<',
    '%YAML 1.1\n',
    '__proto__',
    'constructor',
    '~',
    'null',
  ],
  ...[
    '-1',
    '0',
    '0x7fffffff',
    '4294967296',
    '18446744073709551616',
    '1e999',
    'NaN',
    '::',
    'ff',
    '/129',
    '[0:0]',
  ],
  ...[
    'COMMIT\n',
    '*nat\n',
    '-A ',
    ':KUBE - [0:0]\n',
    'table ip x {\n',
    'elements = { ',
    'comment "',
    'create x hash:ip\n',
  ],
];

const INVALID: readonly Buffer[] = [
  Buffer.from([0xff]),
  Buffer.from([0xc3]),
  Buffer.from([0xed, 0xa0, 0x80]),
  Buffer.from([0xff, 0xfe]),
  Buffer.from([0xfe, 0xff]),
];

/** No input grows beyond it. */
const LONGEST = 16_384;

export function mutant(seeds: readonly Buffer[], seed: number, number: number): Buffer {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b));
  const below = (end: number) => Math.floor(random() * end);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  let bytes = pick(seeds);
  for (let left = 1 + below(random() < 0.1 ? 40 : 5); left > 0; left--) {
    const at = below(bytes.length + 1);
    const end = at + below(Math.min(bytes.length - at, random() < 0.2 ? 2000 : 20) + 1);
    const [head, middle, tail] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
    switch (below(8)) {
      case 0:
        bytes = Buffer.concat([head, Buffer.from([below(256)]), bytes.subarray(at + 1)]);
        break;
      case 1:
      case 2:
        bytes = Buffer.concat([head, Buffer.from(pick(TOKENS)), random() < 0.5 ? tail : bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([head, tail]);
        break;
      case 4: {
        const copies = Array.from({ length: 1 + below(random() < 0.1 ? 200 : 3) }, () => middle);
        bytes = Buffer.concat([head, middle, ...copies, tail]);
        break;
      }
      case 5: {
        const other = pick(seeds);
        const from = below(other.length + 1);
        bytes = Buffer.concat([head, other.subarray(from, from + below(200)), tail]);
        break;
      }
      case 6:
        bytes = Buffer.concat([head, pick(INVALID), tail]);
        break;
      default:
        bytes = random() < 0.3 ? head : Buffer.concat([tail, head]);
    }
    if (bytes.length > LONGEST) bytes = bytes.subarray(0, LONGEST);
  }
  return bytes;
}
