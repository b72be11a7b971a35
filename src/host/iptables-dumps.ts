/**
 * Puts the tables that were found in dumps together to one text for each family. In: tables, each with its dump, in the
 * order in which they stood. Out: the texts; a note where a family was assumed.
 *
 * A host has each table once for each family: a second `*nat` is the other family's, or another host's.
 */
import type { IPFamily } from '../apiserver/objects.ts';
import { quote } from '../input/quote.ts';
import type { Diagnostic } from '../shared/diagnostic.ts';
import { OperationalError } from '../shared/operational-error.ts';
import type { HostText } from './host-state.ts';
import { familyOfName, familyOfTable } from './iptables-family.ts';

/** The tables of one dump. */
export interface TablesOfDump {
  readonly origin: string;
  readonly tables: readonly { readonly name: string; readonly text: string }[];
  /** Where the tool that ran tells it. */
  readonly family?: IPFamily;
}

/** Tables of one family that stood in one dump. */
interface Section {
  readonly origin: string;
  family: IPFamily | undefined;
  readonly names: Set<string>;
  text: string;
}

/** @throws OperationalError where one family has a table twice. */
export function joinIptablesDumps(dumps: readonly TablesOfDump[]): {
  readonly texts: readonly HostText[];
  readonly notes: readonly Diagnostic[];
} {
  const sections = dumps.flatMap(splitByFamily);
  const notes = settleFamilies(sections);
  const texts = (['IPv4', 'IPv6'] as const).flatMap((family) => {
    const own = sections.filter((section) => section.family === family);
    if (own.length === 0) return [];
    refuseRepetition(own, family);
    const origin = [...new Set(own.map((section) => section.origin))].join(', ');
    return [{ tool: 'iptables-save', family, text: own.map(({ text }) => text).join(''), origin } as const];
  });
  return { texts, notes };
}

/** A table that names no family belongs to the tables before it, unless they have one of its name already. */
function splitByFamily({ origin, tables, family: told }: TablesOfDump): Section[] {
  const sections: Section[] = [];
  for (const { name, text } of tables) {
    const family = told ?? familyOfTable(text);
    const last = sections.at(-1);
    const fits = (section: Section | undefined) =>
      section !== undefined && !section.names.has(name) && (family ?? section.family) === section.family;
    const isOpen = last !== undefined && last.family === undefined && !last.names.has(name);
    let section = (family === undefined ? [last] : sections).find(fits) ?? (isOpen ? last : undefined);
    if (section === undefined) {
      section = { origin, family: undefined, names: new Set(), text: '' };
      sections.push(section);
    }
    section.family ??= family;
    section.names.add(name);
    section.text += text.endsWith('\n') ? text : `${text}\n`;
  }
  return sections;
}

/** By elimination, else by the name of the file; else IPv4, which a note says. */
function settleFamilies(sections: readonly Section[]): Diagnostic[] {
  const notes: Diagnostic[] = [];
  for (;;) {
    const unsettled = sections.filter(({ family }) => family === undefined);
    const [first] = unsettled;
    if (first === undefined) return notes;
    if (settleOne(unsettled, (section) => byElimination(section, sections))) continue;
    if (settleOne(unsettled, ({ origin }) => familyOfName(origin))) continue;
    first.family = 'IPv4';
    notes.push({
      severity: 'note',
      code: 'FamilyAssumed',
      message: `nothing in ${quote(first.origin)} shows whether its tables are of IPv4 or IPv6; IPv4 is taken`,
      why: 'rules without any address look the same in both',
      mend: 'name the file ip6tables.save where it is of IPv6, or give the dumps of both families',
    });
  }
}

function settleOne(sections: readonly Section[], judge: (section: Section) => IPFamily | undefined): boolean {
  for (const section of sections) {
    section.family = judge(section);
    if (section.family !== undefined) return true;
  }
  return false;
}

/** The family that does not have these tables yet, where the other one does. */
function byElimination(section: Section, sections: readonly Section[]): IPFamily | undefined {
  const taken = new Set(
    sections
      .filter(
        ({ family, names }) => family !== undefined && [...names].some((name) => section.names.has(name)),
      )
      .map(({ family }) => family),
  );
  if (taken.size !== 1) return undefined;
  return taken.has('IPv4') ? 'IPv6' : 'IPv4';
}

function refuseRepetition(sections: readonly Section[], family: IPFamily): void {
  const owners = new Map<string, string>();
  for (const { names, origin } of sections) {
    for (const name of names) {
      const other = owners.get(name);
      owners.set(name, origin);
      if (other === undefined) continue;
      const where =
        other === origin ? `twice in ${quote(origin)}` : `in ${quote(other)} and in ${quote(origin)}`;
      throw new OperationalError(
        `table ${name} of ${family} stands ${where}: a host has each table once for each family`,
      );
    }
  }
}
