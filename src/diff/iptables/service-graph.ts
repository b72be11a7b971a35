/**
 * The way of one Service's connections through the rules of both sides. In: both sides' rules, and which Service. Out: a
 * graph from its addresses over chains to endpoints, each part of it on both sides, or missing or stale on the host's.
 */
import { chainOwners } from '../../backends/iptables/chain-owners.ts';
import type { SavedDump, SavedRule } from '../../backends/iptables/saved.ts';
import type { FamilyView, NodeView } from '../../proxy/node-view.ts';
import type { IptablesRules } from '../../trace/node-rules.ts';
import { socketsOf } from '../attribute.ts';
import type { FamilyQuestion } from '../diff-family.ts';
import { lineFacts } from '../line.ts';
import { capturedSocket, SHARED_CHAINS } from './compare-chains.ts';
import { HOOKS, type RuleTables, ruleTables } from './rule-tables.ts';

/** `missing` is intended and not there, `stale` is there and not intended. */
export type GraphStatus = 'same' | 'missing' | 'stale';

export interface GraphNode {
  readonly kind: 'address' | 'chain' | 'endpoint' | 'end';
  /** It quotes the host's rules. */
  readonly label: string;
  readonly status: GraphStatus;
}

export interface GraphEdge {
  /** Indexes of `nodes`. */
  readonly from: number;
  readonly to: number;
  readonly status: GraphStatus;
  /** Of new connections, such as `33.3%`; empty where all go this way or it depends on more. */
  readonly share: string;
}

export interface ServiceGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphService {
  readonly namespace: string;
  readonly name: string;
}

/** A question of which both sides are rules of iptables. */
export type IptablesQuestion = Pick<FamilyQuestion, 'family'> & {
  readonly intended: { readonly rules: IptablesRules; readonly view: NodeView };
  readonly actual: { readonly rules: IptablesRules; readonly view?: NodeView | undefined };
};

/** Empty for rules of other modes. */
export function iptablesQuestion({ family, intended, actual }: FamilyQuestion): readonly IptablesQuestion[] {
  if (intended.rules.kind !== 'iptables' || actual.rules.kind !== 'iptables') return [];
  return [
    { family, intended: { ...intended, rules: intended.rules }, actual: { ...actual, rules: actual.rules } },
  ];
}

export function serviceGraph(questions: readonly IptablesQuestion[], service: GraphService): ServiceGraph {
  const intended = new Walk();
  const actual = new Walk();
  for (const { family, intended: wanted, actual: found } of questions) {
    const views = [wanted.view, found.view].flatMap((view) => view?.families[family] ?? []);
    const isOwn = ownership(views, service);
    intended.follow(tablesOf(wanted.rules.dump), isOwn);
    actual.follow(tablesOf(found.rules.dump), isOwn);
  }
  return merge(intended, actual);
}

/** Whether any port of the Service is among those of a node. */
export function hasService({ families }: NodeView, { namespace, name }: GraphService): boolean {
  return [families.IPv4, families.IPv6].some(({ servicePorts }) =>
    servicePorts.some(
      ({ servicePort }) => servicePort.namespace === namespace && servicePort.serviceName === name,
    ),
  );
}

type Tables = readonly (readonly [table: string, chains: NonNullable<ReturnType<RuleTables['get']>>])[];

/** Connections are translated in one of them, and refused in the other. */
function tablesOf(dump: SavedDump): Tables {
  const all = ruleTables(dump);
  return ['nat', 'filter'].flatMap((table) => {
    const chains = all.get(table);
    return chains === undefined ? [] : [[table, chains] as const];
  });
}

type Ownership = (rule: SavedRule) => boolean;

/** Tells rules of chains that Services share; one that no view has is known by comments alone. */
function ownership(views: readonly FamilyView[], { namespace, name }: GraphService): Ownership {
  const chains = new Set<string>();
  const sockets = new Set<string>();
  for (const view of views) {
    const servicePorts = view.servicePorts.filter(
      ({ servicePort }) => servicePort.namespace === namespace && servicePort.serviceName === name,
    );
    for (const chain of chainOwners({ ...view, servicePorts }).keys()) chains.add(chain);
    for (const port of servicePorts) for (const socket of socketsOf(port)) sockets.add(socket);
  }
  return (rule) => {
    if (chains.size === 0) {
      const { named } = lineFacts(rule);
      return named?.namespace === namespace && named.name === name;
    }
    if (rule.target?.kind === 'jump' && chains.has(rule.target.chain)) return true;
    return sockets.has(capturedSocket(rule) ?? '');
  };
}

/** These mark packets and come back. */
const MARKING: ReadonlySet<string> = new Set(['KUBE-MARK-MASQ', 'KUBE-MARK-DROP']);

type Place = Pick<GraphNode, 'kind' | 'label'>;

interface Way {
  readonly from: string;
  readonly to: string;
  readonly share: number | undefined;
}

/** What one side has, by keys that both sides share. */
class Walk {
  readonly places = new Map<string, Place>();
  readonly ways = new Map<string, Way>();

  follow(tables: Tables, isOwn: Ownership): void {
    for (const [table, chains] of tables) {
      const open: string[] = [];
      for (const shared of SHARED_CHAINS) {
        for (const rule of chains.get(shared)?.rules ?? []) {
          if (isOwn(rule)) open.push(...this.step(table, addressOf(rule), rule, undefined));
        }
      }
      const seen = new Set<string>();
      for (let name = open.pop(); name !== undefined; name = open.pop()) {
        if (seen.has(name) || HOOKS.has(name) || SHARED_CHAINS.has(name)) continue;
        seen.add(name);
        open.push(...this.chain(table, name, chains.get(name)?.rules ?? []));
      }
    }
  }

  private chain(table: string, name: string, rules: readonly SavedRule[]): readonly string[] {
    let rest = 1;
    return rules.flatMap((rule) => {
      const part = partOf(rule);
      const share = part === undefined ? undefined : rest * part;
      rest -= share ?? 0;
      return this.step(table, { kind: 'chain', label: name }, rule, share);
    });
  }

  /** @returns the chain that the rule leads to */
  private step(table: string, from: Place, { target }: SavedRule, share: number | undefined): string[] {
    let to: Place | undefined;
    if (target?.kind === 'jump' && !MARKING.has(target.chain)) to = { kind: 'chain', label: target.chain };
    else if (target?.kind === 'dnat') to = { kind: 'endpoint', label: target.to };
    else if (target?.kind === 'reject') to = { kind: 'end', label: 'refused' };
    else if (target?.kind === 'drop') to = { kind: 'end', label: 'dropped' };
    if (to === undefined) return [];
    const keys = { from: this.place(table, from), to: this.place(table, to) };
    const key = `${keys.from}\n${keys.to}`;
    const known = this.ways.get(key);
    this.ways.set(key, { ...keys, share: share ?? known?.share });
    return to.kind === 'chain' ? [to.label] : [];
  }

  private place(table: string, place: Place): string {
    // A Service has its address once, chains of one name in two tables are two.
    const key = `${place.kind} ${place.kind === 'chain' ? `${table} ` : ''}${place.label}`;
    this.places.set(key, place);
    return key;
  }
}

/** Of the connections that come to a rule; undefined where that depends on the packet. */
function partOf({ source, matches, target }: SavedRule): number | undefined {
  if (target?.kind !== 'jump' || MARKING.has(target.chain) || source !== undefined) return undefined;
  let part = 1;
  for (const match of matches) {
    if (match.kind === 'random') part *= (match.negated ? 2 ** 31 - match.parts : match.parts) / 2 ** 31;
    else if (match.kind !== 'comment' && match.kind !== 'transport') return undefined;
  }
  return part;
}

function addressOf(rule: SavedRule): Place {
  const [address, protocol = '', port = ''] = capturedSocket(rule)?.split(' ') ?? [];
  if (address === undefined) return { kind: 'address', label: rule.destination?.network ?? 'any address' };
  const host = address.includes(':') ? `[${address}]` : address;
  const where = address === '*' ? `node port ${port}` : `${host}:${port}`;
  return { kind: 'address', label: `${where} ${protocol.toUpperCase()}` };
}

function merge(intended: Walk, actual: Walk): ServiceGraph {
  const statusOf = (isIntended: boolean, isActual: boolean): GraphStatus =>
    isIntended ? (isActual ? 'same' : 'missing') : 'stale';
  const places = new Map([...intended.places, ...actual.places]);
  const index = new Map([...places.keys()].map((key, i) => [key, i]));
  const nodes = [...places].map(([key, place]) => ({
    ...place,
    status: statusOf(intended.places.has(key), actual.places.has(key)),
  }));
  const edges = [...new Map([...intended.ways, ...actual.ways])].map(([key, { from, to }]): GraphEdge => {
    const [wanted, found] = [intended.ways.get(key), actual.ways.get(key)];
    return {
      from: index.get(from) as number,
      to: index.get(to) as number,
      status: statusOf(wanted !== undefined, found !== undefined),
      share: shareText(wanted, found),
    };
  });
  return { nodes, edges };
}

function shareText(intended: Way | undefined, actual: Way | undefined): string {
  const [wanted, found] = [percent(intended), percent(actual)];
  if (intended === undefined || actual === undefined || wanted === found) return found || wanted;
  return `${found || 'all'} instead of ${wanted || 'all'}`;
}

function percent(way: Way | undefined): string {
  if (way?.share === undefined || way.share === 1) return '';
  return `${Math.round(way.share * 1000) / 10}%`;
}
