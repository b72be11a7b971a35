/**
 * Compares two sets of rules of one family, by text and then by meaning. In: the intended rules, with the view that they
 * follow from, and those of a host or of another compilation. Out: what differs, by Service, and what that does.
 *
 * Packets are traced only where rules differ, or where somebody else's rules may meet Service traffic.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { parseSaved, problems } from '../backends/iptables/parse.ts';
import type { SavedDump, SavedRule } from '../backends/iptables/saved.ts';
import type { NodeView } from '../proxy/node-view.ts';
import { isIPv6, parseIP } from '../shared/ip.ts';
import { type Attribution, attribute, portKey } from './attribute.ts';
import { Blame } from './blame.ts';
import { compareBuiltIn, withoutRules } from './built-in-chains.ts';
import type { Change, ForeignRule, ServiceChanges, StaleChain, Unknown } from './change.ts';
import { type ChainDifference, caughtSockets, compareChains, SHARED_CHAINS } from './compare-chains.ts';
import { Tracers } from './observe.ts';
import { portChanges } from './port-changes.ts';
import { type PortFacts, portFacts } from './port-facts.ts';
import { namedBy, OUTSIDE_DEVICE, type ProbeScene } from './probes.ts';
import { type ChainLines, chainLines } from './rule-lines.ts';
import { type RuleTables, reachableChains, ruleTables } from './rule-tables.ts';
import { sameText } from './same-text.ts';
import { strangerChanges } from './stranger-changes.ts';
import { trafficReach } from './traffic-reach.ts';

export interface FamilyQuestion {
  readonly family: IPFamily;
  /** As `iptables-save` prints them. */
  readonly intended: { readonly text: string; readonly view: NodeView };
  /** What was read of the text; the view is absent of a host's rules. */
  readonly actual: {
    readonly text: string;
    readonly dump: SavedDump;
    readonly view?: NodeView | undefined;
  };
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
  const { same, rest } = sameText(intended.text, actual.text);
  const compared = { intended: ruleTables(parseSaved(rest)), actual: ruleTables(actual.dump) };
  const view = intended.view.families[family];
  const other = actual.view?.families[family];
  const unreadable = unreadableLines(family, actual.dump);
  const reach = trafficReach(other === undefined ? [view] : [view, other], question.addresses);
  const builtIn = compareBuiltIn(compared.intended, compared.actual, reach);
  const differences = [...compareChains(compared.intended, compared.actual, same), ...builtIn.missing];
  const stale = staleChains(family, compared);
  const differingRules = differences.reduce(
    (sum, { missing, extra, reordered }) => sum + missing.length + extra.length + (reordered ? 1 : 0),
    0,
  );
  const base = { family, stale, differingRules };
  if (differences.length === 0 && !builtIn.suspicious)
    return { ...base, services: [], foreign: [], unknown: unreadable, chains: () => [] };
  const dump = parseSaved(intended.text);
  const tables = { ...compared, intended: ruleTables(dump) };
  const attribution = attribute(differences, view, other);
  const blame = new Blame(family, attribution, builtIn, tables);
  const services = traceServices(question, tables.actual, attribution, blame, {
    intended: dump,
    actual: withoutRules(actual.dump, builtIn.passedOver, builtIn.passedPolicies),
  });
  const foreign = blame.foreign();
  const chains = () => differingChains(family, tables, differences, foreign);
  return { ...base, services, foreign, unknown: [...unreadable, ...blame.unknown()], chains };
}

function differingChains(
  family: IPFamily,
  tables: { readonly intended: RuleTables; readonly actual: RuleTables },
  differences: readonly ChainDifference[],
  foreign: readonly ForeignRule[],
): readonly ChainLines[] {
  const rules = new Set(foreign.map(({ rule }) => rule));
  const places = [...differences, ...foreign.filter(({ rule }) => rule !== '')];
  const chains = new Map(places.map((place) => [`${place.table} ${place.chain}`, place]));
  return [...chains.values()].map((place) => chainLines(family, place, tables, rules));
}

/** Rules may hide there, so the two sides are never equal. */
function unreadableLines(family: IPFamily, dump: SavedDump): readonly Unknown[] {
  const texts = new Map<number, string>();
  for (const part of dump.parts) {
    for (const entry of part.kind === 'text' ? [part] : part.entries) {
      if (entry.kind === 'text' && entry.problem !== undefined) texts.set(entry.line, entry.text);
    }
  }
  return problems(dump).map(({ line, problem }): Unknown => {
    const [first = ''] = (texts.get(line) ?? '').split('\n');
    const rule = first.slice(0, MOST_SHOWN);
    const consequence = `${problem}: rules that the dump does not show may do anything to any Service`;
    return {
      family,
      reason: problem,
      ...(rule === '' ? {} : { rule }),
      services: 0,
      consequence,
      open: true,
    };
  });
}

/** Characters of a line that cannot be read. */
const MOST_SHOWN = 200;

function traceServices(
  question: FamilyQuestion,
  actual: RuleTables,
  attribution: Attribution,
  blame: Blame,
  dumps: { readonly intended: SavedDump; readonly actual: SavedDump },
): readonly ServiceChanges[] {
  const { family, intended } = question;
  const nodeAddresses = hostAddresses(question);
  const tracers = new Tracers(dumps.intended, dumps.actual, [...question.addresses, ...nodeAddresses]);
  const general = namedBy(blame.suspects);
  const scene: ProbeScene = {
    family: intended.view.families[family],
    node: intended.view,
    nodeAddresses,
    networks: general.networks,
    sockets: [],
    callingEndpoints: MOST_CALLING_ENDPOINTS,
    device: OUTSIDE_DEVICE,
  };
  const services: ServiceChanges[] = [];
  const established = [...blame.suspects, ...attribution.common.flatMap(({ missing }) => missing)].some(
    asksForEstablished,
  );
  for (const facts of factsOf(question, attribution, blame.isWide)) {
    const own = namedBy([...facts.missing, ...facts.extra]);
    const { changes, observations } = portChanges({
      facts,
      tracers,
      scene: {
        ...scene,
        networks: [...new Set([...general.networks, ...own.networks])],
        sockets: caughtBy(facts),
        callingEndpoints: facts.differences.length === 0 ? 1 : MOST_CALLING_ENDPOINTS,
      },
      actual,
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
function caughtBy({ extra }: PortFacts): readonly string[] {
  const leading = extra.filter(({ chain, target }) => SHARED_CHAINS.has(chain) && target?.kind === 'jump');
  return [...new Set(leading.flatMap(caughtSockets))];
}

const MOST_DEVICES = 4;

function asksForEstablished({ matches }: SavedRule): boolean {
  return matches.some((match) => match.kind === 'conntrack' && match.states.includes('ESTABLISHED'));
}

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
  const count = differences.reduce(
    (sum, { missing, extra }) => sum + Math.max(missing.length, extra.length),
    0,
  );
  const rules =
    count === 0 ? 'the order of rules differs' : `${count} ${count === 1 ? 'rule differs' : 'rules differ'}`;
  const so = doubtful ? 'what that does cannot be told' : 'no packet that was traced is affected';
  return { kind: 'rules-only', consequence: `${rules}; ${so}` };
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

const HASHED = /^KUBE-(SVC|SVL|EXT|FW|XLB|SEP)-[A-Z2-7]{16}$/;

/** Chains that kube-proxy has left behind: it clears them some time later. */
function staleChains(
  family: IPFamily,
  { intended, actual }: { intended: RuleTables; actual: RuleTables },
): readonly StaleChain[] {
  const stale: StaleChain[] = [];
  for (const [table, chains] of actual) {
    const strange = [...chains.values()].filter(
      ({ name }) => HASHED.test(name) && !intended.get(table)?.has(name),
    );
    if (strange.length === 0) continue;
    const reached = reachableChains(chains);
    for (const { name, rules } of strange) {
      if (!reached.has(name)) stale.push({ family, table, chain: name, rules: rules.length });
    }
  }
  return stale;
}
