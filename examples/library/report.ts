/**
 * What the library tells of a cluster: `node report.js MANIFESTS NAMESPACE/SERVICE`. In: a file and the name of a Service in it.
 * Out: a report on stdout.
 */
import {
  compilationOf,
  compile,
  DEFAULT_KINDS,
  diff,
  dnsSource,
  explain,
  type HostTexts,
  LINT_KINDS,
  lint,
  lookUp,
  manifestObjects,
  readInput,
  recordText,
  serviceVariables,
  trace,
  zonesOf,
} from 'kubectl-svcrules';

const [file = '', wanted = ''] = process.argv.slice(2);
const [namespace = '', name = ''] = wanted.split('/');

// `manifestObjects` does the same for objects that a program already has.
const source = await readInput({
  filenames: [file],
  recursive: false,
  stdin: [],
  kinds: new Set([...DEFAULT_KINDS, ...LINT_KINDS]),
});
const { findings } = lint({ ...source });
console.log(`lint: ${findings.length} findings`);

const cluster = compilationOf(await compile({ objects: source.objects, mode: 'iptables' }));
const { state, view, compiled } = cluster;
console.log(`node: ${view.node.name}, kube-proxy ${view.release.name}, mode ${compiled.mode}`);
for (const slice of state.endpointSlices) console.log(`slice: ${slice.metadata.name}`);

const { ports } = explain(cluster, { namespace, name });
for (const { endpoints } of ports)
  for (const { address, why } of endpoints) console.log(`endpoint: ${address}, ${why}`);

for (const { fraction, verdict } of trace(cluster, { from: 'node', to: wanted }).outcomes) {
  const where = verdict.kind === 'delivered' ? ` to ${verdict.destination.address}` : '';
  console.log(`trace: ${fraction.numerator}/${fraction.denominator} ${verdict.kind}${where}`);
}

// A host whose rules stand in for those of a file that `iptables-save` has written.
const saved = [
  ...(compiled.artifacts.find((artifact) => artifact.name === 'iptables.save')?.text() ?? []),
].join('');
const host: HostTexts = { kind: 'iptables', ipv4: saved.replace(/-j DNAT --to-destination \S+/, '-j DROP') };
console.log(`diff: ${diff(cluster, { kind: 'iptables', ipv4: saved }).equal ? 'the same' : 'other'}`);
for (const { changes } of diff(cluster, host).services)
  for (const { kind, consequence } of changes) console.log(`diff: ${kind}, ${consequence}`);

const [zone] = zonesOf(dnsSource(state), 'transferred');
console.log(`zone: ${zone?.name} ${[...(zone?.records() ?? [])].length} records`);
for (const { result } of lookUp(state, `${name}.${namespace}.svc.cluster.local`, { type: 'A' }).attempts)
  if (result.kind === 'answer') for (const record of result.answer) console.log(`dns: ${recordText(record)}`);

const { blocks } = serviceVariables(state.services, { namespace, enableServiceLinks: true });
for (const { variables } of blocks) console.log(`env: ${variables[0]?.name}=${variables[0]?.value}`);

const broken = manifestObjects([
  { apiVersion: 'v1', kind: 'Service', metadata: { name: 'UPPER' }, spec: {} },
]);
for (const { severity, message } of (await compile({ objects: broken })).diagnostics)
  if (severity === 'error') console.log(`refused: ${message}`);
