/** What `explain` says of endpoints and what the compiled rules do with packets is the same, for every Service of the fixtures. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { compile, DEFAULT_KINDS, readInput } from '../../src/index.ts';
import { compiledRules } from '../../src/library/compiled-rules.ts';
import { lazily } from '../../src/shared/lazily.ts';
import { type ExplainedPort, explainService } from '../../src/trace/explained-service.ts';
import { formatSocket } from '../../src/trace/packet-ends.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { expectWhole } from './rules.ts';

const ROOT = 'fixtures/clusters';

async function explainAll(name: string): Promise<readonly ExplainedPort[]> {
  const folder = join(ROOT, name);
  const { node, localAddrs, nfacct } = readClusterOptions(folder);
  const files = ['cluster.yaml', 'config.yaml'].map((file) => join(folder, file)).filter(existsSync);
  const input = { filenames: files, recursive: false, stdin: Readable.from([]), kinds: DEFAULT_KINDS };
  const { objects } = await readInput(input);
  const { state, view, compiled } = await compile({
    objects,
    mode: 'iptables',
    node,
    nodeAddresses: localAddrs ?? [],
    nfacct: nfacct ?? false,
  });
  if (state === undefined || view === undefined || compiled === undefined) throw new Error(name);
  const rulesOf = lazily(['IPv4', 'IPv6'] as const, (family) => compiledRules(compiled, family));
  return state.services.flatMap(
    (service) => explainService(service, { state, view }, (family) => rulesOf[family]).ports,
  );
}

function reachedBy({ clients }: ExplainedPort): Set<string> {
  return new Set(
    (clients ?? []).flatMap(({ outcomes, door }) => {
      expectWhole(outcomes);
      return outcomes.flatMap(({ verdict }) =>
        verdict.kind === 'delivered' && formatSocket(verdict.destination) !== formatSocket(door)
          ? [formatSocket(verdict.destination)]
          : [],
      );
    }),
  );
}

describe('every endpoint that is said to be used is reached, and no other', () => {
  it.each(listClusters(ROOT).filter((name) => !name.startsWith('endpoints-')))('%s', async (name) => {
    for (const port of await explainAll(name)) {
      const said = port.endpoints.filter(({ isUsed }) => isUsed).map(({ address }) => address);
      const addresses = new Set(port.endpoints.map(({ address }) => address));
      const reached = [...reachedBy(port)].filter((address) => addresses.has(address));
      expect(reached.sort(), `${port.view.servicePort.name} ${port.family}`).toEqual(said.sort());
    }
  });
});
