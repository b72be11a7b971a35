import {
  type AliasEvent,
  COLLECTION_STYLE,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
  YAMLException,
} from 'js-yaml';
import { resolveKey, resolveScalar } from './yaml-scalar.ts';
export class Refused extends Error { offset: number; constructor(m: string, o: number) { super(m); this.offset = o; } }
export function parseYaml(text: string): unknown {
  const events = parseEvents(text, { maxDepth: 101 });
  const first = events[0];
  if (first === undefined) return null;
  const targets = resolveAliases(text, events);
  return new Decoder(text, events, targets).decode();
}
function resolveAliases(text: string, events: readonly Event[]): Map<number, number> {
  const anchors = new Map<string, number>(); const out = new Map<number, number>();
  events.forEach((e, i) => {
    if (e.type === EVENT_ID.ALIAS) {
      const n = text.slice(e.anchorStart, e.anchorEnd);
      const t = anchors.get(n);
      if (t === undefined) throw new Refused('unknown anchor', e.anchorStart);
      out.set(i, t);
    } else if ('anchorStart' in e && e.anchorStart >= 0) anchors.set(text.slice(e.anchorStart, e.anchorEnd), i);
  });
  return out;
}
class Decoder {
  text; events; targets; at = 1; active = new Set<number>();
  constructor(text: string, events: readonly Event[], targets: Map<number, number>) { this.text = text; this.events = events; this.targets = targets; }
  decode() { return this.node(); }
  tag(e: ScalarEvent) {
    if (e.tagStart < 0) return '';
    const raw = this.text.slice(e.tagStart, e.tagEnd);
    if (raw.startsWith('!<')) return raw.slice(2, -1);
    if (raw.startsWith('!!')) return `tag:yaml.org,2002:${raw.slice(2)}`;
    return raw;
  }
  node(): unknown {
    const e = this.events[this.at] as Event;
    switch (e.type) {
      case EVENT_ID.SCALAR: { this.at++; const r = resolveScalar(getScalarValue(this.text, e), this.tag(e), e.style === SCALAR_STYLE.PLAIN); if (r.kind === 'refused') throw new Refused(r.reason, e.valueStart); return r.value; }
      case EVENT_ID.SEQUENCE: { this.at++; const o: unknown[] = []; while (this.events[this.at]!.type !== EVENT_ID.POP) o.push(this.node()); this.at++; return o; }
      case EVENT_ID.MAPPING: { this.at++; const o = {}; this.mapping(o); return o; }
      case EVENT_ID.ALIAS: return this.alias(() => this.node());
      default: throw new Refused(`? ${e.type}`, 0);
    }
  }
  alias<T>(f: () => T): T {
    const i = this.at; if (this.active.has(i)) throw new Refused('contains itself', 0);
    this.active.add(i); this.at = this.targets.get(i) as number; const v = f(); this.active.delete(i); this.at = i + 1; return v;
  }
  mapping(o: Record<string, unknown>) {
    for (;;) {
      const e = this.events[this.at] as Event;
      if (e.type === EVENT_ID.POP) { this.at++; return; }
      if (e.type === EVENT_ID.SCALAR) {
        const t = getScalarValue(this.text, e); const tag = this.tag(e);
        if (t === '<<' && ((tag === '' && e.style === 1) || tag === '!' || tag === 'tag:yaml.org,2002:merge')) { this.at++; this.merge(o); continue; }
      }
      const k = this.key(); const v = this.node();
      Object.defineProperty(o, k, { value: v, enumerable: true, writable: true, configurable: true });
    }
  }
  key(): string {
    const e = this.events[this.at] as Event;
    if (e.type === EVENT_ID.ALIAS) return this.alias(() => this.key());
    if (e.type !== EVENT_ID.SCALAR) throw new Refused('bad key', 0);
    this.at++;
    const r = resolveKey(getScalarValue(this.text, e), this.tag(e), e.style === 1);
    if (r.kind === 'refused') throw new Refused(r.reason, 0);
    return r.value as string;
  }
  merge(o: Record<string, unknown>) {
    const e = this.events[this.at] as Event;
    if (e.type === EVENT_ID.MAPPING) { this.at++; this.mapping(o); }
    else if (e.type === EVENT_ID.ALIAS) this.alias(() => { if (this.events[this.at]!.type !== EVENT_ID.MAPPING) throw new Refused('merge', 0); this.at++; this.mapping(o); });
    else if (e.type === EVENT_ID.SEQUENCE) {
      this.at++; const starts: number[] = [];
      while (this.events[this.at]!.type !== EVENT_ID.POP) { starts.push(this.at); this.node(); }
      const end = ++this.at;
      for (const s of starts.reverse()) { this.at = s; const x = this.events[s]!.type; if (x !== EVENT_ID.MAPPING && x !== EVENT_ID.ALIAS) throw new Refused('merge', 0); this.merge(o); }
      this.at = end;
    } else throw new Refused('merge', 0);
  }
}
