/** A source range that lets everybody in, beside others. */
import type { LintRule } from '../rule.ts';
import { exampleWithRanges, sourceRanges } from '../source-ranges.ts';

export const sourceRangesVoid: LintRule = {
  id: 'source-ranges-void',
  title: 'A source range of length 0 makes the others void',
  severity: 'warning',
  what: 'Looks for 0.0.0.0/0 or ::/0 in loadBalancerSourceRanges beside other ranges of the same family. Alone, it says what it does.',
  why: 'It allows every address: the narrower ranges beside it keep nobody out, and from 1.34 on kube-proxy writes no filter at all',
  mend: 'Take out the range of length 0, or the others',
  invalid: [{ title: 'everybody gets in', manifest: exampleWithRanges(['192.0.2.0/24', '0.0.0.0/0 # ✗']) }],
  valid: [{ title: 'only one network gets in', manifest: exampleWithRanges(['192.0.2.0/24']) }],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const ranges = sourceRanges(service);
      for (const { text, family, prefixLength, index } of ranges) {
        const others = ranges.filter((range) => range.family === family && range.prefixLength > 0);
        if (prefixLength > 0 || others.length === 0) continue;
        yield {
          message: `${text} lets everybody in, so ${others[0]?.text} keeps nobody out`,
          place: cluster.placeOf(service, ['spec', 'loadBalancerSourceRanges', index]),
        };
      }
    }
  },
};
