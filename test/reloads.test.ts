/**
 * A gateway whose configuration is read anew again and again while a fleet streams and a Prometheus scrapes: no sample is
 * lost, what is valid is in effect, what is not is told and changes nothing, and nothing is left open.
 */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'node:test';
import { either } from './support/durations.ts';
import { eventually } from './support/eventually.ts';
import { readExposition } from './support/exposition.ts';
import { without } from './support/peers.ts';
import type { Gateway } from './support/programs.ts';
import { Stage } from './support/stage.ts';
import { tempDir } from './support/temp-dir.ts';
import { assertAllWhole } from './support/verdict.ts';

const RELOADS = 100;
/** Each so-many-th file is not valid. */
const BAD_EVERY = 10;
/** Connections that come and go: those of this test, of Prometheus, and of what looks at the gateway. */
const FILES_SLACK = 8;

const good = (i: number) =>
  `fleet: {stale_after: ${2 + (i % 3)}m}
replay: {window: ${40 + (i % 5)}m, max_points: ${500_000 + i}}
limits: {hosts: ${1000 + i}, samples_per_second: ${100_000 + i}}
storage: {retention: {time: ${20 + (i % 4)}h}}
log: {level: ${i % 2 === 0 ? 'info' : 'warn'}}
`;
const BAD = 'fleet: {stale_after: 5}\n';

async function ownValue(gateway: Gateway, name: string): Promise<number | undefined> {
  const { samples } = readExposition((await gateway.metrics()).body);
  return samples.find((sample) => sample.name === name)?.value;
}

const openFiles = ({ pid }: Gateway) => readdirSync(`/proc/${pid}/fd`).length;

test('a hundred reloads under load', { skip: without('PROMETHEUS_3') }, async (t) => {
  const file = join(await tempDir(t), 'gateway.yml');
  await writeFile(file, good(0));
  const stage = await Stage.start(t, {
    gateway: { args: ['--config.file', file] },
    fleet: { hosts: either(10, 50), intervalMs: either(500, 1000), series: either(60, 200) },
  });
  const { gateway } = stage;
  const prometheus = await stage.scraper('reloads');
  await stage.scraped(prometheus);
  const filesBefore = openFiles(gateway);
  for (let i = 1; i <= RELOADS; i++) {
    const isBad = i % BAD_EVERY === 0;
    await writeFile(file, isBad ? BAD : good(i));
    const response = await fetch(`${gateway.url}/-/reload`, { method: 'POST' });
    const text = await response.text();
    assert.equal(response.status, isBad ? 500 : 200, text);
    if (isBad) assert.match(text, /gateway\.yml:1: fleet\.stale_after: 5 has no unit; write it as 5s/);
    if (i % BAD_EVERY > 1) continue;
    assert.equal(await ownValue(gateway, 'tributary_config_last_reload_successful'), isBad ? 0 : 1);
  }
  await writeFile(file, good(0));
  process.kill(gateway.pid, 'SIGHUP');
  await eventually(
    'a signal does it as well',
    async () => (await ownValue(gateway, 'tributary_config_last_reload_successful')) === 1,
  );
  assert.equal(
    ((await gateway.api('/api/v1/status/flags')) as Record<string, string>)['replay.window'],
    '40m',
  );
  await stage.scraped(prometheus);
  assert.ok(openFiles(gateway) <= filesBefore + FILES_SLACK, `${filesBefore}, then ${openFiles(gateway)}`);
  await assertAllWhole(t, stage, [prometheus], { scenario: 'a hundred reloads' });
});

test('a file is followed when it is asked to be', async (t) => {
  const file = join(await tempDir(t), 'gateway.yml');
  await writeFile(file, 'config: {auto_reload_interval: 1s}\nlog: {level: warn}\n');
  const stage = await Stage.start(t, { gateway: { args: ['--config.file', file] } });
  const { gateway } = stage;
  await writeFile(
    file,
    'config: {auto_reload_interval: 1s}\nlog: {level: info}\nstorage: {retention: {size: 3GB}}\n',
  );
  await eventually('the log tells what has changed', () =>
    gateway.log.some((line) => line.includes('storage.retention.size') && line.includes('read anew')),
  );
  await writeFile(file, 'web: {listen_address: "127.0.0.1:1"}\nlog: {level: loud}\n');
  await eventually('and what is wrong', () => gateway.log.some((line) => line.includes('is none of debug')));
  assert.equal(gateway.exit, null);
});
