/** What the tests of this folder share: an empty fleet, shapes by admission, points by hand, chance, and the strict parser. */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Family, Labels, MetricType, Series } from '@tributary/shared/shape';
import { Fleet } from '../fleet/fleet.ts';
import type { AdmittedShape } from '../link/admission.ts';
import { targetText } from '../link/series-text.ts';
import { ShapeRegistry } from '../link/shape-registry.ts';
import type { FakeClock } from '../link/test-support.ts';
import type { Format } from './format.ts';
import type { HostInput, HostPoints, OwnFamily, Point } from './input.ts';
import { createLayout } from './layout.ts';
import { render } from './render.ts';
import { ScraperReports } from './replay/reports.ts';

const registry = new ShapeRegistry();

/** Nobody is there yet. */
export function emptyFleet(clock: FakeClock): Fleet {
  return new Fleet({
    clock,
    uptimeMs: clock.uptimeMs,
    staleAfterMs: () => 300_000,
    forgetAfterMs: () => 86_400_000,
  });
}

/** Reports of a gateway that nobody scrapes. */
export function idleReports(clock: FakeClock): ScraperReports {
  return new ScraperReports({
    scrapers: { all: function* () {} },
    ledger: { tail: () => null, readMany: async () => [] },
    hosts: () => [],
    now: () => clock.now(),
    pointsMax: () => 1,
  });
}

export function shapeOf(families: readonly Family[], labels: Labels = {}): AdmittedShape {
  const { shape, fault } = registry.intern({ labels, families });
  if (shape === null) throw new Error(`${fault.code}: ${fault.message}`);
  return shape;
}

/** A family by its type's usual series: one plain value, or a small histogram or summary. */
export function family(name: string, type: MetricType, help = '', labels: Labels = {}): Family {
  return { name, type, help, series: seriesOf(name, type, labels) };
}

function seriesOf(name: string, type: MetricType, labels: Labels): Series[] {
  switch (type) {
    case 'histogram':
      return [
        ['_bucket', { ...labels, le: '0.5' }],
        ['_bucket', { ...labels, le: '+Inf' }],
        ['_sum', labels],
        ['_count', labels],
      ];
    case 'summary':
      return [
        ['', { ...labels, quantile: '0.5' }],
        ['_sum', labels],
        ['_count', labels],
      ];
    case 'stateset':
      return ['on', 'off'].map((state) => ['', { ...labels, [name]: state }]);
    default:
      return [['', labels]];
  }
}

/** `null` is an absent value. */
export function point(at: number, values: readonly (number | null)[], hidden: readonly number[] = []): Point {
  const absent = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 1 : 0)) : null;
  const flags = hidden.length === 0 ? null : new Uint8Array(values.length);
  for (const index of hidden) flags?.fill(1, index, index + 1);
  return { at, column: { values: Float64Array.from(values, (value) => value ?? 0), absent }, hidden: flags };
}

export function hostPoints(host: string, shape: AdmittedShape, points: readonly Point[]): HostPoints {
  return { host, target: targetText(shape.labels, host), points };
}

/** One host for each shape, `a`, `b` and so on; all values are the series' places. */
export function fleetOf(...shapes: readonly AdmittedShape[]): HostInput {
  return new Map(
    shapes.map((shape, i) => {
      const values = Array.from({ length: shape.length }, (_, place) => place);
      return [shape, [hostPoints(String.fromCharCode(97 + i), shape, [point(1_000, values)])]];
    }),
  );
}

/** How many hosts have each shape, where the exposition itself is all that is known of the fleet. */
export function hostCounts(input: HostInput): Map<AdmittedShape, number> {
  return new Map([...input].map(([shape, hosts]) => [shape, hosts.length]));
}

export function bodyOf(format: Format, input: HostInput, own: readonly OwnFamily[] = []): string {
  return [...render(createLayout(format, hostCounts(input), own), input, own)].join('');
}

/** The lines of a body that begin so, without their prefix `# TYPE `. */
export function typesIn(body: string): string[] {
  return body.match(/(?<=^# TYPE ).*$/gm) ?? [];
}

const STRICT_PARSER = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
def judge(body):
  try:
    return sum(len(family.samples) for family in parse(body))
  except Exception as e:
    return f"{type(e).__name__}: {e}"
json.dump([judge(body) for body in json.load(sys.stdin)], sys.stdout)
`;

/** Debian's own package, or where test/tools/fetch-peers unpacks it. */
const PYTHON = '/usr/bin/python3';
const PEERS = process.env['TRIBUTARY_PEERS_DIR'] ?? join(homedir(), '.cache/tributary/peers');
const PYTHON_ENV = { ...process.env, PYTHONPATH: join(PEERS, 'by-name/PYTHON_PROMETHEUS_CLIENT') };

/** For a test's `skip` option. In CI nothing is skipped: there the parser must be. */
export function withoutStrictParser(): string | false {
  const { status } = spawnSync(PYTHON, ['-c', 'import prometheus_client'], { env: PYTHON_ENV });
  if (status === 0 || !['', '0', 'false', undefined].includes(process.env['CI'])) return false;
  return 'no strict OpenMetrics parser: run test/tools/fetch-peers, or install python3-prometheus-client';
}

/** What Python's reference parser says of each body: the number of samples, or its complaint. */
export function parseStrictly(bodies: readonly string[]): (number | string)[] {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', STRICT_PARSER], {
    env: PYTHON_ENV,
    input: JSON.stringify(bodies),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`the strict parser (python3-prometheus-client) cannot run: ${stderr}`);
  return JSON.parse(stdout) as (number | string)[];
}
