/**
 * Every folder of fixtures/packet-flows: what a cluster compiles to does with packets what kube-proxy's own tests say.
 * The rules are compiled, printed, read back, and traced.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { formatFraction } from '../../src/trace/fraction.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { compileRaw } from '../support/compile-cluster.ts';
import { describeOutcomes, FLOWS, packetOf, readFlows } from './flows.ts';
import { expectWhole } from './rules.ts';

describe.each(listClusters(FLOWS))('%s', (name) => {
  const folder = join(FLOWS, name);
  const options = readClusterOptions(folder);
  const compiled = compileRaw(folder, options);

  it.each(readFlows(name))('$name', async (flow) => {
    const family = flow.from.includes(':') ? 'ipv6' : 'ipv4';
    const text = (await compiled).get(`iptables.${family}.save`) as string;
    const rules = prepareRules(parseSaved(text), { addresses: options.localAddrs ?? [] });
    const found = trace(rules, packetOf(flow));
    expectWhole(found);
    const { outcome, masquerade } = flow;
    expect(describeOutcomes(found, flow.to)).toEqual({ outcome, ...(masquerade ? { masquerade } : {}) });
    const share = found.length === 1 ? '1' : `1/${found.length}`;
    expect(found.map(({ fraction }) => formatFraction(fraction))).toEqual(found.map(() => share));
  });
});
