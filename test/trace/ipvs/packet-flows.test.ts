/**
 * Every folder of fixtures/packet-flows in mode ipvs: the Service's answers are those of mode iptables, or a fixture says why
 * not. The servers, sets, addresses and rules are compiled, printed, read back, and traced.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatFraction } from '../../../src/trace/fraction.ts';
import { trace } from '../../../src/trace/iptables/trace.ts';
import { listClusters, readClusterOptions } from '../../support/cluster-folder.ts';
import { compileRaw } from '../../support/compile-cluster.ts';
import { describeOutcomes, FLOWS, packetOf, readFlows } from '../flows.ts';
import { expectWhole } from '../rules.ts';
import { prepareTexts } from './node.ts';

describe.each(listClusters(FLOWS))('%s', (name) => {
  const folder = join(FLOWS, name);
  const options = readClusterOptions(folder);
  const compiled = compileRaw(folder, { ...options, mode: 'ipvs' });

  it.each(readFlows(name))('$name', async (flow) => {
    const family = flow.from.includes(':') ? 'ipv6' : 'ipv4';
    const rules = prepareTexts(await compiled, family, options.localAddrs ?? []);
    const found = trace(rules, packetOf(flow));
    expectWhole(found);
    const { outcome, masquerade } = flow.ipvs ?? flow;
    expect(describeOutcomes(found, flow.to)).toEqual({ outcome, ...(masquerade ? { masquerade } : {}) });
    const share = found.length === 1 ? '1' : `1/${found.length}`;
    expect(found.map(({ fraction }) => formatFraction(fraction))).toEqual(found.map(() => share));
  });
});
