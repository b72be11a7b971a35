/** Source ranges that leave a family of the Service open. */
import type { IPFamily } from '../../apiserver/objects.ts';
import type { LintRule } from '../rule.ts';
import { exampleWithRanges, sourceRanges } from '../source-ranges.ts';

const DUAL = '  ipFamilyPolicy: RequireDualStack\n';

export const sourceRangesFamily: LintRule = {
  id: 'source-ranges-family',
  title: 'Source ranges are of one IP family, the Service is of another',
  severity: 'error',
  what: 'Compares the families of loadBalancerSourceRanges with those of the Service. An error where the Service has a family without any range, a note where a range is of a family that the Service does not have.',
  why: 'kube-proxy filters each family by the ranges of that family: where there is none, it filters nothing and everybody gets in',
  mend: 'Give ranges of each family of the Service; to keep a family out, allow only an address that nobody has, such as 100::/128',
  invalid: [
    {
      title: 'over IPv6 everybody gets in',
      manifest: exampleWithRanges(['192.0.2.0/24'], DUAL).replace('Ranges:', 'Ranges: # ✗'),
    },
    {
      title: 'the Service has no IPv6 address',
      manifest: exampleWithRanges(['192.0.2.0/24', '2001:db8::/32 # ✗']),
    },
  ],
  valid: [
    {
      title: 'each family has its range',
      manifest: exampleWithRanges(['192.0.2.0/24', '2001:db8::/32'], DUAL),
    },
  ],
  *check(cluster) {
    for (const service of cluster.admitted.services) {
      const ranges = sourceRanges(service);
      const families: readonly IPFamily[] = service.spec.ipFamilies ?? [];
      if (ranges.length === 0) continue;
      for (const family of families) {
        if (ranges.some((range) => range.family === family)) continue;
        yield {
          message: `no range is of ${family}, so over ${family} everybody gets in`,
          place: cluster.placeOf(service, ['spec', 'loadBalancerSourceRanges']),
        };
      }
      for (const { text, family, index } of ranges) {
        if (families.includes(family)) continue;
        yield {
          severity: 'note',
          message: `${text} allows nothing: the Service has no ${family} address`,
          why: 'kube-proxy filters each family by the ranges of that family only',
          mend: 'Take the range out, or make the Service dual-stack',
          place: cluster.placeOf(service, ['spec', 'loadBalancerSourceRanges', index]),
        };
      }
    }
  },
};
