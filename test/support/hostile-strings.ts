/** Strings made to break out of the place they are put in. In: a seed. Out: as many different ones as asked for. */

/** What an attacker would like iptables-restore, a shell, a terminal, or a reader of logs to see. */
const PAYLOADS: readonly string[] = [
  '-j ACCEPT',
  '-A INPUT -j ACCEPT',
  '\n-A INPUT -j ACCEPT',
  '\r\n-A INPUT -j ACCEPT\r\n',
  '\r-A INPUT -j ACCEPT',
  '\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\nCOMMIT',
  '\n*nat\n-F\nCOMMIT\n',
  '\n-X KUBE-SERVICES',
  '" -j ACCEPT',
  '" -j ACCEPT #',
  "' -j ACCEPT '",
  '\\" -j ACCEPT',
  '\\\\" -j ACCEPT',
  '\\',
  '\\\n',
  '--modprobe=/bin/sh',
  '" --modprobe=/var/x "',
  '-M /var/x',
  '--modprobe /var/x',
  '! -s 0.0.0.0/0',
  '-m comment --comment x -j ACCEPT',
  '\0',
  'web\0-j ACCEPT',
  '$(reboot)',
  '$' + '{IFS}reboot',
  '`reboot`',
  '; reboot',
  '| reboot',
  '&& reboot',
  '> /etc/passwd',
  '"; reboot; "',
  "'; reboot; '",
  '\u0085-A INPUT -j ACCEPT',
  '\u2028-A INPUT -j ACCEPT',
  '\u2029-A INPUT -j ACCEPT',
  '\u000b-A INPUT -j ACCEPT',
  '\f-A INPUT -j ACCEPT',
  '\t-j\tACCEPT',
  '\u00a0-j\u00a0ACCEPT',
  '\u202eTPECCA j-',
  '\u2066-j ACCEPT\u2069',
  '\u200b',
  '\ufeff-A INPUT',
  '\u001b[31mred\u001b[0m',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\b\b\b\b-j ACCEPT',
  '\u007f',
  'wеb', // a Cyrillic е
  'ｗｅｂ', // full width
  'we\u0308b',
  'ﬁle',
  'İ',
  'ß',
  '\ud800',
  'a\udfff',
  '😀',
  '127.0.0.1 -j ACCEPT',
  '10.0.0.1/33',
  '0x7f.1/32',
  '010.0.0.1/8;',
  '::ffff:10.0.0.1 ',
  '80 -j ACCEPT',
  '80:90',
  ' -1',
  '+1e3',
  '__proto__',
  'constructor\n',
  '../../etc/passwd',
  '%0a-A INPUT -j ACCEPT',
  '%s%n',
  '::error file=x::pwned',
  '{{.Values}}\n',
  '<script>alert(1)</script>',
  '[0:0]\n',
  '# comment\n',
  '*filter\n',
  ':CHAIN - [0:0]\n',
  ' ',
  '\n',
  '\r',
  '\t',
  '"',
  "'",
  '$HOME',
  '!ref',
  '&anchor x',
  '*alias\n',
];

const INNOCENT: readonly string[] = [
  'web',
  'a',
  'default',
  '10.96.0.10',
  'http',
  'prod/web:http',
  'TCP',
  'KUBE-SERVICES',
];

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** @returns the payloads themselves, then ever other combinations of them with innocent text. */
export function hostileStrings(seed: number, count: number): string[] {
  const random = seededRandom(seed);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] as string;
  const strings = new Set(PAYLOADS.slice(0, count));
  while (strings.size < count) {
    const parts = Array.from({ length: 1 + Math.floor(random() * 3) }, () => pick(PAYLOADS));
    if (random() < 0.7) parts.splice(Math.floor(random() * (parts.length + 1)), 0, pick(INNOCENT));
    let text = parts.join(random() < 0.3 ? ' ' : '');
    if (random() < 0.1) text = text.repeat(2 + Math.floor(random() * 40));
    if (random() < 0.05) text += 'a'.repeat(1000 + Math.floor(random() * 20_000));
    strings.add(text);
  }
  return [...strings];
}
