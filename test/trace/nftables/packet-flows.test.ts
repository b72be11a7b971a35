/**
 * Every folder of fixtures/packet-flows-nftables: what a cluster compiles to does with packets what kube-proxy's own tests of
 * mode nftables say. Those of fixtures/packet-flows, which are of mode iptables, fare the same but for what they say
 * themselves. The rules are compiled, printed, read back, and traced.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseListed } from '../../../src/backends/nftables/parse-listed.ts';
import { formatFraction } from '../../../src/trace/fraction.ts';
import { prepareListed } from '../../../src/trace/nftables/prepare.ts';
import { traceListed } from '../../../src/trace/nftables/trace.ts';
import { listClusters, readClusterOptions } from '../../support/cluster-folder.ts';
import { compileRaw } from '../../support/compile-cluster.ts';
import { describeOutcomes, type Fate, type Flow, packetOf } from '../flows.ts';
import { expectWhole } from '../rules.ts';

const FIXTURES = join(import.meta.dirname, '../../../fixtures');

type NftablesFlow = Flow & { readonly nftables?: Fate };

describe.each(['packet-flows-nftables', 'packet-flows'])('%s', (folders) => {
  describe.each(listClusters(join(FIXTURES, folders)))('%s', (name) => {
    const folder = join(FIXTURES, folders, name);
    const options = readClusterOptions(folder);
    const compiled = compileRaw(folder, { ...options, mode: 'nftables' });
    const flows = load(readFileSync(join(folder, 'flows.yaml'), 'utf8')) as readonly NftablesFlow[];

    it.each(flows)('$name', async (flow) => {
      const family = flow.from.includes(':') ? 'ipv6' : 'ipv4';
      const text = (await compiled).get(`nftables.${family}.list`) as string;
      const rules = prepareListed(parseListed(text), { addresses: options.localAddrs ?? [] });
      const found = traceListed(rules, packetOf(flow));
      expectWhole(found);
      const { outcome, masquerade } = flow.nftables ?? flow;
      expect(describeOutcomes(found, flow.to)).toEqual({ outcome, ...(masquerade ? { masquerade } : {}) });
      const share = found.length === 1 ? '1' : `1/${found.length}`;
      expect(found.map(({ fraction }) => formatFraction(fraction))).toEqual(found.map(() => share));
    });
  });
});
