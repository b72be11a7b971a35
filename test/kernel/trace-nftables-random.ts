/**
 * Random rules, for the kernel to judge what the tracer makes of them. In: a seed. Out: a ruleset that loads. Only what is new
 * from the client meets its rules, so that answers come back.
 */

/** Numbers below a bound, the same ones for a seed. Mulberry32. */
export function randomNumbers(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const CHAINS = 6;
const PODS = ['10.0.1.1', '10.0.1.2', '10.0.2.1', '10.0.2.2'];

export function randomRuleset(seed: number): string {
  const random = randomNumbers(seed);
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const pod = () => pick(PODS);
  const several = <T>(most: number, make: () => T): T[] => Array.from({ length: 1 + random(most) }, make);
  const unique = (values: readonly string[]) => [...new Set(values)].join(', ');

  const question = (): string =>
    pick([
      () => `ip daddr ${pick(['', '!= '])}${pod()}`,
      () => `ip daddr ${pick(['', '!= '])}{ ${unique(several(3, pod))} }`,
      () => `ip daddr ${pick(['', '!= '])}@pods`,
      () => `ip daddr . meta l4proto ${pick(['', '!= '])}@talks`,
      () => `tcp dport ${pick(['', '!= '])}${pick(['8080', '8000-8090', '99'])}`,
      () => `udp dport ${pick(['', '!= ', '< ', '>= '])}8081`,
      () => `th dport { ${unique([pick(['1-100', '8080']), '8081'])} }`,
      () => `meta l4proto ${pick(['', '!= '])}${pick(['tcp', 'udp'])}`,
      () => `meta mark & 0x0000000${1 + random(7)} ${pick(['==', '!='])} 0x0000000${random(4)}`,
      () => `oifname ${pick(['', '!= '])}"${pick(['pod1', 'pod*', 'remote'])}"`,
      () => `fib daddr type ${pick(['', '!= '])}local`,
    ])();
  const mark = () =>
    pick([
      `meta mark set meta mark | 0x0000000${random(8)}`,
      `meta mark set meta mark ^ 0x0000000${random(8)}`,
      `meta mark set 0x0000000${random(8)}`,
    ]);
  /** Chains lead to later ones only, so that none calls itself; `own` is -1 in a base chain. */
  const verdict = (kind: string, own: number): string => {
    const leads = own + 1 < CHAINS;
    const to = `${kind}-${own + 1 + random(Math.max(1, CHAINS - own - 1))}`;
    return pick([
      'accept',
      'return',
      'drop',
      ...(leads ? [`jump ${to}`, `goto ${to}`, `jump ${to}`] : ['return']),
    ]);
  };
  const action = (kind: string, own: number): string => {
    const plain = [
      () => verdict(kind, own),
      () => verdict(kind, own),
      mark,
      () =>
        `ip daddr vmap { ${PODS.slice(0, 1 + random(4))
          .map((each) => `${each} : ${verdict(kind, own)}`)
          .join(', ')} }`,
      () =>
        `numgen random mod 3 vmap { 0 : ${verdict(kind, own)}, ${1 + random(2)} : ${verdict(kind, own)} }`,
      () => `tcp dport vmap { 8080 : continue } ${mark()} ${verdict(kind, own)}`,
      () => `ip daddr . meta l4proto . th dport vmap @ways${kind === 'nat' || own >= 0 ? '-none' : ''}`,
    ];
    const translations = [() => `dnat to ${pod()}`, () => `dnat to ${pod()}`];
    return pick(kind === 'nat' ? [...plain, ...translations] : plain)();
  };
  /** nft refuses rules that ask for two protocols. */
  const rule = (kind: string, own: number): string => {
    const text = `${several(2, question).slice(random(2)).join(' ')} ${action(kind, own)}`.trim();
    const protocols = text.match(/(tcp|udp) dport|l4proto (!= )?(tcp|udp)/g) ?? [];
    return protocols.length > 1 ? rule(kind, own) : text;
  };
  const rules = (kind: string, own: number) => several(5, () => rule(kind, own)).join('\n');
  const base = (name: string, type: string, hook: string, priority: number, body: string) =>
    `chain ${name} {\ntype ${type} hook ${hook} priority ${priority}; policy accept;\nct state != new accept\nip saddr != 203.0.113.2 accept\n${body}\n}\n`;

  const element = () => `${pod()} . ${pick(['tcp . 8080', 'udp . 8081', 'tcp . 1-9000'])}`;
  return `table ip t {
set pods {\ntype ipv4_addr\nflags interval\nelements = { ${pick(['10.0.1.0/24', '10.0.1.1', '10.0.1.2-10.0.2.1'])} }\n}
set talks {\ntype ipv4_addr . inet_proto\nelements = { ${unique(several(4, () => `${pod()} . ${pick(['tcp', 'udp'])}`))} }\n}
map ways {\ntype ipv4_addr . inet_proto . inet_service : verdict\nflags interval\nelements = { ${element()} : ${verdict('filter', -1)} }\n}
map ways-none {\ntype ipv4_addr . inet_proto . inet_service : verdict\n}
${Array.from({ length: CHAINS }, (_, own) => `chain filter-${own} {\n${rules('filter', own)}\n}`).join('\n')}
${Array.from({ length: CHAINS }, (_, own) => `chain nat-${own} {\n${rules('nat', own)}\n}`).join('\n')}
${base('on-mangle', 'filter', 'prerouting', -150, rules('filter', -1))}${base('on-dnat', 'nat', 'prerouting', -100, rules('nat', -1))}${base('on-dnat-too', 'nat', 'prerouting', -90, rules('nat', -1))}${base('on-behind', 'filter', 'prerouting', -95, rules('filter', -1))}${base('on-forward', 'filter', 'forward', 0, rules('filter', -1))}${base('on-forward-too', 'filter', 'forward', pick([0, 5, -5]), rules('filter', -1))}${base('on-snat', 'nat', 'postrouting', 100, `${question()} masquerade`)}}
`;
}
