/**
 * Writes measurements into docs/modes.md. In: the page and the measurements. Out: the page with what stands between
 * `<!-- measured: NAME -->` and `<!-- end -->` made anew, and the drawings beside it.
 */
import { barChart, lineChart, type Series } from './chart.ts';
import { type FirstPackets, type Loads, type Measurements, median, type Path } from './measurements.ts';

const BASE = 'mode iptables';

const PARTS: Readonly<Record<string, (measured: Measurements) => string>> = {
  machine: machineText,
  counts: countsTable,
  loads: ({ sizes }) => loadsTable(sizes),
  lookups: ({ lookups }) => lookupsTable(lookups),
  walk: walkText,
  'uml loads': ({ uml }) => loadsTable(uml),
  'uml lookups': ({ uml }) => lookupsTable(uml),
  'uml walk': umlText,
  paths: pathsTable,
  ratios: ratiosTable,
};

export function fillPage(page: string, measured: Measurements): string {
  const filled = page.replaceAll(
    /(<!-- measured: ([a-z ]+) -->\n)[\s\S]*?(<!-- end -->)/g,
    (_, head: string, name: string, end: string) => {
      const part = PARTS[name];
      if (part === undefined) throw new Error(`nothing is measured as ${name}`);
      return `${head}\n${part(measured)}\n${end}`;
    },
  );
  const missing = Object.keys(PARTS).filter((name) => !filled.includes(`<!-- measured: ${name} -->`));
  if (missing.length > 0) throw new Error(`the page has no place for ${missing.join(', ')}`);
  return filled;
}

/** @returns texts by file name */
export function drawings(measured: Measurements): ReadonlyMap<string, string> {
  const lookups = Object.keys(measured.lookups[0]?.modes ?? {}).flatMap((mode): Series[] =>
    (['first', 'last'] as const).map((end) => ({
      name: `${mode.replace(/^.*, /, '')}, ${end} Service`,
      points: measured.lookups.map(({ services, modes }) => ({
        x: services,
        values: modes[mode]?.[end] ?? [],
      })),
    })),
  );
  const loads = Object.keys(measured.sizes[0]?.loads ?? {}).map(
    (name): Series => ({
      name,
      points: measured.sizes.map(({ services, loads }) => ({ x: services, values: loads[name] ?? [] })),
    }),
  );
  const ways = Object.keys(measured.paths);
  const bars = QUANTITIES.map(
    ({ key, name }): Series => ({
      name,
      points: ways.map((way, x) => ({ x, values: ratios(measured, way, key) })),
    }),
  );
  return new Map([
    ['first-packet.svg', lineChart('First packet of a connection', 'microseconds', lookups)],
    ['load.svg', lineChart('Loading all rules', 'milliseconds', loads)],
    ['paths.svg', barChart(`Ways through a node, as multiples of ${BASE}`, bars, ways.map(shortName))],
  ]);
}

function shortName(way: string): string {
  return way.replace(/^mode userspace, |, no rules$/g, '');
}

function machineText({ machine, runs, endpoints }: Measurements): string {
  const words = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  return `${words.join(', ')}. ${runs} runs; ${endpoints} endpoints a Service.\n`;
}

function countsTable({ sizes }: Measurements): string {
  const rows = Object.entries(sizes[0]?.counts ?? {}).flatMap(([mode, counts]) =>
    Object.keys(counts).map((what) => [
      mode,
      what,
      ...sizes.map((size) => grouped(size.counts[mode]?.[what] ?? 0)),
    ]),
  );
  return table(['mode', 'what', ...sizes.map(({ services }) => grouped(services))], rows);
}

function loadsTable(sizes: readonly { readonly services: number; readonly loads: Loads }[]): string {
  const rows = Object.keys(sizes[0]?.loads ?? {}).map((name) => [
    name,
    ...sizes.map(({ loads }) => spread(loads[name] ?? [])),
  ]);
  return table(['milliseconds', ...sizes.map(({ services }) => grouped(services))], rows);
}

interface Sized {
  readonly services: number;
  readonly modes: Readonly<Record<string, FirstPackets>>;
}

function lookupsTable(sizes: readonly Sized[]): string {
  const rows = Object.keys(sizes[0]?.modes ?? {}).flatMap((mode) =>
    (['first', 'last', 'elsewhere'] as const).map((end) => [
      mode,
      end === 'elsewhere' ? 'no Service' : `${end} Service`,
      ...sizes.map(({ modes }) => spread(modes[mode]?.[end] ?? [])),
    ]),
  );
  return table(['microseconds', 'packet to', ...sizes.map(({ services }) => grouped(services))], rows);
}

function walkText({ lookups }: Measurements): string {
  return endsText(lookups.at(-1));
}

function umlText({ uml }: Measurements): string {
  return endsText(uml.at(-1));
}

/** How much longer the last Service takes than the first, run by run. */
function endsText(size: Sized | undefined): string {
  const lines = Object.entries(size?.modes ?? {}).map(([mode, { first, last, elsewhere }]) => {
    const toLast = last.map((value, i) => value / (first[i] ?? Number.NaN));
    const away = elsewhere.map((value, i) => value / (first[i] ?? Number.NaN));
    return `- ${mode}: ${spread(toLast)} times as long to the last Service as to the first; ${spread(away)} times to no Service.`;
  });
  return `At ${grouped(size?.services ?? 0)} Services:\n\n${lines.join('\n')}\n`;
}

const QUANTITIES: readonly { readonly key: keyof Path; readonly name: string }[] = [
  { key: 'connections', name: 'connections a second' },
  { key: 'firstByte', name: 'time to first byte' },
  { key: 'roundTrip', name: 'round trip' },
  { key: 'bulk', name: 'bulk throughput' },
];

function pathsTable({ paths }: Measurements): string {
  const rows = Object.entries(paths).map(([way, path]) => [
    way,
    ...QUANTITIES.map(({ key }) => spread(path[key])),
  ]);
  return table(['', 'connections a second', 'first byte, µs', 'round trip, µs', 'bulk, GB/s'], rows);
}

function ratiosTable(measured: Measurements): string {
  const rows = Object.keys(measured.paths).map((way) => [
    way,
    ...QUANTITIES.map(({ key }) => spread(ratios(measured, way, key))),
  ]);
  return table([`multiples of ${BASE}`, ...QUANTITIES.map(({ name }) => name)], rows);
}

/** Of two measurements of the same run each, because the machine is not the same from run to run. */
function ratios({ paths }: Measurements, way: string, key: keyof Path): number[] {
  const base = paths[BASE]?.[key] ?? [];
  return (paths[way]?.[key] ?? []).map((value, i) => value / (base[i] ?? Number.NaN));
}

/** The median, and the least and the most in brackets. */
function spread(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(short);
  return low === high ? short(median(values)) : `${short(median(values))} (${low}–${high})`;
}

function short(value: number): string {
  if (value >= 1000) return grouped(Number(value.toPrecision(3)));
  return `${Number(value.toPrecision(value < 10 ? 2 : 3))}`;
}

function grouped(value: number): string {
  return value.toLocaleString('en');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  const rule = `|${head.map((_, i) => (i === 0 ? ' --- |' : ' ---: |')).join('')}\n`;
  return `${row(head)}${rule}${rows.map(row).join('')}`;
}
