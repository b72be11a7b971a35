/** Draws measurements as SVG. In: series of points, or bars. Out: the text of a file; the same for the same numbers. */
import { median } from './measurements.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly values: readonly number[] }[];
}

const WIDTH = 760;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 230;
const TOP = 44;
const BOTTOM = 48;
const COLORS = ['#1f6fb4', '#d1495b', '#2a9d5c', '#8a5fbf', '#c77d0a', '#4a5568', '#0f8b8d'];

/** Both axes are logarithmic: what grows with the Services is a slope, what does not is level. A bar is the spread of the runs. */
export function lineChart(title: string, unit: string, series: readonly Series[]): string {
  const points = series.flatMap((each) => each.points);
  const all = points.flatMap(({ values }) => values);
  const low = 10 ** Math.floor(Math.log10(Math.min(...all)));
  const high = 10 ** Math.ceil(Math.log10(Math.max(...all)));
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const x = scale(xs[0] ?? 1, xs.at(-1) ?? 10, LEFT + 20, WIDTH - RIGHT);
  const y = scale(low, high, HEIGHT - BOTTOM, TOP);
  const labels = spreadOut(series.map(({ points }) => y(median(points.at(-1)?.values ?? []))));
  const decades = Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) => low * 10 ** i);
  return svg(title, [
    ...decades.flatMap((value) => [
      line(LEFT, y(value), WIDTH - RIGHT, y(value), '#d9dee4'),
      text(LEFT - 8, y(value) + 4, value.toLocaleString('en'), 'end'),
    ]),
    ...xs.map((value) => text(x(value), HEIGHT - BOTTOM + 20, value.toLocaleString('en'), 'middle')),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, 'Services', 'middle'),
    text(8, 36, unit, 'start'),
    ...series.flatMap(({ name, points }, i) => {
      const color = COLORS[i % COLORS.length] as string;
      const at = points.map(({ x: value, values }) => `${fixed(x(value))},${fixed(y(median(values)))}`);
      const end = WIDTH - RIGHT;
      const lastY = y(median(points.at(-1)?.values ?? []));
      return [
        `<polyline points="${at.join(' ')}" fill="none" stroke="${color}" stroke-width="2"/>`,
        ...points.flatMap(({ x: value, values }) => [
          line(x(value), y(Math.min(...values)), x(value), y(Math.max(...values)), color, 4),
          `<circle cx="${fixed(x(value))}" cy="${fixed(y(median(values)))}" r="3.5" fill="${color}"/>`,
        ]),
        line(end + 6, lastY, end + 16, labels[i] ?? 0, color),
        text(end + 20, (labels[i] ?? 0) + 4, name, 'start', color),
      ];
    }),
  ]);
}

/** Bars of one length for 1. */
export function barChart(title: string, groups: readonly Series[], names: readonly string[]): string {
  const values = groups.flatMap(({ points }) => points.flatMap((point) => point.values));
  const most = Math.max(1, ...values);
  const start = 190;
  const length = (value: number) => (value / most) * (WIDTH - start - 70);
  const rowHeight = 18;
  const height = TOP + groups.length * (names.length * rowHeight + 22) + 10;
  const body = groups.flatMap(({ name, points }, group) => {
    const top = TOP + group * (names.length * rowHeight + 22) + 8;
    return [
      text(8, top + 12, name, 'start'),
      ...points.flatMap(({ values: runs }, i) => {
        const y = top + i * rowHeight;
        const value = median(runs);
        const [low, high] = [Math.min(...runs), Math.max(...runs)];
        return [
          `<rect x="${start}" y="${y}" width="${fixed(length(value))}" height="13" fill="${COLORS[i % COLORS.length]}"/>`,
          line(start + length(low), y + 6.5, start + length(high), y + 6.5, '#1a202c', 2),
          text(start + length(Math.max(value, high)) + 6, y + 11, value.toFixed(2), 'start'),
        ];
      }),
    ];
  });
  const legend = names.flatMap((name, i) => [
    `<rect x="${8 + i * 150}" y="30" width="10" height="10" fill="${COLORS[i % COLORS.length]}"/>`,
    text(22 + i * 150, 39, name, 'start'),
  ]);
  return svg(title, [...legend, ...body], height);
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const span = Math.log(to / from) || 1;
  return (value) => start + ((end - start) * Math.log(value / from)) / span;
}

/** Moves labels apart, in their order from the top. */
function spreadOut(places: readonly number[]): number[] {
  const order = places.map((place, i) => ({ place, i })).sort((a, b) => a.place - b.place || a.i - b.i);
  let least = Number.NEGATIVE_INFINITY;
  const moved = [...places];
  for (const { place, i } of order) {
    least = Math.max(place, least + 16);
    moved[i] = least;
  }
  const over = Math.max(0, Math.max(...moved) - (HEIGHT - BOTTOM));
  return moved.map((place) => place - over);
}

function svg(title: string, body: readonly string[], height = HEIGHT): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escapeText(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="18" font-size="14" font-weight="bold" fill="#1a202c">${escapeText(title)}</text>`,
    ...body,
    '</svg>\n',
  ].join('\n');
}

function line(x1: number, y1: number, x2: number, y2: number, color: string, width = 1): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map(fixed);
  const opacity = width > 1 ? ' stroke-opacity="0.4"' : '';
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" stroke="${color}" stroke-width="${width}"${opacity}/>`;
}

function text(x: number, y: number, words: string, anchor: string, color = '#1a202c'): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}" fill="${color}">${escapeText(words)}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escapeText(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
