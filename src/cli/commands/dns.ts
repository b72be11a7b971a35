/** `dns`: manifests or a live cluster in, the zones of its DNS out. */
import type { ClusterState } from '../../apiserver/cluster-state.ts';
import { zoneFileName, zoneText } from '../../discovery/dns/zone-text.ts';
import { type Zone, type ZoneExtent, zonesOf } from '../../discovery/dns/zones.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { dnsSource } from '../../library/dns.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { loadState } from '../load-input.ts';
import type { WatchOptions } from '../options.ts';
import { watchState } from '../watch-state.ts';
import { writeArtifacts } from '../write-artifacts.ts';
import { type DnsOptions, dnsRequest, UNSAID } from './dns-source.ts';

interface ZoneOptions extends DnsOptions, WatchOptions {
  readonly output: 'zone' | 'json';
  readonly out?: string;
  readonly records?: ZoneExtent;
}

export async function dnsCommand(options: ZoneOptions, io: CommandIO): Promise<number> {
  const extent = options.records ?? (options.pods === undefined ? 'transferred' : 'answered');
  const zones = (state: ClusterState) => zonesOf(dnsSource(state, dnsRequest(options)), extent);
  const lists = liveLists(options, extent);
  if (options.watch) {
    const text = (state: ClusterState) => [...print(zones(state), options.output)].join('');
    return watchState(lists, UNSAID, options, io, text, options.output === 'json' ? 'json' : 'zone');
  }
  const state = await loadState(lists, UNSAID, options, io);
  if (state === undefined) return 2;
  if (options.out === undefined) await writeAll(io.stdout, print(zones(state), options.output));
  else
    await writeArtifacts(
      options.out,
      zones(state).map((zone) => artifact(zone, options.output)),
    );
  return 0;
}

/** Pods only where their names are asked for. */
function liveLists({ namespace }: ZoneOptions, extent: ZoneExtent): readonly ClusterList[] {
  const lists: ClusterList[] = [
    { kind: 'Service', namespace },
    { kind: 'EndpointSlice', namespace },
  ];
  return extent === 'answered' ? [...lists, { kind: 'Pod', namespace }] : lists;
}

function artifact(zone: Zone, output: ZoneOptions['output']) {
  return output === 'zone'
    ? { name: zoneFileName(zone), text: () => zoneText(zone) }
    : { name: zoneFileName(zone).replace(/zone$/, 'json'), text: () => print([zone], 'json') };
}

/** JSON has a record a line, so that neither side needs all of a big cluster's at once. */
function* print(zones: readonly Zone[], output: ZoneOptions['output']): Generator<string> {
  if (output === 'zone') {
    for (const [i, zone] of zones.entries()) {
      if (i > 0) yield '\n';
      yield* zoneText(zone);
    }
    return;
  }
  yield '{"zones": [';
  for (const [i, zone] of zones.entries()) {
    yield `${i === 0 ? '' : ','}\n{"name": ${JSON.stringify(zone.name)}, "records": [`;
    let separator = '\n';
    for (const record of zone.records()) {
      yield `${separator}${JSON.stringify(record)}`;
      separator = ',\n';
    }
    yield '\n]}';
  }
  yield '\n]}\n';
}
