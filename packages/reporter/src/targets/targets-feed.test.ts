import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Column, ColumnRecorder } from '../collectors/columns.ts';
import type { Layer } from '../collectors/feed.ts';
import { checkTargets } from './check-targets.ts';
import { serve } from './servers-test-support.ts';
import { PENDING_LAYERS_MAX } from './target-loop.ts';
import type { Target, TargetOptions } from './target-options.ts';
import { TargetsFeed } from './targets-feed.ts';

const PATIENCE_MS = 20_000;
const INTERVAL_MS = 100;
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const monotonic = () => Math.round(performance.now());
const now = () => ({ mono: monotonic(), wall: Date.now() });

interface LogLine {
  readonly level: 'info' | 'warn';
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

const REPORTER = { interval: INTERVAL_MS, label: new Map([['env', 'test']]) };

class Harness {
  readonly feed: TargetsFeed;
  readonly lines: LogLine[] = [];
  readonly layers: Layer[] = [];

  constructor(t: TestContext, options: readonly TargetOptions[], change: Partial<Target> = {}) {
    // A busy machine may take longer than these intervals.
    const targets = options.flatMap((job) =>
      checkTargets([job], REPORTER).map((target) => ({
        ...target,
        timeoutMs: job.timeout ?? PATIENCE_MS,
        ...change,
      })),
    );
    const log = (level: LogLine['level']) => (fields: object, message: string) =>
      void this.lines.push({ level, fields: { ...fields }, message });
    this.feed = new TargetsFeed({
      targets,
      host: 'web-1',
      userAgent: 'test',
      log: { info: log('info'), warn: log('warn') },
      monotonic,
      paced: (ms) => ms,
      wall: () => Date.now(),
    });
    t.after(() => this.feed.stop());
    this.feed.start();
  }

  /** Takes until what came so far satisfies. */
  async until(what: string, satisfied: () => boolean): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      this.layers.push(...this.feed.take(now()));
      if (satisfied()) return;
      if (performance.now() > deadline)
        throw new Error(`not in time: ${what}; ${JSON.stringify(this.lines)}`);
      await delay(10);
    }
  }

  /** What a job's series had, from the first scrape to the last. */
  valuesOf(job: string, sample: string): number[] {
    return this.layers.flat().flatMap((column) => valueIn(column, job, sample) ?? []);
  }

  /** The reporter's own counter as it stands. */
  counter(name: string, labels: Readonly<Record<string, string>>): number {
    const recorder = new ColumnRecorder({ job: 'node' });
    void this.feed.own.collect(recorder, new AbortController().signal);
    const column = recorder.take();
    return column === null ? 0 : (valueIn(column, 'node', name, labels) ?? 0);
  }
}

function valueIn(
  { shape, values }: Column,
  job: string,
  sample: string,
  wanted: Readonly<Record<string, string>> = {},
): number | undefined {
  if (shape.labels['job'] !== job) return undefined;
  let place = 0;
  for (const { name, series } of shape.families) {
    for (const [suffix, labels] of series) {
      const isIt = Object.entries(wanted).every(([label, value]) => labels[label] === value);
      if (name + suffix === sample && isIt) return values[place] ?? undefined;
      place++;
    }
  }
  return undefined;
}

async function answering(t: TestContext, text: () => string): Promise<string> {
  return await serve(t, (_, response) => {
    response.setHeader('content-type', TEXT);
    response.end(text());
  });
}

test('a target that answers is up, its series under its labels, at the time of the scrape', async (t) => {
  const url = await answering(t, () => '# TYPE a counter\na{x="1"} 5\nb 2\n');
  const harness = new Harness(t, [{ job: 'app', urls: [url], labels: { zone: 'z' }, drop: ['b'] }]);
  await harness.until('two scrapes', () => harness.valuesOf('app', 'up').length >= 2);
  assert.deepEqual(new Set(harness.valuesOf('app', 'up')), new Set([1]));
  assert.deepEqual(new Set(harness.valuesOf('app', 'a')), new Set([5]));
  assert.deepEqual(harness.valuesOf('app', 'b'), []);
  assert.equal(harness.valuesOf('app', 'scrape_samples_scraped')[0], 2);
  assert.equal(harness.valuesOf('app', 'scrape_samples_post_metric_relabeling')[0], 1);
  assert.deepEqual(harness.valuesOf('app', 'scrape_series_added').slice(0, 2), [1, 0]);
  assert.ok((harness.valuesOf('app', 'scrape_duration_seconds')[0] ?? 0) > 0);
  const columns = harness.layers.flat().filter(({ shape }) => shape.labels['job'] === 'app');
  for (const { shape, ageMs } of columns) {
    assert.deepEqual(shape.labels, { env: 'test', job: 'app', instance: new URL(url).host, zone: 'z' });
    assert.ok(ageMs !== undefined && ageMs >= 0 && ageMs < PATIENCE_MS);
  }
  assert.equal(new Set(columns.map(({ shape }) => shape)).size, 2);
  assert.ok(harness.counter('tributary_reporter_target_scrapes_total', { scrape_job: 'app' }) >= 2);
  assert.deepEqual(harness.lines, []);
});

test('times of its own reach the tick as they are', async (t) => {
  const atMs = Date.now() - 12_345;
  const url = await answering(t, () => `a 1 ${atMs}\nb 2\n`);
  const harness = new Harness(t, [{ job: 'app', urls: [url] }]);
  await harness.until('it was scraped', () => harness.valuesOf('app', 'b').length > 0);
  assert.deepEqual(harness.valuesOf('app', 'a'), [1]);
  const column = harness.layers.flat().find((each) => valueIn(each, 'app', 'a') !== undefined);
  // The wall clock was read at the take: within what the wait for it may have lasted.
  const told = (column?.ageMs ?? 0) - 12_345;
  assert.ok(told >= 0 && told < PATIENCE_MS, `${told}`);
  const moment = { mono: monotonic() + 1000, wall: atMs + 50_000 };
  const other = new Harness(t, [{ job: 'app', urls: [url] }]);
  await other.until('it was scraped', () => true);
  for (;;) {
    const found = other.feed
      .take(moment)
      .flat()
      .find((each) => valueIn(each, 'app', 'a') !== undefined);
    if (found === undefined) await delay(10);
    else return assert.equal(found.ageMs, 50_000);
  }
});

/** An endless exposition: ten million series, if anybody read so far. */
function tenMillion(response: ServerResponse, written: { bytes: number }): void {
  let series = 0;
  const more = () => {
    while (series < 10_000_000 && !response.destroyed) {
      let text = '';
      for (let i = 0; i < 1000; i++) text += `metric_of_a_runaway{series="${series++}"} 1\n`;
      written.bytes += text.length;
      if (!response.write(text)) return void response.once('drain', more);
    }
    response.end();
  };
  more();
}

test('whatever a target answers, it is down for a reason, and the others are not', async (t) => {
  const written = { bytes: 0 };
  const answers: Record<string, RequestListener> = {
    garbage: (_, response) => response.end('\0\x01<garbage>'),
    cut: (_, response) => response.end('a 1\nb{x="'),
    html: (_, response) => response.setHeader('content-type', 'text/html').end('<html>'),
    untyped: (_, response) => response.removeHeader('content-type') ?? response.end('a 1\n'),
    broken: (_, response) => void response.writeHead(500).end('a 1\n'),
    circle: (request, response) => void response.writeHead(302, { location: request.url ?? '/' }).end(),
    many: (_, response) => response.end(Array.from({ length: 51 }, (_, i) => `m{i="${i}"} 1\n`).join('')),
    runaway: (_, response) => tenMillion(response, written),
    filtered: (_, response) => tenMillion(response, written),
    silent: () => {},
  };
  const url = await serve(t, (request, response) => {
    response.setHeader('content-type', TEXT);
    const answer = answers[request.url?.slice(1) ?? ''];
    if (answer === undefined) response.end('fine 1\n');
    else answer(request, response);
  });
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as { port: number };
  closed.close();
  await once(closed, 'close');
  const reasons: Record<string, string> = {
    garbage: 'format',
    cut: 'format',
    html: 'format',
    untyped: 'content_type',
    broken: 'status',
    circle: 'redirect',
    many: 'sample_limit',
    runaway: 'sample_limit',
    filtered: 'body_size',
    silent: 'timeout',
    closed: 'connect',
  };
  const jobs = Object.keys(reasons).map(
    (job): TargetOptions => ({
      job,
      urls: [job === 'closed' ? `http://127.0.0.1:${port}/` : `${url}/${job}`],
      interval: 500,
      ...(job === 'silent' ? { timeout: 400 } : {}),
      ...(job === 'many' ? { sampleLimit: 50 } : {}),
      ...(job === 'untyped' ? { fallbackScrapeProtocol: 'none' } : {}),
      ...(job === 'runaway' ? { interval: 2_000 } : {}),
      ...(job === 'filtered' ? { drop: ['x'], bodySizeLimit: 1024 * 1024, interval: 2_000 } : {}),
    }),
  );
  const harness = new Harness(t, [...jobs, { job: 'fine', urls: [`${url}/fine`] }]);
  await harness.until('every target was scraped', () =>
    [...Object.keys(reasons), 'fine'].every((job) => harness.valuesOf(job, 'up').length > 0),
  );
  for (const [job, reason] of Object.entries(reasons)) {
    assert.deepEqual(new Set(harness.valuesOf(job, 'up')), new Set([0]), job);
    const counted = harness.counter('tributary_reporter_target_failures_total', {
      scrape_job: job,
      scrape_instance: job === 'closed' ? `127.0.0.1:${port}` : new URL(url).host,
      reason,
    });
    assert.ok(counted > 0, `${job}: ${reason} was not counted`);
    const told = harness.lines.filter(({ fields }) => fields['job'] === job);
    assert.deepEqual(
      told.map(({ level, message, fields }) => [level, message, fields['reason']]),
      [['warn', 'target is down', reason]],
    );
  }
  assert.deepEqual(new Set(harness.valuesOf('fine', 'up')), new Set([1]));
  assert.ok(written.bytes < 128 * 1024 * 1024, `${written.bytes} bytes were written`);
});

test('any number of targets that keep us waiting hold up no other', async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url !== '/fine') return;
    response.setHeader('content-type', TEXT);
    response.end('a 1\n');
  });
  const silent = Array.from({ length: 40 }, (_, i) => ({
    job: `silent-${i}`,
    urls: [`${url}/${i}`],
    interval: 400,
    timeout: 400,
  }));
  const harness = new Harness(t, [...silent, { job: 'fine', urls: [`${url}/fine`] }]);
  const waited = () => silent.filter(({ job }) => harness.valuesOf(job, 'up').length > 0).length;
  await harness.until('all were waited for', () => waited() === silent.length);
  // Their timeout is their interval, and yet not every other scrape is passed over.
  await harness.until('and again', () => harness.valuesOf('silent-0', 'up').length >= 4);
  const late = harness.counter('tributary_reporter_target_late_scrapes_total', { scrape_job: 'silent-0' });
  assert.ok(late < 3, `${late}`);
  assert.deepEqual(new Set(harness.valuesOf('fine', 'up')), new Set([1]));
});

test('a target that goes and comes back is told of once each', async (t) => {
  let isUp = true;
  const url = await serve(t, (_, response) => {
    response.setHeader('content-type', TEXT);
    if (!isUp) response.statusCode = 503;
    response.end('a 1\n');
  });
  const harness = new Harness(t, [{ job: 'app', urls: [`${url}/metrics?token=s3cret`] }]);
  const ups = () => harness.valuesOf('app', 'up').join('');
  await harness.until('it is up', () => ups().includes('11'));
  isUp = false;
  await harness.until('it is down', () => ups().includes('00'));
  isUp = true;
  await harness.until('it is back', () => /011/.test(ups()));
  const about = { job: 'app', url: `${url}/metrics` };
  assert.deepEqual(harness.lines, [
    {
      level: 'warn',
      message: 'target is down',
      fields: { ...about, reason: 'status', error: 'the server answered with HTTP status 503' },
    },
    { level: 'info', message: 'target is up again', fields: about },
  ]);
});

test('a slow target is never asked twice at once; what is passed over is counted', async (t) => {
  const going = new Map<string, number>();
  let most = 0;
  const note = (path: string, change: number) => {
    going.set(path, (going.get(path) ?? 0) + change);
    most = Math.max(most, ...going.values());
  };
  const url = await serve(t, async (request, response) => {
    note(request.url ?? '', 1);
    await delay(INTERVAL_MS * 2);
    note(request.url ?? '', -1);
    response.setHeader('content-type', TEXT);
    response.end('a 1\n');
  });
  const jobs = ['a', 'b', 'c'].map((job) => ({ job, urls: [`${url}/${job}`] }));
  const harness = new Harness(t, jobs);
  const late = (job: string) =>
    harness.counter('tributary_reporter_target_late_scrapes_total', { scrape_job: job });
  await harness.until('some were late and some were scraped twice', () =>
    jobs.some(({ job }) => late(job) > 0 && harness.valuesOf(job, 'up').length > 1),
  );
  assert.equal(most, 1);
});

test('what is not taken is dropped from the oldest on, and counted', async (t) => {
  let scrapes = 0;
  const url = await answering(t, () => `a ${++scrapes}\n`);
  const harness = new Harness(t, [{ job: 'app', urls: [url] }], { intervalMs: 10 });
  while (scrapes < PENDING_LAYERS_MAX + 5) await delay(10);
  await harness.until('it was taken', () => true);
  const values = harness.valuesOf('app', 'a');
  assert.equal(values.length, PENDING_LAYERS_MAX);
  assert.ok((values[0] ?? 0) > 1);
  const leftOut = harness.counter('tributary_reporter_target_left_out_samples_total', { reason: 'pending' });
  // Five tell of the scrape itself.
  assert.equal(leftOut, ((values[0] ?? 0) - 1) * 6);
});

test('layers are handed over the oldest first, each series once in a layer', async (t) => {
  let value = 0;
  const url = await answering(t, () => `a ${++value}\n`);
  const harness = new Harness(t, [{ job: 'app', urls: [url] }]);
  await delay(INTERVAL_MS * 4);
  const layers = harness.feed.take(now());
  const values = layers.map((layer) => layer.flatMap((column) => valueIn(column, 'app', 'a') ?? []));
  assert.ok(values.every((each) => each.length <= 1));
  const flat = values.flat();
  assert.deepEqual(
    flat,
    [...flat].sort((a, b) => a - b),
  );
  const ages = layers
    .flat()
    .flatMap((column) => (valueIn(column, 'app', 'a') === undefined ? [] : (column.ageMs ?? 0)));
  assert.deepEqual(
    ages,
    [...ages].sort((a, b) => b - a),
  );
});

test('it stops while a target keeps it waiting', async (t) => {
  const asked = Promise.withResolvers<void>();
  const url = await serve(t, () => asked.resolve());
  const harness = new Harness(t, [{ job: 'app', urls: [url], interval: 1_000 }]);
  await asked.promise;
  await harness.feed.stop();
  await harness.until('it was taken', () => true);
  assert.deepEqual(harness.valuesOf('app', 'up'), []);
});
