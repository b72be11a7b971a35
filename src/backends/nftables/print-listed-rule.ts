/**
 * Prints statements, expressions and values of listed rules. In: what was read of a listing. Out: its text as nft 1.0
 * prints it, which `nft -f` takes as well; what was not understood, as it was.
 */
import type {
  ListedElement,
  ListedExpression,
  ListedOperand,
  ListedStatement,
  ListedTarget,
  ListedValue,
  ListedVerdict,
} from './listed.ts';
import { stylesOf, type ValueStyle } from './listed-values.ts';

export function printListedStatements(statements: readonly ListedStatement[]): string {
  let text = '';
  for (const statement of statements)
    text += text === '' ? printStatement(statement) : ` ${printStatement(statement)}`;
  return text;
}

function printStatement(statement: ListedStatement): string {
  switch (statement.kind) {
    case 'match':
      return printMatch(statement);
    case 'vmap':
      return printVerdictMap(statement);
    case 'mark-set':
      return `meta mark set ${printMarkChange(statement.and, statement.xor)}`;
    case 'set-update': {
      const { operation, set, key, timeoutSeconds } = statement;
      const timeout = timeoutSeconds === undefined ? '' : ` timeout ${printSeconds(timeoutSeconds)}`;
      return `${operation} @${set} { ${printExpression(key)}${timeout} }`;
    }
    case 'dnat': {
      const { family, key, to, flags } = statement;
      const head = family === undefined ? 'dnat to' : `dnat ${family} to`;
      const targets =
        key === undefined ? printSocket(to[0] ?? {}) : `${printExpression(key)} map ${printTargets(to)}`;
      return `${head} ${targets}${printFlags(flags)}`;
    }
    case 'snat': {
      const { family, to, flags } = statement;
      return `${family === undefined ? 'snat' : `snat ${family}`} to ${to}${printFlags(flags)}`;
    }
    case 'redirect': {
      const { port, flags } = statement;
      return `redirect${port === undefined ? '' : ` to :${port}`}${printFlags(flags)}`;
    }
    case 'masquerade': {
      const { to, flags } = statement;
      return `masquerade${to === undefined ? '' : ` to ${to}`}${printFlags(flags)}`;
    }
    case 'reject':
      return statement.with === undefined ? 'reject' : `reject with ${statement.with}`;
    case 'verdict':
      return printListedVerdict(statement.verdict);
    case 'counter':
      return statement.name === undefined ? 'counter' : `counter name "${statement.name}"`;
    case 'log':
      return statement.options === undefined ? 'log' : `log ${statement.options}`;
    case 'notrack':
      return 'notrack';
    case 'unknown':
      return statement.text;
    default:
      return statement satisfies never;
  }
}

export function printListedVerdict(verdict: ListedVerdict): string {
  return 'chain' in verdict ? `${verdict.kind} ${verdict.chain}` : verdict.kind;
}

function printFlags(flags: readonly string[] | undefined): string {
  return flags === undefined || flags.length === 0 ? '' : ` ${flags.join(',')}`;
}

function printMatch({ left, operator, right }: ListedStatement & { readonly kind: 'match' }): string {
  const mask = maskOf(left);
  const prefix = mask === undefined ? undefined : prefixOf(mask);
  if (prefix === undefined || right.kind !== 'values' || right.isSet === true) {
    // nft leaves the sign out where nothing else can be meant.
    const sign = operator === '==' && mask === undefined ? '' : `${operator} `;
    return `${printExpression(left)} ${sign}${printOperand(right, left)}`;
  }
  const sign = operator === '==' ? '' : `${operator} `;
  return `${printUnmasked(left)} ${sign}${printOperand(right, left)}/${prefix}`;
}

function maskOf(left: ListedExpression): number | undefined {
  return left.kind === 'meta' || left.kind === 'ct' ? left.mask : undefined;
}

/** How many of the highest bits a mask has, if it has no others. */
function prefixOf(mask: number): number | undefined {
  const length = Math.clz32(~mask);
  return length > 0 && length < 32 && mask === (0xffffffff << (32 - length)) >>> 0 ? length : undefined;
}

export function printExpression(expression: ListedExpression): string {
  switch (expression.kind) {
    case 'payload':
      return `${expression.protocol} ${expression.field}`;
    case 'meta':
    case 'ct': {
      const { mask } = expression;
      const text = printUnmasked(expression);
      return mask === undefined ? text : `${text} & ${hexadecimal(mask)}`;
    }
    case 'fib':
      return `fib ${expression.flags.join(' . ')} ${expression.result}`;
    case 'numgen': {
      const { mode, modulus, offset } = expression;
      return `numgen ${mode} mod ${modulus}${offset === 0 ? '' : ` offset ${offset}`}`;
    }
    case 'concat':
      return expression.parts.map(printExpression).join(' . ');
    case 'unknown':
      return expression.text;
    default:
      return expression satisfies never;
  }
}

/** nft prints these without `meta`. */
const BARE_META: ReadonlySet<string> = new Set(['iif', 'iifname', 'iifgroup', 'oif', 'oifname', 'oifgroup']);

function printUnmasked(expression: ListedExpression): string {
  if (expression.kind === 'ct') return `ct ${expression.key}`;
  if (expression.kind !== 'meta') return printExpression(expression);
  return BARE_META.has(expression.key) ? expression.key : `meta ${expression.key}`;
}

function hexadecimal(bits: number): string {
  return `0x${(bits >>> 0).toString(16).padStart(8, '0')}`;
}

function printOperand(operand: ListedOperand, left: ListedExpression): string {
  switch (operand.kind) {
    case 'values': {
      const styles = stylesOf(left);
      if (operand.isSet) return `{ ${operand.values.map((key) => printKey(key, styles)).join(', ')} }`;
      return operand.values.map((key) => printKey(key, styles)).join(',');
    }
    case 'set':
      return `@${operand.name}`;
    case 'unknown':
      return operand.text;
    default:
      return operand satisfies never;
  }
}

/** Values in concatenation, each in the style of its part. */
export function printKey(key: readonly ListedValue[], styles: readonly ValueStyle[]): string {
  if (key.length === 1) return printValue(key[0] as ListedValue, styles[0]);
  return key.map((value, i) => printValue(value, styles[i])).join(' . ');
}

function printValue(value: ListedValue, style: ValueStyle = 'plain'): string {
  switch (value.kind) {
    case 'word':
      return printWord(value.word, style);
    case 'prefix':
      return style === 'quoted' ? `"${value.text}"` : value.text;
    case 'range':
      return `${printWord(value.first, style)}-${printWord(value.last, style)}`;
    default:
      return value satisfies never;
  }
}

function printWord(word: string, style: ValueStyle): string {
  // A quote that was never closed, with all that stands behind it.
  if (word.includes('"')) return word;
  switch (style) {
    case 'plain':
      // Such a word was in quotes, and would be several without.
      return /^$|[ \t\r\n(),;{}]/.test(word) ? `"${word}"` : word;
    case 'mark':
      return /^[0-9]+$/.test(word) ? hexadecimal(Number(word)) : word;
    case 'quoted':
      // A number is that of an interface which is gone.
      return /^[0-9]+$/.test(word) ? word : `"${word.endsWith('*') ? `${word.slice(0, -1)}\\*` : word}"`;
    default:
      return style satisfies never;
  }
}

function printVerdictMap({ key, map }: ListedStatement & { readonly kind: 'vmap' }): string {
  const head = `${printExpression(key)} vmap`;
  if (map.kind === 'named') return `${head} @${map.name}`;
  const styles = stylesOf(key);
  const elements = map.elements.map(
    ({ key: values, verdict }) => `${printKey(values, styles)} : ${printListedVerdict(verdict)}`,
  );
  return `${head} { ${elements.join(', ')} }`;
}

/** `meta mark & 0x000000ff ^ 0x00000020 | 0x00004000`, as nft makes it of what the kernel has: a mask, then bits to turn. */
function printMarkChange(and: number, xor: number): string {
  if (and === 0) return hexadecimal(xor);
  const set = ~and & xor;
  const turned = and & xor;
  const mask = (and | set) >>> 0;
  let text = 'meta mark';
  if (mask !== 0xffffffff) text += ` & ${hexadecimal(mask)}`;
  if (turned !== 0) text += ` ^ ${hexadecimal(turned)}`;
  if (set !== 0) text += ` | ${hexadecimal(set)}`;
  return text;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, `10.0.0.1`, `:80` */
function printSocket({ address = '', port }: ListedTarget): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function printTargets(targets: readonly ListedTarget[]): string {
  const elements = targets.map(
    ({ number, address, port }) => `${number} : ${address}${port === undefined ? '' : ` . ${port}`}`,
  );
  return `{ ${elements.join(', ')} }`;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
] as const;

/** `1d2h3m4s5ms` */
export function printSeconds(seconds: number): string {
  let left = Math.round(seconds * 1000);
  let text = '';
  for (const [length, unit] of UNITS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) text += `${count}${unit}`;
  }
  return text === '' ? '0s' : text;
}

/** `10.0.0.1 . 80 timeout 1h comment "…" : goto chain` */
export function printListedElement(
  { key, verdict, value, comment, timeoutSeconds, statements = [] }: ListedElement,
  keyStyles: readonly ValueStyle[],
  valueStyles: readonly ValueStyle[],
): string {
  let text = printKey(key, keyStyles);
  for (const statement of statements) text += ` ${statement}`;
  if (timeoutSeconds !== undefined) text += ` timeout ${printSeconds(timeoutSeconds)}`;
  if (comment !== undefined) text += ` comment "${comment}"`;
  if (verdict !== undefined) return `${text} : ${printListedVerdict(verdict)}`;
  return value === undefined ? text : `${text} : ${printKey(value, valueStyles)}`;
}
