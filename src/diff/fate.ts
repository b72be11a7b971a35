/**
 * What becomes of a packet to a Service, in the terms of Services. In: the outcomes that the tracer finds. Out: which
 * endpoints get which share, masqueraded or not, and what is refused, lost or uncertain.
 */
import { addFractions, compareFractions, type Fraction, reduceFraction, ZERO } from '../trace/fraction.ts';
import type { Outcome, Verdict } from '../trace/outcome.ts';
import type { Socket } from '../trace/packet.ts';
import { type Step, stepFacts } from '../trace/step.ts';
import { OTHER_CHAIN } from './iptables/other-owners.ts';
import type { Line } from './line.ts';
import type { Probe } from './probes.ts';

export interface Fate {
  /** By `10.0.0.1:80`. */
  readonly endpoints: ReadonlyMap<string, Share>;
  /** Goes on to the Service's own address, where nobody listens. */
  readonly untranslated: Fraction;
  readonly rejected: Fraction;
  readonly dropped: Fraction;
  readonly unknown: readonly Doubt[];
  readonly outcomes: readonly Outcome[];
}

export interface Share {
  readonly share: Fraction;
  /** Of `share`. */
  readonly masqueraded: Fraction;
}

export interface Doubt {
  readonly share: Fraction;
  readonly reason: string;
  readonly step: Step | undefined;
  /** Nothing but the sender's address behind the translation is in doubt, and not by a rule that comes before kube-proxy's. */
  readonly behind: boolean;
}

export function socketText({ address, port }: Socket): string {
  const host = address.includes(':') ? `[${address}]` : address;
  return port === undefined ? host : `${host}:${port}`;
}

/** @param isEndpoint whether a socket is one of the Service's endpoints, which may have an address of the Service */
export function fateOf(
  probe: Probe,
  outcomes: readonly Outcome[],
  isEndpoint: (socket: string) => boolean,
): Fate {
  const endpoints = new Map<string, Share>();
  const unknown: Doubt[] = [];
  let [untranslated, rejected, dropped] = [ZERO, ZERO, ZERO];
  const own = socketText({ address: probe.to.address, port: probe.to.port });
  for (const outcome of outcomes) {
    const { fraction: share, verdict } = outcome;
    switch (verdict.kind) {
      case 'delivered': {
        const socket = socketText(verdict.destination);
        if (socket === own && !isEndpoint(socket)) untranslated = addFractions(untranslated, share);
        else addEndpoint(endpoints, socket, share, isMasqueraded(verdict, outcome));
        break;
      }
      case 'rejected':
        rejected = addFractions(rejected, share);
        break;
      case 'dropped':
        dropped = addFractions(dropped, share);
        break;
      case 'cannot-tell':
        unknown.push({
          share,
          reason: verdict.reason,
          step: verdict.step,
          behind: isBehind(outcome.path, verdict.step),
        });
        break;
      default:
        verdict satisfies never;
    }
  }
  return { endpoints, untranslated, rejected, dropped, unknown, outcomes };
}

function addEndpoint(
  endpoints: Map<string, Share>,
  socket: string,
  share: Fraction,
  masqueraded: boolean,
): void {
  const known = endpoints.get(socket) ?? { share: ZERO, masqueraded: ZERO };
  endpoints.set(socket, {
    share: addFractions(known.share, share),
    masqueraded: masqueraded ? addFractions(known.masqueraded, share) : known.masqueraded,
  });
}

/** How Pods reach the outside is not kube-proxy's business: behind its own rules, others may give packets another source. */
function isMasqueraded({ source }: Extract<Verdict, { kind: 'delivered' }>, { path }: Outcome): boolean {
  if (source.kind === 'unchanged') return false;
  const last = path.findLast((step) => stepFacts(step).does === 'source');
  return last === undefined || !isBehind(path, last);
}

/** Whether a rule of others stands in POSTROUTING, FORWARD or INPUT, and kube-proxy's rules there have been passed. */
export function isBehind(path: readonly Step[], step: Step | undefined): boolean {
  if (step === undefined || isKubeProxys(step.rule) || !LATE_HOOKS.has(step.hook.toUpperCase())) return false;
  return path.some((each) => each.hook === step.hook && each.rule !== step.rule && isMetBefore(each, step));
}

/** Tables of nftables are asked one after the other; in those of iptables, kube-proxy's chains are jumped to. */
function isMetBefore(each: Step, step: Step): boolean {
  if (each.rule.kind === 'nft-rule') return isKubeProxys(each.rule);
  return each.table === step.table && leadsToKubeProxy(each);
}

const LATE_HOOKS: ReadonlySet<string> = new Set(['POSTROUTING', 'FORWARD', 'INPUT', 'OUTPUT']);

export function isKubeProxys(line: Line): boolean {
  switch (line.kind) {
    case 'rule':
      return isOwnChain(line.chain);
    case 'nft-rule':
    case 'nft-element':
    case 'nft-heading':
      return /^ip6? kube-proxy$/.test(line.table);
    // Nobody else is expected to have some on a node.
    case 'virtual-server':
    case 'real-server':
    case 'bound-address':
      return true;
    case 'ipset':
      return line.name.startsWith('KUBE-');
    case 'set-entry':
      return line.set.startsWith('KUBE-');
    default:
      return line satisfies never;
  }
}

function isOwnChain(chain: string): boolean {
  return chain.startsWith('KUBE-') && !OTHER_CHAIN.test(chain);
}

function leadsToKubeProxy(step: Step): boolean {
  const { leadsTo } = stepFacts(step);
  return leadsTo !== undefined && isOwnChain(leadsTo);
}

/** Whether a rule in a built-in chain is one of kube-proxy's jumps. */
export function isKubeProxysJump(line: Line): boolean {
  return line.kind === 'rule' && line.target?.kind === 'jump' && isOwnChain(line.target.chain);
}

/** Whether nothing tells two fates apart. */
export function isSameFate(a: Fate, b: Fate): boolean {
  if (a.unknown.length + b.unknown.length > 0) return false;
  if (
    !equal(a.untranslated, b.untranslated) ||
    !equal(a.rejected, b.rejected) ||
    !equal(a.dropped, b.dropped)
  ) {
    return false;
  }
  if (a.endpoints.size !== b.endpoints.size) return false;
  for (const [socket, { share, masqueraded }] of a.endpoints) {
    const other = b.endpoints.get(socket);
    if (other === undefined || !equal(share, other.share) || !equal(masqueraded, other.masqueraded))
      return false;
  }
  return true;
}

export function equal(a: Fraction, b: Fraction): boolean {
  return a === b || compareFractions(a, b) === 0;
}

/** What comes to any endpoint, or to what is taken for one. */
export function deliveredShare({ endpoints }: Fate): Fraction {
  let sum = ZERO;
  for (const { share } of endpoints.values()) sum = addFractions(sum, share);
  return reduceFraction(sum);
}
