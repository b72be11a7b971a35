/**
 * Follows a live cluster. In: its lists, each complete and with the moment that it is of. Out: an update at first, then one
 * for all changes within a period.
 *
 * Whoever takes the updates sets the pace: while one is worked on, changes gather for the next.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { followList, type ListChanges, type Patience } from '../input/follow-list.ts';
import type { Kubectl } from '../input/kubectl.ts';
import { clusterSource } from '../input/read-cluster.ts';
import type { ReadList } from '../input/read-list.ts';
import type { Source, SourceObject } from '../input/source.ts';
import { type InputUpdate, type ObjectChange, objectKey, type WatchOptions } from './input-update.ts';

export interface FollowClusterRequest extends WatchOptions {
  readonly lists: readonly ReadList[];
  readonly kubectl: Kubectl;
  readonly patience?: Patience;
}

/** @throws OperationalError where kubectl can no longer be run. */
export async function* followCluster(request: FollowClusterRequest): AsyncGenerator<InputUpdate> {
  const { lists, kubectl, period, signal, onTrouble, patience } = request;
  const objects = new ClusterObjects(lists);
  yield { source: () => objects.source(), changes: undefined };
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  const trouble = new Trouble(onTrouble);
  const followers = lists.map((list) =>
    followList(list, objects.changesOf(list, trouble.of(list)), kubectl, stop, patience),
  );
  const stopped = aborted(signal);
  // Where a list cannot be followed any more, nothing is current any more.
  const failed = Promise.all(followers).then(() => stopped);
  failed.catch(() => {});
  try {
    for (;;) {
      await Promise.race([objects.changed(), stopped, failed]);
      await Promise.race([sleep(period, undefined, { signal }).catch(() => {}), failed]);
      if (signal.aborted) return;
      const changes = objects.takeChanges();
      if (changes.size > 0) yield { source: () => objects.source(), changes };
    }
  } finally {
    ended.abort();
    await Promise.allSettled(followers);
  }
}

/** Tells of trouble with any of the lists, once until all are well again. */
class Trouble {
  private readonly troubled = new Set<ReadList>();
  private readonly tell: WatchOptions['onTrouble'];

  constructor(tell: WatchOptions['onTrouble']) {
    this.tell = tell;
  }

  of(list: ReadList): (why: string | undefined) => void {
    return (why) => {
      const { size } = this.troubled;
      if (why === undefined) this.troubled.delete(list);
      else this.troubled.add(list);
      if ((size === 0) !== (this.troubled.size === 0)) this.tell(why);
    };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** The objects of all lists as they are now, and what has changed since that was asked for. */
class ClusterObjects {
  private readonly byList: ReadonlyMap<ReadList, Map<string, SourceObject>>;
  private changes = new Map<string, ObjectChange>();
  private wake: () => void = () => {};

  constructor(lists: readonly ReadList[]) {
    this.byList = new Map(
      lists.map((list) => [list, new Map(list.objects.map((object) => [objectKey(object), object]))]),
    );
  }

  source(): Source {
    const lists = [...this.byList].map(([list, objects]) => ({ ...list, objects: [...objects.values()] }));
    return clusterSource(lists);
  }

  changed(): Promise<void> {
    if (this.changes.size > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  takeChanges(): ReadonlyMap<string, ObjectChange> {
    const { changes } = this;
    this.changes = new Map();
    for (const [key, { before, after }] of changes) if (isSame(before, after)) changes.delete(key);
    return changes;
  }

  changesOf(list: ReadList, trouble: (why: string | undefined) => void): ListChanges {
    const objects = this.byList.get(list) as Map<string, SourceObject>;
    const set = (key: string, after: SourceObject | undefined) => {
      const now = objects.get(key);
      if (isSame(now, after)) return;
      const known = this.changes.get(key);
      this.changes.set(key, { before: known === undefined ? now : known.before, after });
      if (after === undefined) objects.delete(key);
      else objects.set(key, after);
      this.wake();
    };
    return {
      present: (object) => set(objectKey(object), object),
      gone: (object) => set(objectKey(object), undefined),
      replaced: (all) => {
        const keys = new Set(all.map(objectKey));
        for (const key of objects.keys()) if (!keys.has(key)) set(key, undefined);
        for (const object of all) set(objectKey(object), object);
      },
      interrupted: trouble,
      resumed: () => trouble(undefined),
    };
  }
}

/** An object keeps its resourceVersion as long as nothing of it changes. */
function isSame(a: SourceObject | undefined, b: SourceObject | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a === b || identity(a) === identity(b);
}

function identity({ object }: SourceObject): string {
  const { uid, resourceVersion } = (object.metadata ?? {}) as Readonly<Record<string, unknown>>;
  return `${uid} ${resourceVersion}`;
}
