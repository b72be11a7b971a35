/** Following a list through a kubectl that does not always do what it should. */
import { afterEach, describe, expect, test } from 'vitest';
import { followList } from '../../src/input/follow-list.ts';
import type { SourceObject } from '../../src/input/source.ts';
import { answer, atFirst, type FakeKubectl, failure, fakeKubectl, quote } from '../support/fake-kubectl.ts';

const WATCH = '/api/v1/services?watch=true';
const LIST = '/api/v1/services?limit=500';
const from = (version: string) => `${WATCH}&allowWatchBookmarks=true&resourceVersion=${version}`;
const GONE = 'Error from server (Expired): too old resource version: 7 (9)';
const FOREVER = 'exec sleep 60';

let kubectl: FakeKubectl | undefined;
afterEach(() => kubectl?.remove());

function event(type: string, name: string, resourceVersion: string): string {
  return JSON.stringify({ type, object: { metadata: { name, namespace: 'default', resourceVersion } } });
}

const events = (...lines: string[]) => lines.map((line) => `printf '%s\\n' ${quote(line)}`).join('\n');

/** What is told, one line each, until as much as `enough` has been. */
async function follow(answers: Readonly<Record<string, string>>, enough: number): Promise<string[]> {
  kubectl = fakeKubectl(answers);
  const told: string[] = [];
  const stop = new AbortController();
  const tell = (what: string) => {
    told.push(what);
    if (told.length === enough) stop.abort();
  };
  const name = ({ object }: SourceObject) => (object.metadata as { name: string }).name;
  const timer = setTimeout(() => stop.abort(), 8000);
  await followList(
    { kind: 'read', list: { kind: 'Service' }, objects: [], resourceVersion: '7' },
    {
      present: (object) => tell(`+${name(object)}`),
      gone: (object) => tell(`-${name(object)}`),
      replaced: (objects) => tell(`=${objects.map(name).join()}`),
      interrupted: (why) => tell(`! ${why}`),
      resumed: () => {},
    },
    { flags: {}, env: { PATH: process.env.PATH, KUBECTL_PATH: kubectl.path } },
    stop.signal,
    { first: 5, longest: 20 },
  );
  clearTimeout(timer);
  return told;
}

const list = (...names: string[]) =>
  answer({
    kind: 'ServiceList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '20' },
    items: names.map((each) => ({ metadata: { name: each, namespace: 'default', resourceVersion: '19' } })),
  });

describe('a list that is followed', () => {
  test('tells each change once: what comes twice, or late, has been seen', async () => {
    const told = await follow(
      {
        [from('7')]: `${events(
          event('ADDED', 'late', '7'),
          event('ADDED', 'a', '8'),
          event('ADDED', 'a', '8'),
          event('MODIFIED', 'b', '10'),
          event('DELETED', 'a', '9'),
          event('DELETED', 'a', '11'),
        )}\n${FOREVER}`,
      },
      3,
    );
    expect(told).toEqual(['+a', '+b', '-a']);
  });

  test('is taken up where it ended, and a line that was cut off comes again', async () => {
    const told = await follow(
      {
        [from('7')]:
          `${events(event('ADDED', 'a', '8'))}\nprintf '%s' ${quote(event('ADDED', 'b', '9').slice(0, 30))}`,
        [from('8')]: `${events(event('ADDED', 'b', '9'), event('BOOKMARK', '', '15'))}`,
        [from('15')]: `${events(event('DELETED', 'b', '16'))}\n${FOREVER}`,
      },
      3,
    );
    expect(told).toEqual(['+a', '+b', '-b']);
  });

  test('goes on when kubectl is killed', async () => {
    const told = await follow(
      {
        [from('7')]: `${events(event('ADDED', 'a', '8'))}\nkill -KILL $$`,
        [from('8')]: `${events(event('ADDED', 'b', '9'))}\n${FOREVER}`,
      },
      3,
    );
    expect(told).toEqual(['+a', '! kubectl was killed by SIGKILL while it watched services', '+b']);
  });

  test('goes on behind a broken line, from what stood before it', async () => {
    const told = await follow(
      {
        [from('7')]:
          `${events(event('ADDED', 'a', '8'), '{"type":"ADDED","obj', event('ADDED', 'x', '99'))}\n${FOREVER}`,
        [from('8')]: `${events(event('ADDED', 'b', '9'))}\n${FOREVER}`,
      },
      3,
    );
    expect(told).toEqual(['+a', '! the watch of services broke: an event is not valid JSON', '+b']);
  });

  test.each([
    ['as an event', events(JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410 } }))],
    ['as a failure', failure(GONE)],
  ])('is read anew where its moment is forgotten: %s', async (_, gone) => {
    const told = await follow({ [from('7')]: gone, [LIST]: list('a', 'b'), [from('20')]: FOREVER }, 1);
    expect(told).toEqual(['=a,b']);
    expect(kubectl?.calls()[1]).toBe('get --raw /api/v1/services?limit=500');
  });

  test('counts only when it has been read to its end', async () => {
    const cut = `${list('a').replace("]}'", "'")}; exit 0`;
    const told = await follow(
      { [from('7')]: failure(GONE), [LIST]: atFirst('cut', cut, list('a')), [from('20')]: FOREVER },
      2,
    );
    expect(told).toEqual(['! kubectl gave no complete list of services: the list ends too early', '=a']);
  });

  test('is tried again and again while the cluster cannot be reached', async () => {
    const refused = failure(
      'The connection to the server 192.0.2.1:6443 was refused - did you specify the right host?',
    );
    const told = await follow(
      {
        [from('7')]: atFirst(
          'one',
          refused,
          atFirst('two', refused, `${events(event('ADDED', 'a', '8'))}\n${FOREVER}`),
        ),
      },
      3,
    );
    expect(told[0]).toMatch(/^! kubectl cannot reach the cluster/);
    expect(told.slice(2)).toEqual(['+a']);
  });
});
