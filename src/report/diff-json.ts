/** A comparison as one JSON document. In: what differs. Out: the text of `diff -o json`, whose form programs rely on. */
import type { NodeDiff } from '../diff/change.ts';

export function diffJson({ equal, services, foreign, unknown }: NodeDiff): string {
  const document = {
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
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
