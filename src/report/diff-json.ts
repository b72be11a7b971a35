/** A comparison as one JSON document. In: what differs. Out: the text of `diff -o json`, whose form programs rely on. */

import type { NodeDiff } from '../diff/change.ts';
import { plainJson } from './plain-data.ts';

export function diffJson(diff: NodeDiff): string {
  return plainJson(diffJsonDocument(diff));
}

export function diffJsonDocument({ equal, services, foreign, unknown, leftovers }: NodeDiff): object {
  return {
    equal,
    services: services.map(({ namespace, name, port, protocol, family, changes }) => ({
      namespace,
      name,
      port,
      protocol,
      family,
      changes,
    })),
    foreign,
    unknown,
    leftovers,
  };
}
