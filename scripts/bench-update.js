/**
 * Measures what one endpoint's change costs a watch, against compiling everything: from the event to the records of what
 * has changed, and to whole new texts. One process, one run, ratios.
 */
import { compile } from '../src/index.ts';
import { objectKey } from '../src/watch/input-update.ts';
import { NodeFollower } from '../src/watch/node-follower.ts';
import { benchCluster } from './bench-cluster.js';

const RUNS = 15;
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

function readObjects(services) {
  const { items } = JSON.parse(benchCluster(services, 10));
  return items.map((object) => {
    const { apiVersion, kind } = object;
    return { apiVersion, kind, object, origin: { file: 'cluster', document: 1, path: [] } };
  });
}

/** The same slice without its last endpoint. */
function shrink(source) {
  return { ...source, object: { ...source.object, endpoints: source.object.endpoints.slice(0, -1) } };
}

async function measure(services) {
  const objects = readObjects(services);
  const source = { objects, passedOver: new Map(), diagnostics: [], locate: () => undefined };
  const request = { live: true, kubeVersion: '1.37', mode: 'iptables', clusterCIDR: '10.128.0.0/9' };
  const time = async (work) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const size = (pieces) => [...pieces].reduce((sum, piece) => sum + piece.length, 0);
  const full = [];
  for (let run = 0; run < 5; run++) {
    full.push(
      await time(async () => {
        const { compiled } = await compile({ ...request, objects, node: 'node-1' });
        return size(compiled?.artifacts.find(({ name }) => name === 'iptables.save')?.text() ?? []);
      }),
    );
  }
  const node = { name: 'node-1', addresses: [] };
  const follower = new NodeFollower({ ...request, node, nfacct: false });
  const first = await follower.update({ source: () => source, changes: undefined });
  for (const _ of first.current?.node.changes() ?? []);
  const slices = objects.filter(({ kind }) => kind === 'EndpointSlice');
  const records = [];
  const texts = [];
  for (let run = 0; run < RUNS; run++) {
    const before = slices[(run * 7919) % slices.length];
    const change = { before, after: shrink(before) };
    const changes = new Map([[objectKey(before), change]]);
    let update = first;
    records.push(
      await time(async () => {
        update = await follower.update({ source: () => source, changes });
        for (const _ of update.current?.node.changes() ?? []);
      }),
    );
    texts.push(
      await time(async () => {
        const save = update.current?.node.artifacts.find(({ name }) => name === 'iptables.save');
        return size(save?.text() ?? []);
      }),
    );
  }
  const [whole, record, text] = [median(full), median(records), median(texts)];
  console.log(
    `update   ${String(services).padStart(6)} × 10: one endpoint's change takes ${record.toFixed(1)} ms, ` +
      `1/${(whole / record).toFixed(0)} of compiling everything (${whole.toFixed(0)} ms); ` +
      `the whole text once more ${text.toFixed(0)} ms, 1/${(whole / text).toFixed(0)}`,
  );
}

export async function main() {
  for (const services of [1000, 10_000]) await measure(services);
  return 0;
}
