/**
 * Reads what `nft -j list ruleset` prints, by libnftables-json(5). In: the text. Out: the same typed tables as of the list
 * in text; all lines are 1, for it is one. No text makes it throw.
 *
 * nft 1.0.6 leaves out of its JSON: comments of tables and chains, the flags of tables, the devices of chains, `dynamic`,
 * `typeof`, `auto-merge`.
 */
import {
  asNumber,
  asString,
  asStrings,
  isObject,
  type JSONObject,
  jsonText,
  onlyEntry,
  readJSONExpression,
  readJSONKey,
} from './json-values.ts';
import type {
  ListedChain,
  ListedElement,
  ListedHook,
  ListedProblem,
  ListedRule,
  ListedRuleset,
  ListedSet,
  ListedTable,
  TableFamily,
} from './listed.ts';
import { isFamily } from './listed-hook.ts';
import { styleOfType } from './listed-values.ts';
import { readJSONStatement, readJSONVerdict } from './parse-json-rule.ts';
import { printExpression, printListedStatements } from './print-listed-rule.ts';

const LINE = 1;
/** As much of a text that is not understood as helps to find it. */
const SHOWN = 200;

export function parseListedJSON(text: string): ListedRuleset {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuseAll(text, 'no JSON');
  }
  const objects = isObject(parsed) ? parsed.nftables : undefined;
  if (!Array.isArray(objects)) return refuseAll(text, 'no list of nftables');
  const reader = new JSONReader();
  for (const object of objects) reader.read(object);
  return reader.ruleset();
}

function refuseAll(text: string, problem: string): ListedRuleset {
  return { tables: [], problems: [{ line: LINE, text: text.slice(0, SHOWN), problem }] };
}

type OpenChain = Omit<ListedChain, 'rules'> & { readonly rules: ListedRule[] };

/** A table while it is read. */
interface OpenTable {
  readonly head: Pick<ListedTable, 'family' | 'name' | 'flags' | 'comment'>;
  readonly chains: Map<string, OpenChain>;
  readonly sets: ListedSet[];
  readonly counters: string[];
  readonly others: ListedProblem[];
}

const TABLE_FLAGS: ReadonlySet<string> = new Set(['dormant', 'owner', 'persist']);

class JSONReader {
  readonly #tables = new Map<string, OpenTable>();
  readonly #problems: ListedProblem[] = [];

  ruleset(): ListedRuleset {
    const tables = [...this.#tables.values()].map(
      ({ head, chains, sets, counters, others }): ListedTable => ({
        ...{ kind: 'table', line: LINE, ...head, chains: [...chains.values()], sets, counters, others },
      }),
    );
    return { tables, problems: this.#problems };
  }

  read(object: unknown): void {
    const [kind, what] = onlyEntry(object) ?? [];
    if (kind === 'metainfo') return;
    if (kind === undefined || !isObject(what)) this.#refuse(object, 'not understood');
    else if (kind === 'table') this.#readTable(object, what);
    else this.#readObject(object, kind, what);
  }

  #readObject(object: unknown, kind: string, what: JSONObject): void {
    const fullName = `${asString(what.family)} ${asString(what.table)}`;
    const table = this.#tables.get(fullName);
    if (table === undefined) {
      this.#refuse(object, 'belongs to no table');
      return;
    }
    const refuse = (value: unknown, problem: string) =>
      void table.others.push({ line: LINE, text: jsonText(value), problem });
    const name = asString(what.name);
    switch (kind) {
      case 'rule': {
        const rule = readRule(what, fullName, table.head.family);
        const chain = table.chains.get(rule?.chain ?? '');
        if (rule === undefined || chain === undefined) refuse(object, 'not understood');
        else chain.rules.push(rule);
        return;
      }
      case 'chain': {
        const chain = readChain(what);
        if (chain === undefined || table.chains.has(chain.name)) refuse(object, 'not understood');
        else table.chains.set(chain.name, chain);
        return;
      }
      case 'set':
      case 'map': {
        const set = readSet(kind, what, fullName, refuse);
        if (set === undefined) refuse(object, 'not understood');
        else table.sets.push(set);
        return;
      }
      case 'counter':
        if (name === undefined) refuse(object, 'not understood');
        else table.counters.push(name);
        return;
      default:
        refuse(object, `an object that rules may name: ${kind}`);
    }
  }

  #refuse(object: unknown, problem: string): void {
    this.#problems.push({ line: LINE, text: jsonText(object), problem });
  }

  #readTable(object: unknown, { family, name, flags, comment }: JSONObject): void {
    const word = asString(family) ?? '';
    const tableName = asString(name);
    const fullName = `${word} ${tableName}`;
    if (!isFamily(word) || tableName === undefined || this.#tables.has(fullName)) {
      this.#refuse(object, 'not understood');
      return;
    }
    const all = asStrings(flags);
    const known = all.filter((flag) => TABLE_FLAGS.has(flag));
    const table: OpenTable = {
      head: { family: word, name: tableName, flags: known, ...commentOf(comment) },
      ...{ chains: new Map(), sets: [], counters: [], others: [] },
    };
    this.#tables.set(fullName, table);
    // nft 1.0.6 prints its family instead.
    if (known.length < all.length) {
      table.others.push({ line: LINE, text: jsonText(flags), problem: 'flags that are not understood' });
    }
  }
}

function commentOf(comment: unknown): { readonly comment?: string } {
  return typeof comment === 'string' ? { comment } : {};
}

function readRule(
  { chain, expr, comment }: JSONObject,
  table: string,
  family: TableFamily,
): ListedRule | undefined {
  if (typeof chain !== 'string' || !Array.isArray(expr)) return undefined;
  const statements = expr.map((statement) => readJSONStatement(statement, family));
  const text = printListedStatements(statements);
  return { kind: 'nft-rule', line: LINE, table, chain, statements, ...commentOf(comment), text };
}

function readChain(what: JSONObject): OpenChain | undefined {
  const name = asString(what.name);
  const hook = what.hook === undefined ? undefined : readHook(what);
  if (name === undefined || (what.hook !== undefined && hook === undefined)) return undefined;
  const head = hook === undefined ? {} : { hook };
  return { kind: 'chain', line: LINE, name, ...head, ...commentOf(what.comment), rules: [] };
}

function readHook({ type, hook, prio, policy = 'accept', dev }: JSONObject): ListedHook | undefined {
  if (type !== 'filter' && type !== 'nat' && type !== 'route') return undefined;
  if (typeof hook !== 'string' || typeof prio !== 'number') return undefined;
  if (policy !== 'accept' && policy !== 'drop') return undefined;
  const devices = asStrings(dev);
  return { type, hook, priority: prio, policy, ...(devices.length === 0 ? {} : { devices }) };
}

type Refuse = (value: unknown, problem: string) => void;

interface SetType {
  readonly parts: readonly string[];
  readonly isTypeof: boolean;
}

/** `"ipv4_addr"`, `["ipv4_addr", "inet_service"]`, `"ipv4_addr . inet_service"`; of newer ones `{"typeof": …}`, expressions. */
function readType(type: unknown): SetType {
  const [kind, what] = onlyEntry(type) ?? [];
  if (kind !== 'typeof')
    return { parts: asStrings(type).flatMap((part) => part.split(' . ')), isTypeof: false };
  const expression = readJSONExpression(what);
  const parts = expression.kind === 'concat' ? expression.parts : [expression];
  return { parts: parts.map(printExpression), isTypeof: true };
}

function readSet(
  kind: 'set' | 'map',
  what: JSONObject,
  table: string,
  refuse: Refuse,
): ListedSet | undefined {
  const name = asString(what.name);
  if (name === undefined) return undefined;
  const { parts: type, isTypeof } = readType(what.type);
  const value = kind === 'map' ? readType(what.map).parts : undefined;
  const elements: ListedElement[] = [];
  for (const element of Array.isArray(what.elem) ? what.elem : []) {
    const parts = readElement(element, type, value);
    if (parts === undefined) refuse(element, `an element that is not understood, in ${kind} ${name}`);
    else elements.push({ kind: 'nft-element', line: LINE, table, set: name, ...parts });
  }
  const size = asNumber(what.size);
  const timeoutSeconds = asNumber(what.timeout);
  const options = readOptions(what);
  return {
    ...{
      kind,
      line: LINE,
      name,
      type,
      ...(isTypeof ? { isTypeof } : {}),
      ...(value === undefined ? {} : { value }),
    },
    flags: asStrings(what.flags),
    ...(size === undefined ? {} : { size }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(options.length === 0 ? {} : { options }),
    ...commentOf(what.comment),
    elements,
  };
}

function readOptions(what: JSONObject): readonly string[] {
  const statements = Array.isArray(what.stmt) ? what.stmt : [];
  return [
    ...statements.map((statement) =>
      onlyEntry(statement)?.[0] === 'counter' ? 'counter' : jsonText(statement),
    ),
    ...(what['auto-merge'] === true ? ['auto-merge'] : []),
    ...(typeof what['gc-interval'] === 'number' ? [`gc-interval ${what['gc-interval']}s`] : []),
    ...(typeof what.policy === 'string' ? [`policy ${what.policy}`] : []),
  ];
}

type ElementParts = Omit<ListedElement, 'kind' | 'line' | 'table' | 'set'>;

/** What an element says of itself besides its key. */
const ELEMENT_KEYS: ReadonlySet<string> = new Set(['val', 'timeout', 'expires', 'comment', 'counter']);

/** Of maps a pair of a key and a value; `{"elem": {"val": …, "comment": …}}` where it is more than its key. */
function readElement(
  element: unknown,
  type: readonly string[],
  value: readonly string[] | undefined,
): ElementParts | undefined {
  const isPair = value !== undefined && Array.isArray(element) && element.length === 2;
  if (value !== undefined && !isPair) return undefined;
  const [from, to]: readonly unknown[] = isPair ? element : [element];
  const [kind, what] = onlyEntry(from) ?? [];
  const inner: JSONObject = kind === 'elem' && isObject(what) ? what : { val: from };
  const key = readJSONKey(inner.val, type.map(styleOfType));
  if (key === undefined) return undefined;
  const timeoutSeconds = asNumber(inner.timeout);
  const statements = Object.entries(inner)
    .filter(([name]) => !ELEMENT_KEYS.has(name))
    .map(([name, said]) => jsonText({ [name]: said }));
  const parts: ElementParts = {
    key,
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(statements.length === 0 ? {} : { statements }),
    ...commentOf(inner.comment),
  };
  if (value === undefined) return parts;
  const verdict = readJSONVerdict(to);
  if (verdict !== undefined) return { ...parts, verdict };
  const values = readJSONKey(to, value.map(styleOfType));
  return values === undefined ? undefined : { ...parts, value: values };
}
