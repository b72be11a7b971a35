/** A cluster that changes: what is built on the update before equals what is compiled anew. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FollowedNode } from '../../src/backends/backend.ts';
import {
  admit,
  compile,
  DEFAULT_ADMISSION_OPTIONS,
  DEFAULT_KINDS,
  prepareCluster,
  readInput,
  type SourceObject,
} from '../../src/index.ts';
import type { ObjectChange } from '../../src/watch/input-update.ts';
import { objectKey } from '../../src/watch/input-update.ts';
import { NodeFollower } from '../../src/watch/node-follower.ts';
import { AppliedChanges, linesOfSaves } from '../support/applied-changes.ts';
import { listClusters, readClusterOptions } from '../support/cluster-folder.ts';
import { seededRandom } from '../support/hostile-strings.ts';

const ROOT = join(import.meta.dirname, '../../fixtures/clusters');
const CLUSTERS = listClusters(ROOT).filter((_, i) => i % 3 === 0);
const STEPS = 25;

// biome-ignore lint/suspicious/noExplicitAny: objects of all kinds are edited
type Json = Record<string, any>;

/** The objects of a folder as an API server would hold them. */
async function storedObjects(folder: string): Promise<Map<string, SourceObject>> {
  const request = { filenames: [join(folder, 'cluster.yaml')], recursive: false, stdin: [] };
  const { objects } = await readInput({ ...request, kinds: DEFAULT_KINDS });
  const { state } = prepareCluster({ objects, skipInvalid: true });
  if (state === undefined) throw new Error('the cluster cannot be admitted');
  const all = [...state.services, ...state.endpointSlices, ...state.nodes].map((object): SourceObject => {
    const { apiVersion, kind } = object as unknown as { apiVersion: string; kind: string };
    return {
      apiVersion,
      kind,
      object: object as unknown as Json,
      origin: { file: 'c', document: 1, path: [] },
    };
  });
  // An API server would have refused what a controller of a cruder kind has made of some clusters.
  const { objects: examined } = admit(all, { ...DEFAULT_ADMISSION_OPTIONS, stored: true });
  const accepted = examined.filter(({ accepted }) => accepted).map(({ source }) => source);
  return new Map(accepted.map((object) => [objectKey(object), object]));
}

class Cluster {
  readonly objects: Map<string, SourceObject>;
  private readonly random: () => number;
  private readonly bin: SourceObject[] = [];

  constructor(objects: Map<string, SourceObject>, random: () => number) {
    this.objects = objects;
    this.random = random;
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.random() * items.length)];
  }

  /** One to three objects are deleted, brought back, or changed. */
  change(): ReadonlyMap<string, ObjectChange> {
    const changes = new Map<string, ObjectChange>();
    for (let n = 1 + Math.floor(this.random() * 3); n > 0; n--) {
      const back = this.random() < 0.3 ? this.bin.pop() : undefined;
      const before = back ?? this.pick([...this.objects.values()]);
      if (before === undefined) continue;
      const key = objectKey(before);
      if (back !== undefined && this.objects.has(key)) continue;
      const isNode = before.kind === 'Node';
      const drop = back === undefined && !isNode && this.random() < 0.25;
      const after = drop ? undefined : back === undefined ? this.edit(before) : back;
      const known = changes.get(key);
      changes.set(key, { before: known === undefined ? this.objects.get(key) : known.before, after });
      if (after === undefined) {
        this.bin.push(before);
        this.objects.delete(key);
      } else this.objects.set(key, after);
    }
    return changes;
  }

  private edit(source: SourceObject): SourceObject {
    const object: Json = structuredClone(source.object);
    if (source.kind === 'EndpointSlice') this.editSlice(object);
    else if (source.kind === 'Service') this.editService(object);
    else if (this.random() < 0.3) {
      object.metadata.labels = {
        ...object.metadata.labels,
        'topology.kubernetes.io/zone': `zone-${Math.floor(this.random() * 3)}`,
      };
    } else object.status = { ...object.status, conditions: [{ type: 'Ready', status: `${this.random()}` }] };
    return { ...source, object };
  }

  private editSlice(slice: Json): void {
    const endpoint = this.pick<Json>(slice.endpoints);
    if (endpoint === undefined) return;
    const roll = this.random();
    if (roll < 0.3) slice.endpoints = slice.endpoints.filter((each: Json) => each !== endpoint);
    else if (roll < 0.6) endpoint.conditions = { ...endpoint.conditions, ready: this.random() < 0.5 };
    else if (roll < 0.8) endpoint.conditions = { ready: false, serving: true, terminating: true };
    else if (slice.addressType === 'IPv4')
      endpoint.addresses = [`10.244.7.${Math.floor(this.random() * 250)}`];
  }

  private editService({ spec }: Json): void {
    const roll = this.random();
    if (roll < 0.3) spec.sessionAffinity = spec.sessionAffinity === 'ClientIP' ? 'None' : 'ClientIP';
    else if (roll < 0.6 && spec.type !== 'ExternalName') {
      spec.internalTrafficPolicy = spec.internalTrafficPolicy === 'Local' ? 'Cluster' : 'Local';
    } else if (roll < 0.8 && spec.externalTrafficPolicy !== undefined && spec.type === 'NodePort') {
      spec.externalTrafficPolicy = spec.externalTrafficPolicy === 'Local' ? 'Cluster' : 'Local';
    } else if (spec.ports?.length > 1) spec.ports = spec.ports.slice(1);
    if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  }
}

function textOf(node: { readonly artifacts: FollowedNode['artifacts'] }): Record<string, string> {
  return Object.fromEntries(node.artifacts.map(({ name, text }) => [name, [...text()].join('')]));
}

describe.each(CLUSTERS)('%s', (name) => {
  it('equals a fresh compilation after each change', async () => {
    const folder = join(ROOT, name);
    const random = seededRandom(name.length * 7919 + 1);
    const cluster = new Cluster(await storedObjects(folder), random);
    const { node } = readClusterOptions(folder);
    const source = () => ({
      objects: [...cluster.objects.values()],
      passedOver: new Map(),
      diagnostics: [],
      locate: () => undefined,
    });
    const admission = { fieldValidation: 'Ignore' } as const;
    const kubeVersion = random() < 0.7 ? '1.37' : '1.8';
    const shared = { live: true, admission, kubeVersion, mode: 'iptables' } as const;
    const follower = new NodeFollower({ ...shared, node: { name: node, addresses: [] }, nfacct: false });
    const applied = new AppliedChanges();
    const first = await follower.update({ source, changes: undefined });
    expect(first.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    applied.apply(first.current?.node.changes() ?? []);
    for (let step = 0; step < STEPS; step++) {
      const changes = cluster.change();
      const { current, changed, diagnostics } = await follower.update({ source, changes });
      expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
      const fresh = await compile({ ...shared, objects: source().objects, node });
      const wanted = textOf(fresh.compiled as FollowedNode);
      expect(textOf(current?.node as FollowedNode)).toEqual(wanted);
      if (!changed) continue;
      applied.apply(current?.node.changes() ?? []);
      expect(applied.lines()).toEqual(linesOfSaves(wanted));
    }
  });
});
