/**
 * The line of a base chain that says where packets enter it. In: its words, or the hook. Out: the hook with its priority as
 * a number, or the line as nft prints it.
 */
import type { ListedHook, TableFamily } from './listed.ts';
import type { ListedWords } from './listed-lexer.ts';

const FAMILIES: ReadonlySet<string> = new Set<TableFamily>(['ip', 'ip6', 'inet', 'arp', 'bridge', 'netdev']);

export function isFamily(word: string): word is TableFamily {
  return FAMILIES.has(word);
}

interface NamedPriority {
  readonly name: string;
  readonly value: number;
  /** The one hook for which nft prints it; where absent, all. */
  readonly hook?: string;
}

const IP_PRIORITIES: readonly NamedPriority[] = [
  { name: 'raw', value: -300 },
  { name: 'mangle', value: -150 },
  { name: 'dstnat', value: -100, hook: 'prerouting' },
  { name: 'filter', value: 0 },
  { name: 'security', value: 50 },
  { name: 'srcnat', value: 100, hook: 'postrouting' },
];
const BRIDGE_PRIORITIES: readonly NamedPriority[] = [
  { name: 'dstnat', value: -300, hook: 'prerouting' },
  { name: 'filter', value: -200 },
  { name: 'out', value: 100, hook: 'output' },
  { name: 'srcnat', value: 300, hook: 'postrouting' },
];
const OTHER_PRIORITIES: readonly NamedPriority[] = [{ name: 'filter', value: 0 }];

/** How far from a named priority nft counts from it. */
const REACH = 10;

function prioritiesOf(family: TableFamily): readonly NamedPriority[] {
  switch (family) {
    case 'ip':
    case 'ip6':
    case 'inet':
      return IP_PRIORITIES;
    case 'bridge':
      return BRIDGE_PRIORITIES;
    case 'arp':
    case 'netdev':
      return OTHER_PRIORITIES;
    default:
      return family satisfies never;
  }
}

/** `type filter hook ingress devices = { eth0, eth1 } priority filter - 10; policy drop;` */
export function readHook(words: ListedWords, family: TableFamily): ListedHook | undefined {
  const type = words.peek(1);
  const hook = words.peek(3);
  if (words.peek() !== 'type' || words.peek(2) !== 'hook' || hook === '') return undefined;
  if (type !== 'filter' && type !== 'nat' && type !== 'route') return undefined;
  words.at = 4;
  const devices = readDevices(words);
  if (devices === undefined || !words.take('priority')) return undefined;
  const priority = readPriority(words, family);
  words.take(';');
  let policy: string | undefined = 'accept';
  if (words.take('policy')) policy = words.takeAny();
  words.take(';');
  if (priority === undefined || (policy !== 'accept' && policy !== 'drop') || !words.isAtEnd)
    return undefined;
  return { type, hook, priority, policy, ...(devices.length === 0 ? {} : { devices }) };
}

/** None where none are named; undefined where what stands there is not understood. */
function readDevices(words: ListedWords): readonly string[] | undefined {
  if (words.take('device')) {
    const device = words.takeAny();
    return device === undefined ? undefined : [device];
  }
  if (!words.take('devices')) return [];
  if (!words.take('=') || !words.take('{')) return undefined;
  const devices: string[] = [];
  for (;;) {
    const device = words.takeAny();
    if (device === undefined) return undefined;
    devices.push(device);
    if (words.take('}')) return devices;
    if (!words.take(',')) return undefined;
  }
}

/** `-110`, `dstnat - 10` */
function readPriority(words: ListedWords, family: TableFamily): number | undefined {
  const word = words.takeAny() ?? '';
  if (/^-?[0-9]{1,10}$/.test(word)) return Number(word);
  const named = prioritiesOf(family).find(({ name }) => name === word);
  const sign = words.peek();
  if (named === undefined || (sign !== '+' && sign !== '-')) return named?.value;
  const offset = words.peek(1);
  if (!/^[0-9]{1,10}$/.test(offset)) return undefined;
  words.at += 2;
  return named.value + (sign === '+' ? Number(offset) : -Number(offset));
}

export function printHook(
  { type, hook, priority, policy, devices = [] }: ListedHook,
  family: TableFamily,
): string {
  const [device] = devices;
  const at =
    device === undefined
      ? ''
      : devices.length === 1
        ? ` device "${device}"`
        : ` devices = { ${devices.map((name) => `"${name}"`).join(', ')} }`;
  return `type ${type} hook ${hook}${at} priority ${printPriority(priority, family, hook)}; policy ${policy};`;
}

function printPriority(priority: number, family: TableFamily, hook: string): string {
  const near = prioritiesOf(family).find(
    (named) => Math.abs(named.value - priority) <= REACH && (named.hook === undefined || named.hook === hook),
  );
  if (near === undefined) return `${priority}`;
  const offset = priority - near.value;
  return offset === 0 ? near.name : `${near.name} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
}
