/** What virtual servers say, in the words that all modes share. In: a server, and the real server that took the packet. */
import type { ListedRealServer, ListedServer } from '../../backends/ipvs/listed.ts';
import { persistenceEntry } from '../../backends/ipvs/service-key.ts';
import type { StepFacts } from '../step-facts.ts';

export function serverFacts(
  { service, persistentSeconds }: ListedServer,
  realServer: ListedRealServer | undefined,
): StepFacts {
  const remembers =
    persistentSeconds > 0 && realServer !== undefined ? [persistenceEntry(service, realServer.socket)] : [];
  return { does: 'other', leadsTo: undefined, comment: '', remembers };
}

/** The order of real servers is no part of it. */
export function serverMeaning({ text }: ListedServer, realServer: ListedRealServer | undefined): string {
  return realServer === undefined ? text : `${text} ${realServer.text}`;
}
