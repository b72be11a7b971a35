/**
 * Prints rules, verdicts and expressions. In: typed rules. Out: their text as `nft list` prints it, nftables 1.0.6, which
 * `nft -f` takes as well. The one difference between the two spellings are sets of networks without a name.
 */
import { checkedComment, checkedName, checkedWord } from './checked.ts';
import { mergeNetworks, spellAddress, spellNetwork } from './networks.ts';
import type { Endpoint, Expression, Operand, Rule, Statement, Verdict } from './rule.ts';

/**
 * `written`: what makes nft build the rules as kube-proxy's do. `listed`: what it prints then. A merged set of one network
 * would be no set if it were written.
 */
export type Spelling = 'written' | 'listed';

export function printRule({ statements, comment }: Rule, spelling: Spelling): string {
  let text = '';
  for (const statement of statements) {
    if (text !== '') text += ' ';
    text += printStatement(statement, spelling);
  }
  return comment === undefined ? text : `${text} ${printComment(comment)}`;
}

export function printComment(comment: string): string {
  return `comment "${checkedComment(comment)}"`;
}

function printStatement(statement: Statement, spelling: Spelling): string {
  switch (statement.kind) {
    case 'match': {
      const operator = statement.negated === true ? '!= ' : '';
      return `${printExpression(statement.left)} ${operator}${printOperand(statement.right, spelling)}`;
    }
    case 'mark-match':
      return printMarkMatch(statement.mask, statement.isSet);
    case 'mark-set': {
      const operator = statement.operation === 'or' ? '|' : '^';
      return `meta mark set meta mark ${operator} ${hexadecimal(statement.mask)}`;
    }
    case 'vmap':
      return `${printExpression(statement.key)} vmap @${checkedName(statement.map)}`;
    case 'numgen-goto': {
      const { chains } = statement;
      const elements = chains.map((chain, i) => `${i} : goto ${checkedName(chain)}`);
      return `numgen random mod ${chains.length} vmap { ${elements.join(', ')} }`;
    }
    case 'update':
      return `update @${checkedName(statement.set)} { ${printExpression(statement.key)} }`;
    case 'dnat':
      return `dnat to ${printSocket(statement.to)}`;
    case 'numgen-dnat':
      return `dnat ${statement.family} to ${printEndpoints(statement.to)}`;
    case 'masquerade':
      return 'masquerade fully-random';
    case 'counter':
      return `counter name "${checkedName(statement.name)}"`;
    case 'reject':
      return 'reject';
    case 'verdict':
      return printVerdict(statement.verdict);
  }
}

export function printVerdict(verdict: Verdict): string {
  return 'chain' in verdict ? `${verdict.kind} ${checkedName(verdict.chain)}` : verdict.kind;
}

function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'payload':
      return `${expression.protocol} ${expression.field}`;
    case 'meta':
      // nft leaves the word out where the key alone says enough.
      return expression.key === 'l4proto' ? 'meta l4proto' : expression.key;
    case 'ct':
      return `ct ${expression.key}`;
    case 'fib':
      return `fib ${expression.side} type`;
    case 'concat':
      return expression.parts.map(printExpression).join(' . ');
  }
}

function printOperand(operand: Operand, spelling: Spelling): string {
  switch (operand.kind) {
    case 'word':
      return checkedWord(operand.word);
    case 'port':
      return `${operand.port}`;
    case 'network':
      return checkedWord(spellNetwork(operand.network));
    case 'networks': {
      const { networks } = operand;
      const elements = spelling === 'listed' ? mergeNetworks(networks) : networks;
      return `{ ${elements.map(checkedWord).join(', ')} }`;
    }
    case 'interface':
      return `"${checkedComment(operand.name)}"`;
    case 'set':
      return `@${checkedName(operand.name)}`;
  }
}

/** `meta mark & 0x00004000 != 0x00000000`; nft takes the highest bit for a prefix. */
function printMarkMatch(mask: number, isSet: boolean): string {
  if (mask === 0x80000000) return `meta mark ${isSet ? '!= ' : ''}0x00000000/1`;
  return `meta mark & ${hexadecimal(mask)} ${isSet ? '!=' : '=='} 0x00000000`;
}

function hexadecimal(mask: number): string {
  return `0x${mask.toString(16).padStart(8, '0')}`;
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
function printSocket({ address, port }: Endpoint): string {
  const spelled = checkedWord(spellAddress(address));
  return spelled.includes(':') ? `[${spelled}]:${port}` : `${spelled}:${port}`;
}

/** `numgen random mod 2 map { 0 : 10.0.0.1 . 80, 1 : 10.0.0.2 . 80 }` */
function printEndpoints(endpoints: readonly Endpoint[]): string {
  let elements = '';
  for (let i = 0; i < endpoints.length; i++) {
    const { address, port } = endpoints[i] as Endpoint;
    elements += `${i === 0 ? '' : ', '}${i} : ${checkedWord(spellAddress(address))} . ${port}`;
  }
  return `numgen random mod ${endpoints.length} map { ${elements} }`;
}
