/**
 * The reporter's reader of expositions against a real Prometheus: both get the same bodies. Each is refused by both or taken
 * by both, and what Prometheus stores of a body is what it stores when the reporter has read it and the gateway shows it.
 * Where the two are meant to differ, the table of cases says why, and it is checked that they do.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { bodyOf, hostPoints, point, shapeOf } from '../packages/gateway/src/exposition/test-support.ts';
import { ExpositionError } from '../packages/reporter/src/collectors/exposition-text/exposition-error.ts';
import { ExpositionReader } from '../packages/reporter/src/collectors/exposition-text/exposition-reader.ts';
import type { Reading } from '../packages/reporter/src/collectors/exposition-text/reading.ts';
import { atEnd } from './support/at-end.ts';
import { eventually } from './support/eventually.ts';
import { type ExpositionCase, expositionCases } from './support/exposition-cases.ts';
import { without } from './support/peers.ts';
import { Prometheus, type Series } from './support/prometheus.ts';

const OPENMETRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8';
const JOBS = ['direct', 'forwarded'] as const;
/** What tells targets and their jobs apart. */
const OF_TARGETS = new Set(['job', 'instance', 'host', 'case']);
/** What sample names add to the names of their families. */
const SUFFIXES = /^(_bucket|_g?sum|_g?count|_total|_created|_info)?$/;
const ABOUT_SCRAPES = /^(up|scrape_.*)$/;

interface Served {
  readonly contentType: string | null;
  readonly body: Buffer;
}

test('what is taken, what is refused and what is stored is the same as in Prometheus', {
  skip: without('PROMETHEUS_3'),
}, async (t) => {
  const now = Date.now();
  const cases = expositionCases(now);
  const url = await serve(t, {
    direct: cases,
    forwarded: cases.map((one) => forwarded(one, now)),
  });
  const jobs = JOBS.map((job) => ({
    job,
    discovery: `${url}/sd/${job}`,
    honorLabels: job === 'forwarded',
    interval: '2s',
  }));
  await using prometheus = await Prometheus.start(t, { version: 'PROMETHEUS_3', jobs });
  const ups = await eventually('every target was scraped', async () => {
    const up = await prometheus.instant('min_over_time(up{case!=""}[1m])');
    return up.length === 2 * cases.length && up;
  });
  const stored = await prometheus.stored('{case!=""}', '1h');
  const types = await typesOf(prometheus);
  const problems: object[] = [];
  for (const [i, { name, differs, typesDiffer, timed }] of cases.entries()) {
    const [direct, through] = JOBS.map((job) => ({
      up: ups.find(({ labels }) => labels['case'] === `${i}` && labels['job'] === job)?.points[0]?.value,
      series: storedOf(stored, `${i}`, job, timed === true),
    }));
    if (isDeepStrictEqual(through, direct) === (differs !== undefined))
      problems.push({ name, differs, direct, through });
    if (differs !== undefined || direct?.up !== 1) continue;
    const names = Object.keys(direct.series).map((labels) => new Map(JSON.parse(labels)).get('__name__'));
    const [itsTypes, ourTypes] = JOBS.map((job) =>
      types(job, `${i}`).filter(([metric]) =>
        names.some(
          (name) =>
            typeof name === 'string' && SUFFIXES.test(name.slice(metric.length)) && name.startsWith(metric),
        ),
      ),
    );
    if (isDeepStrictEqual(ourTypes, itsTypes) === (typesDiffer !== undefined))
      problems.push({ name, typesDiffer, itsTypes, ourTypes });
  }
  assert.deepEqual(problems, []);
});

/** What the gateway would show of a body; of one that is refused, nothing that can be read. */
function forwarded({ body, contentType }: ExpositionCase, now: number): Served {
  try {
    const reading = new ExpositionReader().read(body, contentType);
    return { contentType: OPENMETRICS, body: Buffer.from(asShown(reading, now)) };
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    return { contentType: OPENMETRICS, body: Buffer.from('refused') };
  }
}

function asShown({ list, values, timed }: Reading, now: number): string {
  if (list.length === 0) return '# EOF\n';
  const shape = shapeOf(list.families, { job: 'forwarded', instance: 'target' });
  const columns = new Map([[now, [...values]]]);
  const last = new Map<number, number>();
  for (const [i, place] of timed?.series.entries() ?? []) {
    const at = timed?.atMs[i] ?? 0;
    // Prometheus drops what is not newer, and whoever makes columns has to.
    if (at <= (last.get(place) ?? Number.NEGATIVE_INFINITY)) continue;
    last.set(place, at);
    const column = columns.get(at) ?? new Array<null>(list.length).fill(null);
    column[place] = timed?.values[i] ?? null;
    columns.set(at, column);
  }
  const points = [...columns].sort(([a], [b]) => a - b).map(([at, column]) => point(at, column));
  return bodyOf('openmetrics', new Map([[shape, [hostPoints('h', shape, points)]]]));
}

/** Targets of two jobs, told by HTTP SD, each at a path of its own. */
async function serve(
  t: TestContext,
  served: Record<(typeof JOBS)[number], readonly Served[]>,
): Promise<string> {
  let address = '';
  const server = createServer((request, response) => {
    const [, kind = '', place = ''] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    if (kind === 'sd') {
      const targets = served[place as (typeof JOBS)[number]].map((_, i) => ({
        targets: [address],
        labels: { case: `${i}`, __metrics_path__: `/${place}/${i}` },
      }));
      response.setHeader('content-type', 'application/json').end(JSON.stringify(targets));
      return;
    }
    const one = served[kind as (typeof JOBS)[number]][Number(place)];
    if (one === undefined) response.writeHead(404).end();
    else {
      if (one.contentType !== null) response.setHeader('content-type', one.contentType);
      response.end(one.body);
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(t, () => {
    server.closeAllConnections();
    server.close();
  });
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return `http://${address}`;
}

/** By labels, the values; with their times where these are the target's and not the scrape's. */
function storedOf(
  stored: readonly Series[],
  target: string,
  job: string,
  timed: boolean,
): Record<string, string> {
  const mine: Record<string, string> = {};
  for (const { labels, points } of stored) {
    if (labels['case'] !== target || labels['job'] !== job) continue;
    const name = labels['__name__'] ?? '';
    if (ABOUT_SCRAPES.test(name)) continue;
    const own = Object.entries(labels).filter(([label]) => !OF_TARGETS.has(label));
    mine[JSON.stringify(own.sort(([a], [b]) => (a < b ? -1 : 1)))] = (timed ? points : points.slice(-1))
      .map(({ at, value }) => (timed ? `${value}@${at}` : String(value)))
      .join(' ');
  }
  return mine;
}

/** Of each target, the types of its metrics by name, as OpenMetrics names them; unknown ones are as good as none. */
async function typesOf(
  prometheus: Prometheus,
): Promise<(job: string, target: string) => readonly (readonly [string, string])[]> {
  const query = new URLSearchParams({ match_target: '{case!=""}' });
  const response = await fetch(`${prometheus.url}/api/v1/targets/metadata?${query}`);
  const { data } = (await response.json()) as {
    data: { target: Record<string, string>; metric: string; type: string; help: string }[];
  };
  return (job, target) =>
    data
      .filter(({ target: labels }) => labels['job'] === job && labels['case'] === target)
      .filter(({ type }) => type !== 'unknown')
      .map(({ metric, type, help }) => [plainName(metric, type), `${type} ${help}`] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
}

function plainName(metric: string, type: string): string {
  if (type === 'counter') return metric.replace(/_total$/, '');
  return type === 'info' ? metric.replace(/_info$/, '') : metric;
}
