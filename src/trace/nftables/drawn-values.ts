/**
 * The values of a whole expression. In: an expression, and the packet as it is now. Out: a value for each part; where the kernel
 * draws a number, every number with its share.
 */
import type { ListedExpression } from '../../backends/nftables/listed.ts';
import { type Fraction, fraction, multiplyFractions, ONE } from '../fraction.ts';
import type { State } from '../state.ts';
import { keyOf, type PacketValue } from './element-index.ts';
import { partsOf } from './key-parts.ts';
import { type Drawing, readPart, type Scene } from './packet-values.ts';

/** The kernel scales 32 random bits down: each number is as likely as the next. */
export function drawNumbers({
  modulus,
  offset,
}: {
  readonly modulus: number;
  readonly offset: number;
}): readonly {
  readonly share: Fraction;
  readonly number: number;
}[] {
  if (modulus === 1) return [{ share: ONE, number: offset }];
  const share = fraction(1, modulus);
  return Array.from({ length: modulus }, (_, i) => ({ share, number: offset + i }));
}

interface Drawn {
  readonly share: Fraction;
  readonly parts: readonly PacketValue[];
}

/** The values of an expression; several where it draws. */
export function readValues(scene: Scene, expression: ListedExpression, state: State): readonly Drawn[] {
  let drawn: readonly Drawn[] = [{ share: ONE, parts: [] }];
  for (const part of partsOf(expression)) {
    const value = readPart(scene, part, state);
    drawn = drawn.flatMap(({ share, parts }) =>
      alternatives(value).map((each) => ({
        share: multiplyFractions(share, each.share),
        parts: [...parts, each.value],
      })),
    );
  }
  return drawn;
}

function alternatives(value: PacketValue | Drawing): readonly { share: Fraction; value: PacketValue }[] {
  if (value.kind !== 'drawing') return [{ share: ONE, value }];
  return drawNumbers(value).map(({ share, number }) => ({
    share,
    value: { kind: 'known', key: keyOf('number', `${number}`) as string },
  }));
}
