/**
 * How far a host in mode ipvs is from a release in what does not depend on Services. In: the rules of a release without any
 * Service, and those of a host. Out: a count of differences.
 *
 * Rules come with the Services that need them, so only what is missing on the host tells; jumps in built-in chains stay alike.
 */
import type { IpvsRules } from '../../trace/node-rules.ts';
import { compareChains } from '../iptables/compare-chains.ts';
import { ruleTables } from '../iptables/rule-tables.ts';
import { jumpDistance } from '../iptables/static-distance.ts';

export function ipvsStaticDistance(wanted: IpvsRules, found: IpvsRules): number {
  const [intended, actual] = [ruleTables(wanted.iptables.dump), ruleTables(found.iptables.dump)];
  const lost = compareChains(intended, actual).reduce((sum, { missing }) => sum + missing.length, 0);
  const types = new Map(found.sets.sets.map(({ name, type }) => [name, type]));
  const sets = wanted.sets.sets.filter(({ name, type }) => types.get(name) !== type).length;
  return jumpDistance(intended, actual) + lost + sets;
}
