/**
 * Prints a table as text for nft, and as JSON.
 *
 * In: a ruleset. Out: the transaction that puts it into the kernel; the list that `nft -s list table` prints then, in the
 * oracle's normal form (objects by kind and name, one element a line, sorted as text); the typed objects.
 */
import { compareStrings } from '../../shared/ordering.ts';
import { checkedName, checkedWord } from './checked.ts';
import { spellNetwork } from './networks.ts';
import { printComment, printRule, printVerdict, type Spelling } from './print-rule.ts';
import type { BaseChainHook, Chain, Element, NamedSet, Ruleset, VerdictMap } from './ruleset.ts';

const TABLE = 'kube-proxy';
/** Texts are handed on in pieces of about this many characters. */
const PIECE = 1 << 18;

/** What `nft -f` takes: replaces the whole table, or changes nothing. */
export function* printTransaction(ruleset: Ruleset): Generator<string> {
  const table = `table ${ruleset.word} ${TABLE}`;
  // The table is added first because one that is not there cannot be deleted.
  yield `add ${table}\ndelete ${table}\n`;
  yield* pieces(tableBlock(ruleset, transactionBlocks(ruleset)));
}

/** What `nft -s list table` prints of it, in normal form. */
export function printList(ruleset: Ruleset): Generator<string> {
  return pieces(tableBlock(ruleset, listBlocks(ruleset)));
}

/** `{"table":{…},"counters":[…],"sets":[…],"maps":[…],"chains":[…]}`, an object a line, each list sorted by name. */
export function printJSON(ruleset: Ruleset): Generator<string> {
  return pieces(jsonTexts(ruleset));
}

function* jsonTexts(ruleset: Ruleset): Generator<string> {
  const { word, counters, servicePorts, sets, maps, chains } = ruleset;
  yield `{"table":${JSON.stringify({ family: word, name: TABLE })}`;
  yield* jsonList(
    'counters',
    counters.map((name) => ({ name })),
  );
  yield* jsonList('sets', allOf(sets, servicePorts, ruleset.ownSets));
  yield* jsonList('maps', maps);
  yield* jsonList('chains', allOf(chains, servicePorts, ruleset.ownChains));
  yield '}';
}

function* jsonList(name: string, objects: Iterable<{ readonly name: string }>): Generator<string> {
  let before = `,"${name}":[\n`;
  for (const text of sortedTexts(objects, (object) => JSON.stringify(object))) {
    yield `${before}${text}`;
    before = ',\n';
  }
  yield before === ',\n' ? ']' : `,"${name}":[]`;
}

function* tableBlock({ word }: Ruleset, blocks: Iterable<string>): Generator<string> {
  yield `table ${word} ${TABLE} {\n\t${printComment('rules for kube-proxy')}\n`;
  let isFirst = true;
  for (const block of blocks) {
    yield isFirst ? block : `\n${block}`;
    isFirst = false;
  }
  yield '}\n';
}

/** In the order in which they are compiled, so that none has to be kept. */
function* transactionBlocks(ruleset: Ruleset): Generator<string> {
  const { servicePorts, counters, sets, maps, chains } = ruleset;
  for (const name of counters) yield printCounter(name);
  for (const set of allOf(sets, servicePorts, ruleset.ownSets)) yield printSet(set);
  for (const map of maps) yield printMap(map);
  for (const chain of allOf(chains, servicePorts, ruleset.ownChains)) yield printChain(chain, 'written');
}

function* listBlocks(ruleset: Ruleset): Generator<string> {
  const { servicePorts, counters, sets, maps, chains } = ruleset;
  yield* [...counters].sort(compareStrings).map(printCounter);
  yield* sortedTexts(allOf(sets, servicePorts, ruleset.ownSets), printSet);
  yield* sortedTexts(maps, printMap);
  yield* sortedTexts(allOf(chains, servicePorts, ruleset.ownChains), (chain) => printChain(chain, 'listed'));
}

function* allOf<P, T>(
  shared: readonly T[],
  ports: readonly P[],
  own: (port: P) => readonly T[],
): Generator<T> {
  yield* shared;
  for (const port of ports) yield* own(port);
}

/** Only the texts are kept, which are smaller than the objects. */
function sortedTexts<T extends { readonly name: string }>(
  objects: Iterable<T>,
  print: (object: T) => string,
): readonly string[] {
  const texts: { readonly name: string; readonly text: string }[] = [];
  for (const object of objects) texts.push({ name: object.name, text: print(object) });
  return texts.sort((a, b) => compareStrings(a.name, b.name)).map(({ text }) => text);
}

function* pieces(texts: Iterable<string>): Generator<string> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length > PIECE) {
      yield piece;
      piece = '';
    }
  }
  yield piece;
}

function printCounter(name: string): string {
  return `\tcounter ${checkedName(name)} {\n\t}\n`;
}

function printSet({ name, type, size, flags, timeoutSeconds, comment, elements }: NamedSet): string {
  let text = `\tset ${checkedName(name)} {\n\t\ttype ${type.join(' . ')}\n`;
  if (size !== undefined) text += `\t\tsize ${size}\n`;
  if (flags.length > 0) text += `\t\tflags ${flags.join(',')}\n`;
  if (timeoutSeconds !== undefined) text += `\t\ttimeout ${printSeconds(timeoutSeconds)}\n`;
  if (comment !== undefined) text += `\t\t${printComment(comment)}\n`;
  return `${text}${printElements(elements)}\t}\n`;
}

function printMap({ name, type, comment, elements }: VerdictMap): string {
  const head = `\tmap ${checkedName(name)} {\n\t\ttype ${type.join(' . ')} : verdict\n`;
  return `${head}\t\t${printComment(comment)}\n${printElements(elements)}\t}\n`;
}

function printElements(elements: readonly Element[]): string {
  if (elements.length === 0) return '';
  const lines = elements.map(printElement).sort(compareStrings);
  return `\t\telements = {\n${lines.map((line) => `\t\t\t${line},\n`).join('')}\t\t}\n`;
}

/** `10.96.0.10 . tcp . 80 comment "ns/svc:p" : goto reject-chain` */
function printElement({ key, comment, verdict }: Element): string {
  let text = key.map((part) => checkedWord(spellNetwork(part))).join(' . ');
  if (comment !== undefined) text += ` ${printComment(comment)}`;
  return verdict === undefined ? text : `${text} : ${printVerdict(verdict)}`;
}

function printChain({ name, hook, comment, rules }: Chain, spelling: Spelling): string {
  let text = `\tchain ${checkedName(name)} {\n`;
  if (hook !== undefined) text += `\t\t${printHook(hook)}\n`;
  if (comment !== undefined) text += `\t\t${printComment(comment)}\n`;
  for (const rule of rules) text += `\t\t${printRule(rule, spelling)}\n`;
  return `${text}\t}\n`;
}

function printHook({ type, hook, priority }: BaseChainHook): string {
  return `type ${type} hook ${hook} priority ${printPriority(hook, priority)}; policy accept;`;
}

/** nft knows names for priorities, each in the hooks where it makes sense, and counts from those that are near. */
function printPriority(hook: BaseChainHook['hook'], priority: number): string {
  const [name, value] =
    hook === 'prerouting' && priority < -50
      ? (['dstnat', -100] as const)
      : hook === 'postrouting' && priority > 50
        ? (['srcnat', 100] as const)
        : (['filter', 0] as const);
  const offset = priority - value;
  if (offset === 0) return name;
  // Ten steps at most.
  if (Math.abs(offset) > 10) return `${priority}`;
  return `${name} ${offset < 0 ? '-' : '+'} ${Math.abs(offset)}`;
}

/** `3h`, `1d2h3m4s`. */
function printSeconds(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.map(([count, unit]) => (count === 0 ? '' : `${count}${unit}`)).join('');
}
