/** Writes docs/performance.md. In: measurements. Out: the page and its drawing; the same for the same numbers. */
import { lineChart } from '../measure-modes/chart.ts';
import { type Measurements, median, type Size, type Task } from './measurements.ts';

const BASE = 'reading and writing alone';
const KUBE_PROXY = 'the real kube-proxy';

export function performancePage({ machine, commit, sizes, yaml }: Measurements): string {
  const where = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const most = Math.max(...sizes.flatMap(({ tasks }) => Object.values(tasks).map(({ peak }) => peak ?? 0)));
  return `# Performance

Whole processes from start to end, the median of ${sizes[0]?.tasks[BASE]?.walls.length} runs in which all take turns. Absolute times belong to the machine
(${where.join(', ')}) and to what else it does; ratios within one run tell more. Made at commit
${commit} by

    npm run measure-scale

The clusters have 10 endpoints to a Service, the last one 25, from one JSON file as \`kubectl get -o json\` prints it. "${BASE}"
is a script of Node that reads and parses that file and writes as many bytes as the compiled rules have: less is not possible
in this language. "${KUBE_PROXY}" is the real proxier of 1.37.2, fed with the same file, up to the finished text for
iptables-restore. iptables-restore loads that text into an empty network
namespace, once.

${wallTable(sizes)}
Times \`${BASE}\`:

${ratioTable(sizes)}
${comparison(sizes)}

![time by size](performance/compile.svg)

## Memory

Peak of the resident set, in MiB; the largest of all is ${most}.

${memoryTable(sizes)}
## Growth

Time per Service at 10 endpoints each, in microseconds: what grows linearly stays level.

${growthTable(sizes)}
## YAML

${yaml.megabytes.toFixed(0)} MB of YAML, a document an object: \`compile\` takes ${seconds(median(yaml.ours.walls))}, js-yaml alone ${seconds(median(yaml.alone.walls))}: ${(median(yaml.ours.walls) / median(yaml.alone.walls)).toFixed(2)} times as long.

## Updates

What one endpoint's change costs a watch, against compiling everything, is printed by \`npm run bench\`.
`;
}

export function performanceDrawing({ sizes }: Measurements): string {
  const names = Object.keys(sizes[0]?.tasks ?? {});
  const series = names.map((name) => ({
    name,
    points: sizes
      .filter(({ services, endpoints }) => endpoints === services * 10)
      .map(({ services, tasks }) => ({ x: services, values: tasks[name]?.walls ?? [] })),
  }));
  return lineChart('Whole processes, by Services with 10 endpoints each', 'ms', series);
}

function wallTable(sizes: readonly Size[]): string {
  return table(sizes, (task) => seconds(median(task.walls)));
}

function ratioTable(sizes: readonly Size[]): string {
  return table(sizes, (task, { tasks }) => (median(task.walls) / median(walls(tasks[BASE]))).toFixed(2));
}

function memoryTable(sizes: readonly Size[]): string {
  return table(sizes, ({ peak }) => (peak === undefined ? undefined : `${peak}`));
}

function growthTable(sizes: readonly Size[]): string {
  const even = sizes.filter(({ services, endpoints }) => endpoints === services * 10);
  return table(even, (task, { services }) => `${Math.round((median(task.walls) * 1000) / services)}`);
}

/** Where we stand beside kube-proxy, said of each size. */
function comparison(sizes: readonly Size[]): string {
  const ratios = sizes.map(
    ({ tasks }) => median(walls(tasks[KUBE_PROXY])) / median(walls(tasks['compile, iptables'])),
  );
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(1));
  return `The real kube-proxy takes ${least} to ${most} times as long as \`compile\` to the same text.`;
}

function walls(task: Task | undefined): readonly number[] {
  return task?.walls ?? [];
}

function table(sizes: readonly Size[], cell: (task: Task, size: Size) => string | undefined): string {
  const head = sizes.map(
    ({ services, endpoints, megabytes }) =>
      `${services.toLocaleString('en')} Services, ${(endpoints / 1000).toFixed(0)}k endpoints, ${megabytes.toFixed(0)} MB`,
  );
  const rows = Object.keys(sizes[0]?.tasks ?? {}).flatMap((name) => {
    const cells = sizes.map((size) => {
      const task = size.tasks[name];
      return task === undefined ? undefined : cell(task, size);
    });
    return cells.every((text) => text === undefined) ? [] : [[name, ...cells.map((text) => text ?? '')]];
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |\n`;
  return `${line(['', ...head])}${line(['---', ...head.map(() => '---:')])}${rows.map(line).join('')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
