/** Domain names as text. In: names, absolute unless said otherwise. Out: how they are related. */

/** With a dot at its end: `web.example.org.` of `web.example.org`. */
export function absolute(name: string): string {
  return name.endsWith('.') ? name : `${name}.`;
}

/** Whether a name is that of a zone or below it, in any case. */
export function isSubdomain(zone: string, name: string): boolean {
  const lower = name.toLowerCase();
  const above = zone.toLowerCase();
  return lower === above || lower.endsWith(`.${above}`);
}

/** The longest of the zones that a name belongs to, in the spelling of the name; undefined where it belongs to none. */
export function zoneOfName(zones: readonly string[], name: string): string | undefined {
  const lengths = zones.filter((zone) => isSubdomain(zone, name)).map((zone) => zone.length);
  return lengths.length === 0 ? undefined : name.slice(-Math.max(...lengths));
}

/** Whether a name can be sent at all: no label is empty or longer than 63 octets, and the whole has at most 255. */
export function isSendable(name: string): boolean {
  if (name === '.') return true;
  return (
    octets(name) <= 254 &&
    name
      .split('.')
      .slice(0, -1)
      .every((label) => label !== '' && octets(label) <= 63)
  );
}

function octets(text: string): number {
  return new TextEncoder().encode(text).length;
}
