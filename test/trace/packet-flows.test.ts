/**
 * Every folder of fixtures/packet-flows: what a cluster compiles to does with packets what kube-proxy's own tests say.
 * The rules are compiled, printed, read back, and traced.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseSaved } from '../../src/backends/iptables/parse.ts';
import { formatFraction } from '../../src/trace/fraction.ts';
import { prepareRules } from '../../src/trace/iptables/prepare.ts';
import { trace } from '../../src/trace/iptables/trace.ts';
import type { Outcome } from '../../src/trace/outcome.ts';
import type { Packet } from '../../src/trace/packet.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { compileRaw } from '../support/compile-cluster.ts';
import { expectWhole, formatVerdict } from './rules.ts';

const ROOT = join(import.meta.dirname, '../../fixtures/packet-flows');

interface Flow {
  readonly name: string;
  readonly from: string;
  readonly arrival: 'host' | 'device';
  /** `10.0.0.1:80` */
  readonly to: string;
  /** Default: tcp. */
  readonly protocol?: Packet['protocol'];
  /** The endpoints that share the connections equally, or what else becomes of them. */
  readonly outcome: readonly string[] | 'passes' | 'rejected' | 'dropped';
  readonly masquerade?: true;
}

function packetOf({ from, arrival, to, protocol = 'tcp' }: Flow): Packet {
  const [, address = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(to) ?? [];
  return {
    protocol,
    source: from,
    destination: address,
    destinationPort: Number(port),
    arrival: { kind: arrival },
  };
}

/** As a fixture says it. */
function describeOutcomes(
  found: readonly Outcome[],
  { to, outcome }: Flow,
): Pick<Flow, 'outcome' | 'masquerade'> {
  const texts = found.map(({ verdict }) => {
    if (verdict.kind !== 'delivered') return verdict.kind;
    return formatVerdict({ ...verdict, local: false, source: { kind: 'unchanged' } });
  });
  const masquerade = found.some(
    ({ verdict }) => verdict.kind === 'delivered' && verdict.source.kind === 'masquerade',
  );
  const said = texts.length === 1 && (texts[0] === to || !texts[0]?.includes(':')) ? texts[0] : texts.sort();
  const text = said === to && outcome === 'passes' ? 'passes' : said;
  return { outcome: text as Flow['outcome'], ...(masquerade ? { masquerade } : {}) };
}

describe.each(listClusters(ROOT))('%s', (name) => {
  const folder = join(ROOT, name);
  const options = readClusterOptions(folder);
  const compiled = compileRaw(folder, options);
  const flows = load(readFileSync(join(folder, 'flows.yaml'), 'utf8')) as readonly Flow[];

  it.each(flows)('$name', async (flow) => {
    const family = flow.from.includes(':') ? 'ipv6' : 'ipv4';
    const text = (await compiled).get(`iptables.${family}.save`) as string;
    const rules = prepareRules(parseSaved(text), { addresses: options.localAddrs ?? [] });
    const found = trace(rules, packetOf(flow));
    expectWhole(found);
    const { outcome, masquerade } = flow;
    expect(describeOutcomes(found, flow)).toEqual({ outcome, ...(masquerade ? { masquerade } : {}) });
    const share = found.length === 1 ? '1' : `1/${found.length}`;
    expect(found.map(({ fraction }) => formatFraction(fraction))).toEqual(found.map(() => share));
  });
});
