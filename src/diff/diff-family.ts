/**
 * Compares two sets of rules of one family, by text and then by meaning. In: the intended rules, with the view that they
 * follow from, and those of a host or of another compilation. Out: what differs, by Service, and what that does.
 *
 * Packets are traced only where rules differ, or where somebody else's rules may meet Service traffic.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import type { NodeView } from '../proxy/node-view.ts';
import type { ServicePortView } from '../proxy/service-traffic.ts';
import { isIPv6, parseIP } from '../shared/ip.ts';
import type { NodeRules } from '../trace/node-rules.ts';
import { type Attribution, attribute, portKey } from './attribute.ts';
import { Blame } from './blame.ts';
import type { ChainLines, Change, ForeignRule, ServiceChanges, StaleChain, Unknown } from './change.ts';
import { compareRules } from './compare-rules.ts';
import { type Compared, countDiffering } from './compared.ts';
import { lineFacts, lineText } from './line.ts';
import { Tracers } from './observe.ts';
import { portChanges } from './port-changes.ts';
import { type PortFacts, portFacts } from './port-facts.ts';
import { namedBy, OUTSIDE_DEVICE, type ProbeScene } from './probes.ts';
import { strangerChanges } from './stranger-changes.ts';
import { trafficReach } from './traffic-reach.ts';

export interface FamilyQuestion {
  readonly family: IPFamily;
  readonly intended: { readonly rules: NodeRules; readonly view: NodeView };
  /** The view is absent of a host's rules. */
  readonly actual: { readonly rules: NodeRules; readonly view?: NodeView | undefined };
  /** The addresses on the host's interfaces, of both families. */
  readonly addresses: readonly string[];
}

export interface FamilyDiff {
  readonly family: IPFamily;
  readonly services: readonly ServiceChanges[];
  readonly foreign: readonly ForeignRule[];
  readonly unknown: readonly Unknown[];
  readonly stale: readonly StaleChain[];
  /** Rules of kube-proxy that are missing or too many. */
  readonly differingRules: number;
  /** The chains that differ; rules of others are among them where they are to blame. */
  readonly chains: () => readonly ChainLines[];
}

export function diffFamily(question: FamilyQuestion): FamilyDiff {
  const { family, intended, actual } = question;
  const view = intended.view.families[family];
  const other = actual.view?.families[family];
  const reach = trafficReach(other === undefined ? [view] : [view, other], question.addresses);
  const compared = compareRules(family, intended.rules, actual.rules, reach);
  const { differences, stale, unreadable } = compared;
  const base = { family, stale, differingRules: countDiffering(differences) };
  if (differences.length === 0 && !compared.suspicious)
    return { ...base, services: [], foreign: [], unknown: unreadable, chains: () => [] };
  const attribution = attribute(compared, view, other);
  const blame = new Blame(family, attribution, compared);
  const services = traceServices(question, compared, attribution, blame);
  const foreign = blame.foreign();
  const chains = () => differingChains(compared, foreign);
  return { ...base, services, foreign, unknown: [...unreadable, ...blame.unknown()], chains };
}

function differingChains(
  { differences, chainLines }: Compared,
  foreign: readonly ForeignRule[],
): readonly ChainLines[] {
  const rules = new Set(foreign.map(({ rule }) => rule));
  const places = [...differences, ...foreign.filter(({ rule }) => rule !== '')];
  const chains = new Map(places.map((place) => [`${place.table} ${place.chain}`, place]));
  return [...chains.values()].map((place) => chainLines(place, rules));
}

function traceServices(
  question: FamilyQuestion,
  compared: Compared,
  attribution: Attribution,
  blame: Blame,
): readonly ServiceChanges[] {
  const { family, intended } = question;
  const nodeAddresses = hostAddresses(question);
  const tracers = new Tracers(compared, [...question.addresses, ...nodeAddresses]);
  const general = namedBy(blame.suspects);
  const scene: ProbeScene = {
    family: intended.view.families[family],
    node: intended.view,
    nodeAddresses,
    networks: general.networks,
    sockets: [],
    callingEndpoints: MOST_CALLING_ENDPOINTS,
    onlyLocalEndpointsCall: !compared.isOneMode,
    device: OUTSIDE_DEVICE,
  };
  const services: ServiceChanges[] = [];
  const established = [...blame.suspects, ...attribution.common.flatMap(({ missing }) => missing)].some(
    (line) => lineFacts(line).establishes,
  );
  for (const facts of factsOf(question, attribution, blame.isWide)) {
    const own = namedBy([...facts.missing, ...facts.extra]);
    const { changes, observations } = portChanges({
      facts,
      tracers,
      scene: {
        ...scene,
        networks: [...new Set([...general.networks, ...own.networks])],
        sockets: caughtBy(facts, compared),
        callingEndpoints: facts.differences.length === 0 && compared.isOneMode ? 1 : MOST_CALLING_ENDPOINTS,
      },
      hasChains: compared.hasChains(facts.intended ?? (facts.actual as ServicePortView)),
      devices: [...new Set([...general.devices, ...own.devices])].slice(0, MOST_DEVICES),
      established,
    });
    blame.add(facts, changes, observations);
    const all =
      changes.length > 0 || facts.differences.length === 0
        ? changes
        : [rulesOnly(facts, blame.isDoubtful(facts))];
    if (all.length > 0) services.push(serviceChanges(family, facts, all));
  }
  blame.passedOver(tracers.passedOver);
  return [
    ...services,
    ...attribution.strangers.map((stranger) => strangerChanges(family, stranger, tracers, scene)),
  ];
}

/** So many of a Service's endpoints call it themselves; with the Service's own rules intact, one stands for all. */
const MOST_CALLING_ENDPOINTS = 24;

/** By rules of address translation that nobody intended, and that lead to the Service. */
function caughtBy({ differences }: PortFacts, { isShared }: Compared): readonly string[] {
  const extra = differences.filter(({ chain }) => isShared(chain)).flatMap((each) => each.extra);
  const leading = extra.map(lineFacts).filter(({ leadsTo }) => leadsTo !== undefined);
  return [...new Set(leading.flatMap(({ caught }) => caught))];
}

const MOST_DEVICES = 4;

/** Of this family; one that stands for it where none is known. */
function hostAddresses({ family, addresses }: FamilyQuestion): readonly string[] {
  const own = addresses.filter((text) => {
    const ip = parseIP(text);
    return ip !== undefined && isIPv6(ip) === (family === 'IPv6');
  });
  if (own.length > 0) return own;
  return [family === 'IPv6' ? 'fd00:5ec5::1' : '198.18.0.1'];
}

function factsOf(
  { family, intended, actual }: FamilyQuestion,
  { ports }: Attribution,
  all: boolean,
): readonly PortFacts[] {
  const wanted = new Map(intended.view.families[family].servicePorts.map((view) => [portKey(view), view]));
  const others = new Map(
    (actual.view?.families[family].servicePorts ?? []).map((view) => [portKey(view), view]),
  );
  const keys = all ? new Set([...wanted.keys(), ...ports.keys()]) : ports.keys();
  return [...keys]
    .sort()
    .map((key) => portFacts(wanted.get(key), others.get(key), ports.get(key)?.differences ?? []));
}

function rulesOnly({ differences }: PortFacts, doubtful: boolean): Change {
  const places = new Map<string, { missing: number; extra: number }>();
  for (const { table, chain, missing, extra } of differences) {
    const key = `${table} ${chain}`;
    const known = places.get(key) ?? { missing: 0, extra: 0 };
    places.set(key, { missing: known.missing + missing.length, extra: known.extra + extra.length });
  }
  const count = [...places.values()].reduce((sum, { missing, extra }) => sum + Math.max(missing, extra), 0);
  const rules =
    count === 0 ? 'the order of rules differs' : `${count} ${count === 1 ? 'rule differs' : 'rules differ'}`;
  const so = doubtful ? 'what that does cannot be told' : purposeOf(differences);
  return { kind: 'rules-only', consequence: `${rules}${spelling(differences)}; ${so}` };
}

function purposeOf(differences: PortFacts['differences']): string {
  const [first] = differences.flatMap(({ missing }) => missing);
  return (first && lineFacts(first).purpose) ?? 'no packet that was traced is affected';
}

/** A line of `ipvsadm` is short enough to be shown in both spellings. */
function spelling(differences: PortFacts['differences']): string {
  const servers = differences.filter(({ table }) => table === 'ipvs');
  const [missing, extra] = [servers.flatMap((each) => each.missing), servers.flatMap((each) => each.extra)];
  const [wanted, found] = [missing[0], extra[0]];
  if (wanted === undefined || found === undefined || missing.length + extra.length > 2) return '';
  return ` (${lineText(found)} instead of ${lineText(wanted)})`;
}

export function serviceChanges(
  family: IPFamily,
  { info, intended }: PortFacts,
  changes: readonly Change[],
): ServiceChanges {
  const { namespace, serviceName: name, portName, port, protocol, nodePort, clusterIP } = info;
  return {
    namespace,
    name,
    portName,
    port,
    protocol,
    family,
    nodePort,
    clusterIP: intended && clusterIP,
    changes,
  };
}
