/** The main job, end to end: this machine's /proc, through reporter and gateway, into real Prometheus builds. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { WATCH_SECONDS } from './support/durations.ts';
import { eventually, PATIENCE_MS } from './support/eventually.ts';
import { without } from './support/peers.ts';
import { bootTimeSeconds, cpuSeconds, load1, memTotalBytes, Observed } from './support/proc.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { Prometheus, type PrometheusPeer, type Series } from './support/prometheus.ts';

const VERSIONS: readonly PrometheusPeer[] = ['PROMETHEUS_3', 'PROMETHEUS_2_53', 'PROMETHEUS_2_42'];
const HOST = 'web-1';
/** The kernel may take back a little idle time when it looks again. */
const IDLE_SLACK_SECONDS = 1;
const LOOK_BACK = '10m';

test('what Prometheus stores agrees with /proc, and it has nothing to complain about', {
  skip: without(...VERSIONS),
}, async (t) => {
  await using gateway = await Gateway.start(t);
  await using reporter = await Reporter.start(t, { gatewayUrl: gateway.streamUrl, host: HOST });
  const startedAt = Date.now();
  const cpuBefore = cpuSeconds();
  // The kernel changes the load every 5 s.
  using loads = new Observed(load1, 200);
  const all = await Promise.all(
    VERSIONS.map((version) =>
      Prometheus.start(t, {
        version,
        jobs: [
          {
            job: 'tributary',
            targets: [gateway.address],
            params: { scraper: [version.toLowerCase()] },
            honorLabels: true,
          },
        ],
      }),
    ),
  );
  for (const prometheus of all) {
    await watched(prometheus);
    await agreesWithProc(prometheus, { startedAt, cpuBefore, loads: loads.values });
    assert.deepEqual(prometheus.warnings(), [], prometheus.version);
  }
  assert.equal(reporter.exit, null);
});

/** Waits until it has scraped for as long as we want to watch, and asserts that each scrape was good. */
async function watched(prometheus: Prometheus): Promise<void> {
  const points = await eventually(
    `${prometheus.version} has scraped for ${WATCH_SECONDS} s`,
    async () => {
      const [up] = await prometheus.stored('up{job="tributary"}', LOOK_BACK);
      return (up?.points.length ?? 0) >= WATCH_SECONDS && up?.points;
    },
    { timeoutMs: WATCH_SECONDS * 1000 + PATIENCE_MS },
  );
  assert.ok(
    points.every((point) => point.value === 1),
    `${prometheus.version}: a scrape failed`,
  );
  const [target] = await prometheus.targets();
  assert.deepEqual([target?.health, target?.lastError], ['up', ''], prometheus.version);
}

interface Expected {
  readonly startedAt: number;
  readonly cpuBefore: ReadonlyMap<string, number>;
  readonly loads: ReadonlySet<number>;
}

async function agreesWithProc(prometheus: Prometheus, expected: Expected): Promise<void> {
  const stored = async (name: string): Promise<readonly Series[]> => {
    const series = await prometheus.stored(`${name}{host="${HOST}"}`, LOOK_BACK);
    assert.ok(series.length > 0, `${prometheus.version} has no ${name}`);
    for (const { labels } of series) {
      assert.deepEqual([labels['job'], labels['instance']], ['node', HOST], `${prometheus.version}: ${name}`);
    }
    return series;
  };
  const values = async (name: string): Promise<number[]> => {
    const [series, ...others] = await stored(name);
    assert.equal(others.length, 0, name);
    return (series?.points ?? []).filter(({ at }) => at >= expected.startedAt).map(({ value }) => value);
  };

  assert.deepEqual(new Set(await values('node_memory_MemTotal_bytes')), new Set([memTotalBytes()]));
  assert.deepEqual(new Set(await values('node_boot_time_seconds')), new Set([bootTimeSeconds()]));
  assert.deepEqual(new Set(await values('up')), new Set([1]));
  const loads = await values('node_load1');
  assert.ok(
    loads.length >= WATCH_SECONDS / 2,
    `${prometheus.version} has only ${loads.length} points of node_load1`,
  );
  assert.deepEqual(
    loads.filter((load) => !expected.loads.has(load)),
    [],
    `${prometheus.version}: loads that /proc never showed`,
  );

  const cpu = await stored('node_cpu_seconds_total');
  // Read after the query, so that whatever it returned was read before.
  const cpuAfter = cpuSeconds();
  assert.deepEqual(
    new Set(cpu.map(({ labels }) => `${labels['cpu']}/${labels['mode']}`)),
    new Set(cpuAfter.keys()),
    `${prometheus.version}: CPUs and modes`,
  );
  for (const { labels, points } of cpu) {
    const key = `${labels['cpu']}/${labels['mode']}`;
    const slack = /\/(idle|iowait)$/.test(key) ? IDLE_SLACK_SECONDS : 0;
    const low = (expected.cpuBefore.get(key) ?? 0) - slack;
    const high = (cpuAfter.get(key) ?? 0) + slack;
    for (const { value } of points.filter(({ at }) => at >= expected.startedAt)) {
      assert.ok(
        low <= value && value <= high,
        `${prometheus.version}: ${key}: ${value} is not in ${low}–${high}`,
      );
    }
  }
}
