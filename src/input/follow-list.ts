/**
 * Follows a list of a live cluster from the moment that it is of. In: the list. Out: each change, in order and once.
 *
 * Mirrors client-go's Reflector: a watch that ends is taken up where it ended, a moment that the API server has forgotten
 * (410) means that the list is read anew, and failures are met with growing patience. A list counts only when it is complete.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClusterList, listName, resourceOf, watchPath } from './cluster-lists.ts';
import { type Kubectl, runKubectl } from './kubectl.ts';
import type { KubectlFailure } from './kubectl-error.ts';
import type { Item } from './list-response.ts';
import { clusterObject, type ReadList, readList } from './read-list.ts';
import type { SourceObject } from './source.ts';
import { MalformedWatch, type WatchEvent, WatchEvents } from './watch-events.ts';

export interface ListChanges {
  readonly present: (object: SourceObject) => void;
  readonly gone: (object: SourceObject) => void;
  /** The list has been read anew: these are all its objects. */
  readonly replaced: (objects: readonly SourceObject[]) => void;
  /** For some time there may be changes that are not known; one sentence without a full stop. */
  readonly interrupted: (why: string) => void;
  /** The watch runs again. */
  readonly resumed: () => void;
}

/** How long to wait after a failure, in milliseconds; doubled with each that follows. */
export interface Patience {
  readonly first: number;
  readonly longest: number;
}

export const PATIENCE: Patience = { first: 500, longest: 30_000 };

/** Follows until `signal` ends it. */
export async function followList(
  { list, resourceVersion }: ReadList,
  changes: ListChanges,
  kubectl: Kubectl,
  signal: AbortSignal,
  patience: Patience = PATIENCE,
): Promise<void> {
  // Old API servers lack the list.
  if (resourceVersion === '') return;
  let position: string | undefined = resourceVersion;
  let failures = 0;
  while (!signal.aborted) {
    let ended: WatchEnd;
    if (position === undefined) {
      const result = await readList(list, 'store', kubectl, signal);
      if (result.kind === 'aborted') return;
      if (result.kind === 'read') {
        position = result.resourceVersion;
        changes.replaced(result.objects);
        changes.resumed();
        ended = { position, progressed: true, failure: undefined };
      } else ended = { position, progressed: false, failure: result.message };
    } else {
      ended = await new Watch(list, position, changes).run(kubectl, signal);
      position = ended.position;
    }
    failures = ended.progressed ? 0 : failures + 1;
    if (ended.failure !== undefined) changes.interrupted(ended.failure);
    // A watch that ends at once, without anything wrong, must not be begun again and again either.
    if (failures === 0) continue;
    const delay = Math.min(patience.longest, patience.first * 2 ** Math.min(failures - 1, 20));
    await sleep(delay * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => {});
  }
}

interface WatchEnd {
  /** Where to go on; undefined where the list has to be read anew. */
  readonly position: string | undefined;
  readonly progressed: boolean;
  /** One sentence, where it ended badly. */
  readonly failure: string | undefined;
}

/** One run of `kubectl get --raw …?watch=true`. */
class Watch {
  private position: string;
  private progressed = false;
  private expired = false;
  private failure: string | undefined;
  private readonly list: ClusterList;
  private readonly changes: ListChanges;

  constructor(list: ClusterList, position: string, changes: ListChanges) {
    this.list = list;
    this.position = position;
    this.changes = changes;
  }

  async run(kubectl: Kubectl, signal: AbortSignal): Promise<WatchEnd> {
    const events = new WatchEvents();
    const command = ['get', '--raw', watchPath(this.list, this.position)];
    const what = `watched ${listName(this.list)}`;
    const stop = new AbortController();
    const onChunk = (chunk: Uint8Array) => {
      for (const event of events.push(chunk)) this.take(event, stop);
    };
    try {
      const either = AbortSignal.any([signal, stop.signal]);
      const failure = await runKubectl(kubectl, command, what, onChunk, either);
      if (failure !== undefined) this.fail(failure);
    } catch (error) {
      if (!(error instanceof MalformedWatch)) throw error;
      this.failure = `the watch of ${listName(this.list)} broke: ${error.message}`;
    }
    return {
      position: this.expired ? undefined : this.position,
      progressed: this.progressed || this.expired,
      failure: this.failure,
    };
  }

  private fail(failure: KubectlFailure): void {
    if (failure.kind === 'expired') this.expired = true;
    else if (failure.kind !== 'aborted') this.failure ??= failure.message;
  }

  private take({ kind, object }: WatchEvent, stop: AbortController): void {
    if (kind === 'error') {
      this.expired = object.code === 410;
      if (!this.expired) {
        this.failure = `the watch of ${listName(this.list)} ended: ${String(object.message ?? object.reason)}`;
      }
      stop.abort();
      return;
    }
    const version = resourceVersionOf(object);
    // Events come in the order of what happened. One that is no later has been seen.
    if (!isLater(version, this.position)) return;
    this.position = version;
    if (!this.progressed) this.changes.resumed();
    this.progressed = true;
    if (kind === 'bookmark') return;
    this.changes[kind](clusterObject(object, this.list.kind, resourceOf(this.list.kind).apiVersion));
  }
}

function resourceVersionOf({ metadata }: Item): string {
  const { resourceVersion } = (metadata ?? {}) as { readonly resourceVersion?: unknown };
  if (typeof resourceVersion === 'string' && resourceVersion !== '') return resourceVersion;
  throw new MalformedWatch('an event has no resourceVersion');
}

/** Resource versions are numbers that grow, which Kubernetes guarantees since 1.35; of any others, only equality tells. */
function isLater(version: string, than: string): boolean {
  const areNumbers = /^[0-9]{1,20}$/.test(version) && /^[0-9]{1,20}$/.test(than);
  return areNumbers ? BigInt(version) > BigInt(than) : version !== than;
}
