/** The parts of an expression, and what each is compared as. In: an expression as nft prints it. Out: its parts and their types. */
import type { ListedExpression } from '../../backends/nftables/listed.ts';
import type { ValueType } from './element-index.ts';

export function partsOf(expression: ListedExpression): readonly ListedExpression[] {
  return expression.kind === 'concat' ? expression.parts.flatMap(partsOf) : [expression];
}

/** What a part of an expression is compared as. */
export function typeOf(expression: ListedExpression): ValueType {
  switch (expression.kind) {
    case 'payload':
      if (/^[sd]addr$/.test(expression.field) && expression.protocol.startsWith('ip')) return 'address';
      return /^(protocol|nexthdr)$/.test(expression.field) ? 'protocol' : 'number';
    case 'meta':
      if (expression.key === 'l4proto') return 'protocol';
      if (/^[io]ifname$/.test(expression.key) || /^[io]if$/.test(expression.key)) return 'name';
      return expression.key === 'mark' ? 'number' : 'word';
    case 'ct':
      if (/ [sd]addr$/.test(expression.key)) return 'address';
      return /mark$|proto-(src|dst)$/.test(expression.key) ? 'number' : 'word';
    case 'numgen':
      return 'number';
    case 'fib':
    case 'concat':
    case 'unknown':
      return 'word';
    default:
      return expression satisfies never;
  }
}
