/**
 * Hosts that have one family in several shapes. A host may restate its series in a new shape at any time, and a replay
 * then shows points of both. Shape by shape, a series that stands in two could come out with its newer points first,
 * and Prometheus would drop the older ones without a word; so these hosts' metrics are put in order one by one.
 */
import type { BodyWriter } from './body-writer.ts';
import { isGrouped, type OutputType } from './format.ts';
import { writeMetric } from './host-lines.ts';
import type { HostPoints } from './input.ts';
import { type HostsByShape, type Layout, linesByShape, type OutputFamily } from './layout.ts';
import { type Lines, labelPattern, metricLabels } from './lines.ts';

/** Points written at once, so that no chunk grows far beyond its size. */
const RUN_POINTS_MAX = 64;

/** One host's points of one shape, and which of their lines. */
interface Statement {
  readonly lines: Lines;
  readonly host: HostPoints;
  /** Places of the shape, and of the host among those of the shape. */
  readonly shape: number;
  readonly place: number;
}

/** By host, what it has of one family; only hosts that have it more than once. */
export type Restated = ReadonlyMap<string, readonly Statement[]>;

/**
 * @param hosts by place of the shape.
 * @returns finds those of a family; null when there are none, which is the rule.
 */
export function createRestatements(
  layout: Layout,
  hosts: HostsByShape,
): (family: OutputFamily) => Restated | null {
  let numbers: HostNumbers | null = null;
  let seen = new Uint32Array(0);
  let serial = 0;
  return (family) => {
    const [first] = family.members;
    if (first === undefined || (family.members.length === 1 && first.shapes.length === 1)) return null;
    if (numbers === null) {
      numbers = numberHosts(hosts);
      seen = new Uint32Array(numbers.names.length);
    }
    serial++;
    const twice = new Set<string>();
    for (const { shapes } of family.members) {
      for (const shape of shapes) {
        for (const id of numbers.ids[shape] ?? []) {
          if (seen[id] === serial) twice.add(numbers.names[id] ?? '');
          seen[id] = serial;
        }
      }
    }
    return twice.size === 0 ? null : gather(family, layout, hosts, twice);
  };
}

interface HostNumbers {
  /** By place of the shape, in the order of its hosts. */
  readonly ids: readonly Uint32Array[];
  /** By id. */
  readonly names: readonly string[];
}

/** A small number for each host, the same in all shapes, so that looking for doubles touches only arrays. */
function numberHosts(hosts: HostsByShape): HostNumbers {
  const numbers = new Map<string, number>();
  const ids = hosts.map((list) =>
    Uint32Array.from(list, ({ host }) => {
      let id = numbers.get(host);
      if (id === undefined) {
        id = numbers.size;
        numbers.set(host, id);
      }
      return id;
    }),
  );
  return { ids, names: [...numbers.keys()] };
}

function gather(
  family: OutputFamily,
  layout: Layout,
  hosts: HostsByShape,
  twice: ReadonlySet<string>,
): Restated {
  const restated = new Map<string, Statement[]>();
  for (const [lines, list, shape] of linesByShape(layout, family, hosts)) {
    for (const [place, host] of list.entries()) {
      if (!twice.has(host.host)) continue;
      const statement = { lines, host, shape, place };
      const statements = restated.get(host.host);
      if (statements === undefined) restated.set(host.host, [statement]);
      else statements.push(statement);
    }
  }
  return new Map([...restated].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Writes the lines of these hosts: by host, target and metric; a metric's points oldest first, whatever shape they are of.
 * @returns how many lines a piece looked at.
 */
export function* writeRestated(
  writer: BodyWriter,
  family: OutputFamily,
  restated: Restated,
): Generator<number, void, undefined> {
  const metricOf = metricNames(family);
  let plan: Plan | null = null;
  for (const statements of restated.values()) {
    for (const same of Map.groupBy(statements, ({ host }) => host.target).values()) {
      // Hosts share their shapes, so the next one's plan is most often the same.
      if (plan === null || !isFor(plan, same)) plan = createPlan(same, metricOf);
      for (const places of plan.metrics) yield* writeMerged(writer, same, places);
    }
  }
}

/** Where each metric stands in some shapes, so that this need not be found out host by host. */
interface Plan {
  readonly lines: readonly Lines[];
  readonly metrics: readonly (readonly Place[])[];
}

interface Place {
  /** Place of the statement among those of the host. */
  readonly statement: number;
  readonly metric: number;
}

function isFor({ lines }: Plan, statements: readonly Statement[]): boolean {
  return (
    lines.length === statements.length && statements.every((statement, i) => statement.lines === lines[i])
  );
}

function createPlan(statements: readonly Statement[], metricOf: (prefix: string) => string): Plan {
  const metrics = new Map<string, Place[]>();
  for (const [statement, { lines }] of statements.entries()) {
    const { starts, prefixes } = lines;
    for (let metric = 0; metric + 1 < starts.length; metric++) {
      const name = metricOf(prefixes[starts[metric] ?? 0] ?? '');
      const places = metrics.get(name);
      if (places === undefined) metrics.set(name, [{ statement, metric }]);
      else places.push({ statement, metric });
    }
  }
  return { lines: statements.map(({ lines }) => lines), metrics: [...metrics.values()] };
}

/**
 * One metric's points out of all statements that have it, in runs: as many points of one statement as come before the
 * next point of another. The rule is one run each, since a restatement ends what was before.
 */
function* writeMerged(
  writer: BodyWriter,
  statements: readonly Statement[],
  places: readonly Place[],
): Generator<number, void, undefined> {
  const next = new Uint32Array(places.length);
  const timeAt = (k: number): number => {
    const statement = statements[places[k]?.statement ?? -1];
    return statement?.host.points[next[k] ?? 0]?.at ?? Number.POSITIVE_INFINITY;
  };
  for (;;) {
    let oldest = 0;
    let limit = Number.POSITIVE_INFINITY;
    for (let k = 1; k < places.length; k++) {
      if (timeAt(k) < timeAt(oldest)) {
        limit = timeAt(oldest);
        oldest = k;
      } else limit = Math.min(limit, timeAt(k));
    }
    const place = places[oldest];
    const statement = statements[place?.statement ?? -1];
    const from = next[oldest] ?? 0;
    if (place === undefined || statement === undefined || from >= statement.host.points.length) return;
    let to = from;
    do next[oldest] = ++to;
    while (timeAt(oldest) < limit && to - from < RUN_POINTS_MAX);
    const { lines } = statement;
    writer.host(statement.shape, statement.place);
    writeMetric(writer, lines, place.metric, from, to);
    yield (to - from) * ((lines.starts[place.metric + 1] ?? 0) - (lines.starts[place.metric] ?? 0));
  }
}

/** What all lines of a metric have in common and no other metric has, read from a line's prefix. */
function metricNames({ type, name }: { type: OutputType; name: string }): (prefix: string) => string {
  if (!isGrouped(type)) return (prefix) => prefix;
  const label = type === 'histogram' ? 'le' : type === 'summary' ? 'quantile' : name;
  const pattern = labelPattern(label);
  return (prefix) => metricLabels(prefix, pattern);
}
