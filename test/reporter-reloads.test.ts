/**
 * A reporter whose configuration is read anew again and again while it samples, scrapes a target and streams: it keeps its
 * one connection, takes every tick, and what was scraped reaches Prometheus whole.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { either } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { expose } from './support/exporters.ts';
import { readExposition } from './support/exposition.ts';
import { without } from './support/peers.ts';
import { Gateway, Reporter } from './support/programs.ts';
import { Prometheus } from './support/prometheus.ts';
import { tempDir } from './support/temp-dir.ts';

const RELOADS = 100;
/** Each so-many-th file is not valid. */
const BAD_EVERY = 10;
/** So that many of them fall into each interval, and some into scrapes and ticks. */
const EVERY_MS = either(50, 150);
const FILES_SLACK = 8;
const TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const good = (i: number, address: string) => `
labels: {round: "${i % 2}"}
collectors: {loadavg: ${i % 3 > 0}, vmstat: {fields: "${i % 2 === 0 ? '^pg' : '^oom'}"}}
spool: {retention: {time: ${20 + (i % 4)}h, size: ${200 + i}MB}}
log: {level: ${i % 2 === 0 ? 'info' : 'debug'}}
targets:
  - {job: stays, urls: ["http://${address}/stays"], labels: {round: always}}
  - {job: changes, urls: ["http://${address}/changes"]}
${i % 2 === 0 ? '' : `  - {job: goes, urls: ["http://${address}/changes"]}\n`}`;
const BAD = 'labels: {job: x}\n';

test('a hundred reloads while it samples and scrapes', { skip: without('PROMETHEUS_3') }, async (t) => {
  let asked = 0;
  const { address } = await expose(t, {
    '/stays': { contentType: TEXT, text: () => `asked ${++asked}\n` },
    '/changes': { contentType: TEXT, text: () => 'there 1\n' },
  });
  const file = join(await tempDir(t), 'reporter.yml');
  await writeFile(file, good(0, address));
  const gateway = await Gateway.start(t);
  const job = { job: 'tributary', targets: [gateway.address], params: { scraper: ['reloads'] } };
  const prometheus = await Prometheus.start(t, {
    version: 'PROMETHEUS_3',
    jobs: [{ ...job, honorLabels: true, interval: '2s' }],
  });
  const { streamUrl: gatewayUrl } = gateway;
  const args = ['--config.file', file];
  const reporter = await Reporter.start(t, { gatewayUrl, host: 'web-1', args });
  const own = (name: string) => newest(prometheus, `tributary_reporter_${name}`);
  await eventually('it is seen', async () => (await own('connected')) === 1);
  const openFiles = () => readdirSync(`/proc/${reporter.pid}/fd`).length;
  const filesBefore = openFiles();
  const told = (text: string) => reporter.log.filter((line) => line.includes(text)).length;
  for (let i = 1; i <= RELOADS; i++) {
    const isBad = i % BAD_EVERY === 0;
    const text = isBad ? 'cannot be taken' : 'was read anew';
    const before = told(text);
    await writeFile(file, isBad ? BAD : good(i, address));
    process.kill(reporter.pid, 'SIGHUP');
    await eventually(`reload ${i} is told`, () => told(text) > before, { everyMs: 10 });
    await delay(EVERY_MS);
  }
  assert.match(reporter.log.find((line) => line.includes('cannot be taken')) ?? '', /reporter\.yml:1: /);
  await eventually('the last one, which was bad, is seen', async () => {
    return (await own('config_last_reload_successful')) === 0;
  });
  await writeFile(file, good(0, address));
  process.kill(reporter.pid, 'SIGHUP');
  await eventually('and that it is good again', async () => {
    return (await own('config_last_reload_successful')) === 1;
  });
  assert.equal(await own('connects_total'), 1);
  assert.ok(openFiles() <= filesBefore + FILES_SLACK, `${filesBefore}, then ${openFiles()}`);
  const [stays, ...others] = await prometheus.stored('asked', '10m');
  assert.equal(others.length, 0);
  const values = stays?.points.map(({ value }) => value) ?? [];
  assert.ok(values.length > (RELOADS * EVERY_MS) / 1000, `${values.length} scrapes`);
  assert.deepEqual(
    values,
    values.map((_, k) => k + 1),
  );
  await assertEveryTick(prometheus);
});

test('what a target has told since the last tick is not lost when the reporter stops', async (t) => {
  let asked = 0;
  const { address } = await expose(t, {
    '/metrics': { contentType: TEXT, text: () => `asked ${++asked}\n` },
  });
  const file = join(await tempDir(t), 'reporter.yml');
  await writeFile(file, `targets:\n  - {job: app, interval: 200ms, urls: ["http://${address}/metrics"]}\n`);
  const gateway = await Gateway.start(t);
  const { streamUrl: gatewayUrl } = gateway;
  const args = ['--config.file', file];
  const reporter = await Reporter.start(t, { gatewayUrl, host: 'web-1', interval: '10m', args });
  await eventually('it was asked some times', () => asked > 10);
  await reporter.kill('SIGTERM');
  const newest = async () => {
    const { samples } = readExposition((await gateway.metrics()).body);
    return samples.find(({ name }) => name === 'asked')?.value ?? 0;
  };
  // A scrape that was under way is not told.
  await eventually('the newest is there', async () => (await newest()) >= asked - 1);
});

/** Labels change all the time, so it is several series. */
async function newest(prometheus: Prometheus, name: string): Promise<number | undefined> {
  const all = (await prometheus.stored(name, '10m')).flatMap(({ points }) => points);
  return all.sort((a, b) => a.at - b.at).at(-1)?.value;
}

/** Of a family that is told at each tick: no two points are further apart than ticks that were missed explain. */
async function assertEveryTick(prometheus: Prometheus): Promise<void> {
  const all = await prometheus.stored('node_time_seconds', '10m');
  const times = all.flatMap(({ points }) => points.map(({ at }) => at)).sort((a, b) => a - b);
  const [first = 0, last = 0] = [times[1], times.at(-1)];
  const missed = (await newest(prometheus, 'tributary_reporter_ticks_missed_total')) ?? 0;
  // The first tick is taken at once, and has no fixed time.
  assert.equal(times.length - 1 + missed, Math.round((last - first) / 1000) + 1);
}
