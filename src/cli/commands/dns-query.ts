/** `dns query`: a name and a Pod in, each name that its resolver tries and the cluster's answers out. */

import type { ClusterState } from '../../apiserver/cluster-state.ts';
import type { Pod } from '../../apiserver/objects.ts';
import { DEFAULT_DNS_CONFIGURATION, servedZones } from '../../discovery/dns/dns-configuration.ts';
import { isSubdomain } from '../../discovery/dns/names.ts';
import type { DnsRecord, QueryType } from '../../discovery/dns/record.ts';
import { confText, type ResolvConf } from '../../discovery/dns/resolv-conf.ts';
import { type Attempt, isAddress } from '../../discovery/dns/resolve.ts';
import { escapeName, recordText } from '../../discovery/dns/zone-text.ts';
import type { ClusterList } from '../../input/read-cluster.ts';
import { lookUp } from '../../library/dns.ts';
import { plainJson } from '../../report/plain-data.ts';
import { plainText } from '../../report/plain-text.ts';
import { OperationalError } from '../../shared/operational-error.ts';
import { type CommandIO, writeAll } from '../io.ts';
import { isLive, loadState } from '../load-input.ts';
import { type DnsOptions, dnsRequest, UNSAID } from './dns-source.ts';

interface QueryOptions extends DnsOptions {
  readonly type: QueryType;
  readonly from?: string;
  readonly output?: 'json';
}

export async function dnsQueryCommand(name: string, options: QueryOptions, io: CommandIO): Promise<number> {
  checkName(name);
  if (isAddress(name) && options.from !== undefined && (options.type === 'A' || options.type === 'AAAA')) {
    throw new OperationalError(`${name} is an address: a program that connects to it asks nobody`);
  }
  const from = options.from === undefined ? undefined : podName(options.from);
  const state = await loadState(LISTS, UNSAID, options, io);
  if (state === undefined) return 2;
  const pod = from === undefined ? undefined : findPod(state, from, options);
  const request = dnsRequest(options);
  const { resolvConf: conf, attempts } = lookUp(state, name, { ...request, type: options.type, pod });
  const zones = servedZones({ ...DEFAULT_DNS_CONFIGURATION, ...request.configuration });
  await writeAll(io.stdout, [
    options.output === 'json'
      ? plainJson({ resolvConf: conf && confObject(conf), attempts })
      : `${conf === undefined ? '' : fileText(conf)}${attempts.map((attempt) => attemptText(attempt, zones)).join('')}`,
  ]);
  return 0;
}

/** A search list crosses namespaces. */
const LISTS: readonly ClusterList[] = [
  { kind: 'Service' },
  { kind: 'EndpointSlice' },
  { kind: 'Pod' },
  { kind: 'Namespace' },
];

/** @throws OperationalError for what no resolver would ask for. */
function checkName(name: string): void {
  const isName = /^[\x21-\x7e]+$/.test(name) && !/[\\";()@$]/.test(name);
  const labels = (name.endsWith('.') ? name.slice(0, -1) : name).split('.');
  if (isName && name.length <= 254 && labels.every(({ length }) => length > 0 && length <= 63)) return;
  throw new OperationalError(`${JSON.stringify(name)} is no name that could be looked up`);
}

interface PodName {
  readonly namespace: string;
  readonly name: string;
}

function podName(text: string): PodName {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace !== undefined && name !== undefined) return { namespace, name };
  throw new OperationalError(`--from must be NAMESPACE/POD, not ${JSON.stringify(text)}`);
}

function findPod(state: ClusterState, { namespace, name }: PodName, options: QueryOptions): Pod {
  const pod = state.pods.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  if (pod !== undefined) return pod;
  throw new OperationalError(`the ${isLive(options) ? 'cluster' : 'input'} has no Pod ${namespace}/${name}`);
}

function confObject({ policy, nameServers, search, options }: ResolvConf) {
  return { policy, nameServers, search, options: Object.fromEntries(options) };
}

/** What of the file follows from the cluster. */
function fileText(conf: ResolvConf): string {
  const note = conf.policy === 'Default' ? "# and what the node's own resolv.conf says\n" : '';
  const lines = confText(conf).split('\n');
  return `${note}${lines.map(plainText).join('\n')}\n`;
}

function attemptText({ name, result }: Attempt, zones: readonly string[]): string {
  const head = `${escapeName(name)}  `;
  switch (result.kind) {
    case 'outside':
      return `${head}asked outside of the cluster: not known here\n`;
    case 'name-error':
      return `${head}no such name (NXDOMAIN)\n`;
    case 'no-reply':
      return `${head}no reply: a name in the answer has an empty label\n`;
    case 'answer':
      if (result.answer.length === 0) return `${head}no records of this type (NODATA)\n`;
      return `${head}found\n${result.answer.map((record) => `    ${recordText(record)}\n${leaves(record, zones)}`).join('')}`;
  }
}

/** Says where an answer goes on outside of the cluster. */
function leaves(record: DnsRecord, zones: readonly string[]): string {
  if (record.kind !== 'CNAME' || zones.some((zone) => isSubdomain(zone, record.target))) return '';
  return `    ${escapeName(record.target)} is asked for outside of the cluster\n`;
}
